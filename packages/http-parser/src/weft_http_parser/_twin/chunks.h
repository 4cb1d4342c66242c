/* ChunkScanner: one chunked body taken apart (RFC 9112 7.1). */

#ifndef WEFT_CHUNKS_H
#define WEFT_CHUNKS_H

#include "scan.h"

typedef struct {
    Py_ssize_t line;
    Py_ssize_t extensions;
    Py_ssize_t field;
    Py_ssize_t trailer_fields;
    Py_ssize_t trailers;
} ChunkLimits;

typedef enum { PART_SIZE, PART_DATA, PART_DATA_END, PART_TRAILERS } Part;

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
    PyObject *ends;
} ChunkScanner;

/* What one feed reads and where it puts the pieces. */
typedef struct {
    ChunkScanner *scanner;
    const Source *source;
    PyObject *out;
    Cursor cur;
} Feed;

/* The parts of a chunk-size line that was complete. */
typedef struct {
    int64_t size;
    Py_ssize_t extensions;
} SizeLine;

/* RFC 9112 7.1: sizes must not overflow; 16 digits and 63 bits are the most. */
static Outcome
read_size(Cursor *cur, Byte *digits, Byte *end, Py_ssize_t limit, int64_t *size)
{
    uint64_t value = 0;
    Byte *stop = end - digits > 16 ? digits + 16 : end;
    for (Byte *at = digits; at < stop; at++) {
        value = value << 4 | (uint64_t)octet_hex(*at);
    }
    *size = (int64_t)value;
    if (value > INT64_MAX && limit > 15) {
        return refuse(cur, REASON_CHUNK_SIZE, digits + 15);
    }
    if (value <= INT64_MAX && end > stop && limit > 16) {
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
    if (read_size(cur, begin, digits, limit, &line->size) == WRONG) {
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

/* Give out the next bytes as they are, without a copy when they are all of the input. */
static int
give_data(Feed *feed, Py_ssize_t size)
{
    Byte *at = feed->cur.at;
    feed->cur.at += size;
    if (feed->source->exact != NULL && size == feed->source->size) {
        return PyList_Append(feed->out, feed->source->exact);
    }
    return append_steal(feed->out, PyBytes_FromStringAndSize((const char *)at, size));
}

static int
end_chunk(ChunkScanner *self, Py_ssize_t size)
{
    self->position += size;
    return append_steal(self->ends, PyLong_FromLongLong(self->position));
}

/* Every step below returns WRONG with an exception set when there was no memory. */

static Outcome
scan_size(Feed *feed)
{
    ChunkScanner *self = feed->scanner;
    Cursor *cur = &feed->cur;
    SizeLine line;
    Outcome outcome = scan_size_line(self, cur, &line);
    if (outcome != COMPLETE) {
        return outcome;
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
        return end_chunk(self, line.size) < 0 ? WRONG : COMPLETE;
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
    return end_chunk(self, size) < 0 ? WRONG : COMPLETE;
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

static PyObject *
chunks_feed_locked(ChunkScanner *self, const Source *source, Py_ssize_t start, PyObject *out)
{
    Feed feed = {.scanner = self, .source = source, .out = out};
    PyObject *ends = PyList_New(0);
    Byte *taken;
    if (ends == NULL) {
        return NULL;
    }
    Py_SETREF(self->ends, ends);
    feed.cur.at = source->bytes + start;
    feed.cur.stop = source->bytes + source->size;
    if (feed_source(&feed, &taken) == WRONG) {
        if (!PyErr_Occurred()) {
            Py_ssize_t offset = feed.cur.fault - source->bytes - start;
            raise_fault(self->state, feed.cur.reason, offset);
        }
        return NULL;
    }
    return PyLong_FromSsize_t(taken - source->bytes);
}

static PyObject *
chunks_feed(ChunkScanner *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *taken = NULL;
    Py_ssize_t start;
    Source source;
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
        taken = chunks_feed_locked(self, &source, start, args[2]);
    }
    Py_END_CRITICAL_SECTION();
    close_source(&source);
    return taken;
}

static int
read_chunk_limits(PyObject *limits, ChunkLimits *target)
{
    Py_ssize_t most = PY_SSIZE_T_MAX / 2;
    return read_limit(limits, "chunk_line", most, &target->line) < 0 ||
                   read_limit(limits, "chunk_extensions", most, &target->extensions) < 0 ||
                   read_limit(limits, "field", most, &target->field) < 0 ||
                   read_limit(limits, "trailer_fields", most, &target->trailer_fields) < 0 ||
                   read_limit(limits, "trailers", most, &target->trailers) < 0
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
