/* ChunkScanner: one chunked body taken apart (RFC 9112 7.1). */

#ifndef WEFT_CHUNKS_H
#define WEFT_CHUNKS_H

#include "numbers.h"
#include "scan.h"

typedef enum { PART_SIZE, PART_DATA, PART_DATA_END, PART_TRAILERS } Part;

enum { PLAIN_DIGITS = 7, MANY_ENDS = 32 };

typedef struct {
    PyObject_HEAD
    const State *state;
    ChunkLimits limits;
    Part part;
    char done;
    int64_t left;     /* bytes of the chunk that are still to come */
    int64_t position; /* body bytes given out */
    Py_ssize_t extensions;
    Py_ssize_t trailer_bytes;
    PyObject *trailers;
    PyObject *ends; /* of many chunks, or NULL */
    Py_ssize_t few; /* ends of few chunks, of which no objects are made until someone asks */
    int64_t few_ends[MANY_ENDS];
} ChunkScanner;

/* Pieces of less than this are joined with their neighbours in the same input, so many at once
   that what is noted of them stays small beside the input. */
enum { SMALL_PIECE = 4096, RUN_PIECES = 2048 };

enum { COPY_STEP = 1024, CACHE_LINE = 64 };

/* A cache line that is to be written to. */
#if defined(__GNUC__)
#define WEFT_ASK_FOR(address) __builtin_prefetch(address, 1)
#else
#define WEFT_ASK_FOR(address) ((void)(address))
#endif

/* The library's copy, made for this processor: a compiler that knows the size of a step puts one
   of its own in its place, which takes three times as long. */
static void *(*const volatile copy_step)(void *, const void *, size_t) = memcpy;

/* What one feed reads and where it puts the pieces. */
typedef struct {
    ChunkScanner *scanner;
    const Source *source;
    PyObject *out;
    Cursor cur;
    Numbers ends;
    Numbers run;         /* small pieces to be joined: where each begins in the source, its size */
    Py_ssize_t run_size; /* of all of them */
} Feed;

/* The parts of a chunk-size line that was complete. */
typedef struct {
    int64_t size;
    Py_ssize_t extensions;
} SizeLine;

/* A size of more than there is room for is refused at the digit with which it is so. */
static Outcome
refuse_size(Cursor *cur, Byte *digits, int64_t room, Py_ssize_t limit)
{
    uint64_t value = (uint64_t)octet_hex(*digits);
    Byte *at = digits;
    while (value <= (uint64_t)room) {
        value = value << 4 | (uint64_t)octet_hex(*++at);
    }
    if (at - digits >= limit) {
        return COMPLETE; /* the line is too long before that */
    }
    return refuse(cur, value > INT64_MAX ? REASON_CHUNK_SIZE : REASON_BODY_TOO_LARGE, at);
}

/* RFC 9112 7.1: sizes must not overflow; 16 digits and 63 bits are the most. */
static Outcome
read_size(Cursor *cur, Byte *digits, Byte *end, Py_ssize_t limit, int64_t room, int64_t *size)
{
    uint64_t value = 0;
    Byte *stop = end - digits > 16 ? digits + 16 : end;
    for (Byte *at = digits; at < stop; at++) {
        value = value << 4 | (uint64_t)octet_hex(*at);
    }
    *size = (int64_t)value;
    if (value > (uint64_t)room) {
        return refuse_size(cur, digits, room, limit);
    }
    if (end > stop && limit > 16) {
        return refuse(cur, REASON_CHUNK_SIZE, digits + 16);
    }
    return COMPLETE;
}

/* The line before a chunk: its size, and extensions that nobody here knows. */
static Outcome
scan_size_line(const ChunkScanner *self, Cursor *cur, SizeLine *line)
{
    Py_ssize_t limit = self->limits.line, budget;
    Byte *begin = cur->at, *digits = begin, *end;
    Reason reason = REASON_CHUNK_SIZE;
    int is_extended;
    while (digits < cur->stop && octet_hex(*digits) >= 0) {
        digits++;
    }
    if (read_size(cur, begin, digits, limit, self->limits.body - self->position, &line->size) ==
        WRONG) {
        return WRONG;
    }
    end = digits;
    while (digits > begin && end < cur->stop && (*end == ' ' || *end == '\t')) {
        end++;
    }
    is_extended = digits < end;
    if (is_extended) {
        reason = REASON_CHUNK_EXTENSION;
    }
    if (digits > begin && end < cur->stop && *end == ';') {
        end = skip_value(end + 1, cur->stop);
        is_extended = 0;
        reason = REASON_CHUNK_EXTENSION;
    }
    budget = self->limits.extensions - self->extensions;
    if (budget < limit - (digits - begin) &&
        is_over(cur, digits, end, budget, REASON_CHUNK_EXTENSIONS_TOO_LARGE)) {
        return WRONG;
    }
    if (is_over(cur, begin, end, limit, REASON_CHUNK_LINE_TOO_LONG)) {
        return WRONG;
    }
    if (end == cur->stop) {
        return NEED_MORE;
    }
    if (digits == begin || is_extended) {
        return refuse(cur, reason, end);
    }
    line->extensions = end - digits;
    return scan_line_end(cur, end, reason);
}

static int
append_steal(PyObject *list, PyObject *item)
{
    int result = item == NULL ? -1 : PyList_Append(list, item);
    Py_XDECREF(item);
    return result;
}

/* Give out the small pieces that were collected, as one. */
static int
give_run(Feed *feed)
{
    const int64_t *at = feed->run.items, *end = at + feed->run.count;
    PyObject *piece;
    char *target;
    if (at == end) {
        return 0;
    }
    piece = PyBytes_FromStringAndSize(NULL, feed->run_size);
    if (piece == NULL) {
        return -1;
    }
    target = PyBytes_AS_STRING(piece);
    for (; at < end; at += 2) {
        memcpy(target, feed->source->bytes + at[0], (size_t)at[1]);
        target += at[1];
    }
    feed->run.count = 0;
    feed->run_size = 0;
    return append_steal(feed->out, piece);
}

/* A large piece is copied in steps, and the lines that a step writes to are asked for together:
   one copy of the whole waits for them one after the other, a tenth longer where caches hold them
   and more where they do not. */
static PyObject *
copy_piece(Byte *at, Py_ssize_t size)
{
    PyObject *piece = PyBytes_FromStringAndSize(NULL, size);
    char *target = piece == NULL ? NULL : PyBytes_AS_STRING(piece);
    while (target != NULL && size > 0) {
        const Py_ssize_t step = size < COPY_STEP ? size : COPY_STEP;
        for (Py_ssize_t line = 0; line < step; line += CACHE_LINE) {
            WEFT_ASK_FOR(target + line);
        }
        copy_step(target, at, (size_t)step);
        target += step;
        at += step;
        size -= step;
    }
    return piece;
}

/* Take the next bytes as data. An object per byte of body would cost a peer nothing and us a lot,
   so small pieces wait for their neighbours; bytes that are all of the input are not copied. */
static int
give_data(Feed *feed, Py_ssize_t size)
{
    Byte *at = feed->cur.at;
    feed->cur.at += size;
    if (feed->source->exact != NULL && size == feed->source->size) {
        return PyList_Append(feed->out, feed->source->exact);
    }
    if (size < SMALL_PIECE) {
        if (feed->run.count == 2 * RUN_PIECES && give_run(feed) < 0) {
            return -1;
        }
        feed->run_size += size;
        return add_number(&feed->run, at - feed->source->bytes) < 0 ? -1
                                                                    : add_number(&feed->run, size);
    }
    if (give_run(feed) < 0) {
        return -1;
    }
    return append_steal(feed->out, copy_piece(at, size));
}

static int
end_chunk(Feed *feed, Py_ssize_t size)
{
    feed->scanner->position += size;
    return add_number(&feed->ends, feed->scanner->position);
}

static int
keep_ends(ChunkScanner *self, const Numbers *ends)
{
    PyObject *many = NULL;
    if (ends->count >= MANY_ENDS) {
        many = pack_ends(self->state, ends);
        if (many == NULL) {
            return -1;
        }
    }
    self->few = many == NULL ? ends->count : 0;
    memcpy(self->few_ends, ends->items, (size_t)self->few * sizeof(*ends->items));
    Py_XSETREF(self->ends, many);
    return 0;
}

static PyObject *
list_few_ends(const ChunkScanner *self)
{
    PyObject *number, *numbers = PyTuple_New(self->few);
    for (Py_ssize_t i = 0; numbers != NULL && i < self->few; i++) {
        number = PyLong_FromLongLong(self->few_ends[i]);
        if (number == NULL) {
            Py_CLEAR(numbers);
        } else {
            PyTuple_SET_ITEM(numbers, i, number);
        }
    }
    return numbers;
}

static PyObject *
chunks_get_ends(ChunkScanner *self, void *closure)
{
    PyObject *ends;
    Py_BEGIN_CRITICAL_SECTION(self);
    ends = self->ends != NULL ? Py_NewRef(self->ends) : list_few_ends(self);
    Py_END_CRITICAL_SECTION();
    return ends;
}

/* Every step below returns WRONG with an exception set when there was no memory. */

/* A few digits and CRLF, which is what nearly every chunk begins with. */
static inline int
is_plain_size(const ChunkScanner *self, Cursor *cur, SizeLine *line)
{
    Byte *at = cur->at;
    int64_t size = 0;
    if (cur->stop - at < PLAIN_DIGITS + 2 || self->limits.line < PLAIN_DIGITS) {
        return 0;
    }
    for (; at < cur->at + PLAIN_DIGITS && octet_hex(*at) >= 0; at++) {
        size = size << 4 | octet_hex(*at);
    }
    if (at == cur->at || at[0] != '\r' || at[1] != '\n' ||
        size > self->limits.body - self->position) {
        return 0;
    }
    line->size = size;
    line->extensions = 0;
    cur->at = at + 2;
    return 1;
}

static Outcome
scan_size(Feed *feed)
{
    ChunkScanner *self = feed->scanner;
    Cursor *cur = &feed->cur;
    SizeLine line;
    if (!is_plain_size(self, cur, &line)) {
        Outcome outcome = scan_size_line(self, cur, &line);
        if (outcome != COMPLETE) {
            return outcome;
        }
    }
    self->extensions += line.extensions;
    if (line.size == 0) {
        self->part = PART_TRAILERS;
        return COMPLETE;
    }
    if (line.size <= cur->stop - cur->at - 2 && cur->at[line.size] == '\r' &&
        cur->at[line.size + 1] == '\n') {
        if (give_data(feed, line.size) < 0) {
            return WRONG;
        }
        cur->at += 2;
        return end_chunk(feed, line.size) < 0 ? WRONG : COMPLETE;
    }
    self->left = line.size;
    self->part = PART_DATA;
    return COMPLETE;
}

static Outcome
take_data(Feed *feed)
{
    ChunkScanner *self = feed->scanner;
    Py_ssize_t size = feed->cur.stop - feed->cur.at;
    size = self->left < size ? (Py_ssize_t)self->left : size;
    if (give_data(feed, size) < 0) {
        return WRONG;
    }
    self->left -= size;
    if (self->left > 0) {
        self->position += size;
        return COMPLETE;
    }
    self->part = PART_DATA_END;
    return end_chunk(feed, size) < 0 ? WRONG : COMPLETE;
}

/* RFC 9112 7.1: without this CRLF two readers disagree about where the data ended. */
static Outcome
scan_data_end(Feed *feed)
{
    Outcome outcome = scan_line_end(&feed->cur, feed->cur.at, REASON_CHUNK_END);
    if (outcome == COMPLETE) {
        feed->scanner->part = PART_SIZE;
    }
    return outcome;
}

static Outcome
scan_trailer_line(const ChunkScanner *self, Cursor *cur, FieldLine *line)
{
    line->name = NULL;
    if (cur->at == cur->stop) {
        return NEED_MORE;
    }
    if (*cur->at == '\r' || *cur->at == '\n') {
        return scan_line_end(cur, cur->at, REASON_FIELD_NAME);
    }
    if (PyList_GET_SIZE(self->trailers) >= self->limits.trailer_fields) {
        return refuse(cur, REASON_TOO_MANY_TRAILERS, cur->at);
    }
    return scan_field_line(cur, self->limits.field, line);
}

static Outcome
scan_trailer(Feed *feed)
{
    ChunkScanner *self = feed->scanner;
    Cursor *cur = &feed->cur;
    Py_ssize_t room = self->limits.trailers - self->trailer_bytes;
    Byte *begin = cur->at, *stop = cur->stop;
    FieldLine line;
    Outcome outcome;
    cur->stop = stop - begin > room ? begin + room : stop;
    outcome = scan_trailer_line(self, cur, &line);
    if (outcome == NEED_MORE && cur->stop < stop) {
        return refuse(cur, REASON_TRAILERS_TOO_LARGE, cur->stop);
    }
    cur->stop = stop;
    if (outcome != COMPLETE) {
        return outcome;
    }
    self->trailer_bytes += cur->at - begin;
    if (line.name == NULL) {
        self->done = 1;
        return COMPLETE;
    }
    trim_value(&line);
    PyObject *pair = make_pair(line.name, (size_t)(line.name_end - line.name), line.value,
        (size_t)(line.value_end - line.value));
    return append_steal(self->trailers, pair) < 0 ? WRONG : COMPLETE;
}

/* All steps that the input is enough for; `taken` is left behind the last of them. */
static Outcome
feed_source(Feed *feed, Byte **taken)
{
    Outcome outcome = COMPLETE;
    *taken = feed->cur.at;
    while (outcome == COMPLETE && feed->cur.at < feed->cur.stop && !feed->scanner->done) {
        switch (feed->scanner->part) {
        case PART_SIZE:
            outcome = scan_size(feed);
            break;
        case PART_DATA:
            outcome = take_data(feed);
            break;
        case PART_DATA_END:
            outcome = scan_data_end(feed);
            break;
        case PART_TRAILERS:
            outcome = scan_trailer(feed);
            break;
        }
        if (outcome == COMPLETE) {
            *taken = feed->cur.at;
        }
    }
    return outcome;
}

/* What follows the steps: the pieces that still wait, and the ends. */
static int
end_feed(Feed *feed)
{
    return give_run(feed) < 0 ? -1 : keep_ends(feed->scanner, &feed->ends);
}

/* The index up to which all was taken, or -1 with a fault or an exception. */
static Py_ssize_t
feed_chunks(
    ChunkScanner *self, const Source *source, Py_ssize_t start, PyObject *out, Fault *fault)
{
    Feed feed;
    Byte *taken;
    Outcome outcome;
    Py_ssize_t result = -1;
    feed.scanner = self;
    feed.source = source;
    feed.out = out;
    feed.run_size = 0;
    feed.cur.at = source->bytes + start;
    feed.cur.stop = source->bytes + source->size;
    open_numbers(&feed.ends);
    open_numbers(&feed.run);
    outcome = feed_source(&feed, &taken);
    if (outcome == WRONG && PyErr_Occurred()) {
        goto done;
    }
    if (end_feed(&feed) < 0) {
        goto done;
    }
    if (outcome == WRONG) {
        *fault = (Fault){feed.cur.reason, feed.cur.fault - source->bytes - start};
    } else {
        result = taken - source->bytes;
    }
done:
    close_numbers(&feed.run);
    close_numbers(&feed.ends);
    return result;
}

static PyObject *
chunks_feed(ChunkScanner *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t start, taken = -1;
    Source source;
    Fault fault = NO_FAULT;
    if (count != 3) {
        return PyErr_Format(PyExc_TypeError, "feed() takes 3 arguments (%zd given)", count);
    }
    if (!PyList_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "the data is appended to a list");
        return NULL;
    }
    start = PyLong_AsSsize_t(args[1]);
    if ((start == -1 && PyErr_Occurred()) || open_source(&source, args[0]) < 0) {
        return NULL;
    }
    Py_BEGIN_CRITICAL_SECTION(self);
    if (start < 0) {
        PyErr_SetString(PyExc_IndexError, "the body lies outside of the buffer");
    } else {
        start = start < source.size ? start : source.size;
        taken = feed_chunks(self, &source, start, args[2], &fault);
    }
    Py_END_CRITICAL_SECTION();
    close_source(&source);
    if (fault.reason != REASON_COUNT) {
        raise_fault(self->state, &fault);
    }
    return taken < 0 ? NULL : PyLong_FromSsize_t(taken);
}

/* A limit of 63 bits, also where addresses have fewer. */
static int
read_body_limit(const State *state, PyObject *limits, int64_t *value)
{
    PyObject *number = PyObject_GetAttr(limits, state->settings[SETTING_body]);
    *value = number == NULL ? -1 : PyLong_AsLongLong(number);
    Py_XDECREF(number);
    if (*value == -1 && PyErr_Occurred()) {
        return -1;
    }
    *value = *value < 0 ? 0 : *value;
    return 0;
}

static int
read_chunk_limits(const State *state, PyObject *limits, ChunkLimits *target)
{
    Py_ssize_t most = PY_SSIZE_T_MAX / 2;
    if (limits == state->limits) {
        *target = state->chunk_limits;
        return 0;
    }
    return read_limit(state, limits, SETTING_chunk_line, most, &target->line) < 0 ||
                   read_limit(state, limits, SETTING_chunk_extensions, most, &target->extensions) <
                       0 ||
                   read_limit(state, limits, SETTING_field, most, &target->field) < 0 ||
                   read_limit(
                       state, limits, SETTING_trailer_fields, most, &target->trailer_fields) < 0 ||
                   read_limit(state, limits, SETTING_trailers, most, &target->trailers) < 0 ||
                   read_body_limit(state, limits, &target->body) < 0
               ? -1
               : 0;
}

static int
chunks_traverse(ChunkScanner *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->trailers);
    Py_VISIT(self->ends);
    return 0;
}

static int
chunks_clear(ChunkScanner *self)
{
    Py_CLEAR(self->trailers);
    Py_CLEAR(self->ends);
    return 0;
}

static void
chunks_dealloc(ChunkScanner *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    chunks_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

#endif
