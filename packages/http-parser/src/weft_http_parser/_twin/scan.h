/* HeadScanner: lines to heads, resuming behind the last whole line (RFC 9112 2.1 and 2.2). */

#ifndef WEFT_SCAN_H
#define WEFT_SCAN_H

#include "head.h"

/* How far an unfinished head was seen, counted from where its message begins. */
typedef struct {
    Py_ssize_t first;   /* the head, behind empty lines */
    Py_ssize_t line;    /* the line to look at */
    Py_ssize_t fields;  /* field lines seen, or -1 before the start line */
    Py_ssize_t skipped; /* empty lines seen */
} Progress;

static const Progress NOTHING_SEEN = {.fields = -1};

enum { TABLE_ROOM = 48 };

/* What is noted of a head while its lines are looked at. */
typedef struct {
    Layout layout;
    Byte *first; /* the head's first byte */
    Field *fields;
    Py_ssize_t count;
    Py_ssize_t room;
    Field local[TABLE_ROOM];
} Table;

static void
open_table(Table *table)
{
    memset(&table->layout, 0, sizeof(table->layout));
    table->fields = table->local;
    table->count = 0;
    table->room = TABLE_ROOM;
}

static void
close_table(Table *table)
{
    if (table->fields != table->local) {
        PyMem_Free(table->fields);
    }
}

static int
grow_table(Table *table)
{
    size_t room = (size_t)table->room * 2;
    Field *fields = PyMem_Malloc(room * sizeof(Field));
    if (fields == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(fields, table->fields, (size_t)table->count * sizeof(Field));
    close_table(table);
    table->fields = fields;
    table->room = (Py_ssize_t)room;
    return 0;
}

static inline int
note_field(const State *state, Table *table, FieldLine *line)
{
    size_t name_size = (size_t)(line->name_end - line->name);
    unsigned hash;
    Field *field;
    if (table->count == table->room && grow_table(table) < 0) {
        return -1;
    }
    if (line->is_folded) {
        table->layout.is_folded = 1;
        trim_folds(line);
    }
    trim_value(line);
    field = &table->fields[table->count++];
    field->name = (uint32_t)(line->name - table->first);
    field->name_size = (uint32_t)name_size;
    field->value = (uint32_t)(line->value - table->first);
    field->value_size = (uint32_t)(line->value_end - line->value);
    hash = hash_name(line->name, name_size);
    table->layout.names |= name_bit(hash);
    field->known = find_hashed(state, hash, line->name, name_size);
    if (field->known != KNOWN_NONE) {
        table->layout.marks |= state->known[field->known].mark;
    }
    return 0;
}

/* RFC 9112 3.2.3: only CONNECT has an authority for a target, and nothing else. */
static inline int
is_connect(const Layout *layout, Byte *method)
{
    return layout->first_size == 7 && memcmp(method, "CONNECT", 7) == 0;
}

static inline void
note_start(Table *table, Byte *begin, const StartLine *parts, int is_request)
{
    Layout *layout = &table->layout;
    table->first = begin;
    layout->first = (uint32_t)(parts->first - begin);
    layout->first_size = (uint32_t)(parts->first_end - parts->first);
    layout->second = (uint32_t)(parts->second - begin);
    layout->second_size = (uint32_t)(parts->second_end - parts->second);
    layout->minor = (unsigned char)parts->minor;
    layout->marks = parts->minor == 0 ? MARK_HTTP_10 : 0;
    if (is_request && (*parts->second != '/' || is_connect(layout, parts->first))) {
        layout->marks |= MARK_OTHER_TARGET;
    }
}

typedef struct {
    PyObject_HEAD
    const State *state;
    HeadLimits limits;
    Progress seen;
    Py_ssize_t end;
    int allowed; /* what is borne with, ALLOW_*; nothing in requests */
    char is_request;
} HeadScanner;

/* RFC 9112 2.2: a server ignores at least one empty line; a client has no such rule. */
static Outcome
scan_empty_line(const HeadScanner *self, Cursor *cur, Progress *seen)
{
    Py_ssize_t most = self->is_request ? self->limits.empty_lines : 0;
    int is_line_end = *cur->at == '\r' || self->allowed & ALLOW_BARE_LF;
    Outcome outcome;
    if (is_line_end && seen->skipped == most) {
        return refuse(cur, REASON_EMPTY_LINES, cur->at);
    }
    outcome = scan_line_end(cur, cur->at, REASON_EMPTY_LINES);
    if (outcome == COMPLETE) {
        seen->line += 2;
        seen->first = seen->line;
        seen->skipped++;
    }
    return outcome;
}

/* Look no further than the head's limit, which counts from behind the empty lines. */
static inline void
bound_head(Cursor *cur, Byte *first, Byte *end, Py_ssize_t limit)
{
    cur->stop = end - first > limit ? first + limit : end;
}

/* The lines before the fields. COMPLETE leaves the cursor behind the start line. */
static Outcome
scan_start(
    const HeadScanner *self, Cursor *cur, Byte *start, Byte *end, Progress *seen, Table *table)
{
    const HeadLimits *limits = &self->limits;
    StartLine parts;
    Outcome outcome;
    Byte *begin;
    for (;;) {
        bound_head(cur, start + seen->first, end, limits->head);
        if (cur->at == cur->stop) {
            return NEED_MORE;
        }
        if (*cur->at != '\r' && *cur->at != '\n') {
            break;
        }
        outcome = scan_empty_line(self, cur, seen);
        if (outcome != COMPLETE) {
            return outcome;
        }
    }
    begin = cur->at;
    outcome = self->is_request ? scan_request_line(cur, limits->line, &parts)
                               : scan_status_line(cur, limits->line, self->allowed, &parts);
    if (outcome == COMPLETE) {
        seen->line += cur->at - begin;
        seen->fields = 0;
        if (table != NULL) {
            note_start(table, begin, &parts, self->is_request);
        }
    }
    return outcome;
}

/* The field lines and the empty line behind them. WRONG with an exception set means that there
   was no memory. */
WEFT_INLINE Outcome
scan_fields_as(int allowed, const HeadScanner *self, Cursor *cur, Progress *seen, Table *table)
{
    const HeadLimits *limits = &self->limits;
    const State *state = self->state;
    while (cur->at < cur->stop) {
        Byte *begin = cur->at;
        FieldLine line;
        Outcome outcome;
        if (*begin == '\r' || *begin == '\n') {
            return scan_allowed_end(cur, begin, REASON_FIELD_NAME, allowed);
        }
        if (seen->fields == limits->fields) {
            return refuse(cur, REASON_TOO_MANY_FIELDS, begin);
        }
        outcome = allowed ? scan_lenient_line(cur, limits->field, allowed, state, &line)
                          : scan_field_line(cur, limits->field, &line);
        if (outcome != COMPLETE) {
            return outcome;
        }
        seen->line += cur->at - begin;
        seen->fields++;
        if (table != NULL && note_field(state, table, &line) < 0) {
            return WRONG;
        }
    }
    return NEED_MORE;
}

/* Twice the same loop: the one for good heads has nothing else in it. */
static Outcome
scan_fields(const HeadScanner *self, Cursor *cur, Progress *seen, Table *table)
{
    return self->allowed ? scan_fields_as(self->allowed, self, cur, seen, table)
                         : scan_fields_as(0, self, cur, seen, table);
}

/* The whole head, or as much of it as there is, from where it was `seen` to. */
static Outcome
scan_head(
    const HeadScanner *self, Cursor *cur, Byte *start, Byte *end, Progress *seen, Table *table)
{
    Outcome outcome = COMPLETE;
    cur->at = start + seen->line;
    bound_head(cur, start + seen->first, end, self->limits.head);
    if (seen->fields < 0) {
        outcome = scan_start(self, cur, start, end, seen, table);
    }
    if (outcome == COMPLETE) {
        outcome = scan_fields(self, cur, seen, table);
    }
    if (outcome == NEED_MORE && cur->stop < end) {
        return refuse(cur, REASON_HEAD_TOO_LARGE, cur->stop);
    }
    return outcome;
}

/* RFC 9112 3.2: one valid Host in HTTP/1.1, at most one before. REASON_COUNT when it is so. */
static Reason
find_host_fault(const State *state, const Table *table)
{
    const Field *host = NULL;
    if (!(table->layout.marks & MARK_HOST)) {
        return table->layout.minor == 1 ? REASON_HOST_MISSING : REASON_COUNT;
    }
    for (Py_ssize_t i = 0; i < table->count; i++) {
        const Field *field = &table->fields[i];
        if (field->known == KNOWN_NONE || !(state->known[field->known].mark & MARK_HOST)) {
            continue;
        }
        if (host != NULL) {
            return REASON_HOST_REPEATED;
        }
        host = field;
    }
    Byte *value = table->first + host->value;
    return is_host(value, value + host->value_size) ? REASON_COUNT : REASON_HOST_INVALID;
}

/* A head over bytes that were found valid. Steals no reference. */
static PyObject *
make_head(
    const State *state, const Table *table, PyTypeObject *type, PyObject *bytes, Py_ssize_t base)
{
    Head *head = PyObject_NewVar(Head, type, table->count);
    if (head == NULL) {
        return NULL;
    }
    head->state = state;
    head->bytes = Py_NewRef(bytes);
    head->base = base;
    head->layout = table->layout;
    head->persistent = 1;
    head->framing = 0;
    head->first = head->second = head->headers = head->raw_headers = NULL;
    memcpy(head->fields, table->fields, (size_t)table->count * sizeof(Field));
    return (PyObject *)head;
}

/* The head that ends at `end`. It keeps the bytes it lies in when it is most of them. */
static PyObject *
build_head(HeadScanner *self, const Source *source, Table *table, Byte *end)
{
    const State *state = self->state;
    PyTypeObject *type = self->is_request ? state->request_head : state->response_head;
    Py_ssize_t size = end - table->first;
    PyObject *bytes, *head;
    table->layout.size = (uint32_t)size;
    if (source->exact != NULL && size >= source->size / 2) {
        return make_head(state, table, type, source->exact, table->first - source->bytes);
    }
    bytes = PyBytes_FromStringAndSize((const char *)table->first, size);
    if (bytes == NULL) {
        return NULL;
    }
    head = make_head(state, table, type, bytes, 0);
    Py_DECREF(bytes);
    return head;
}

/* The head behind a COMPLETE: noted already, or looked at once more when it came in pieces. */
static PyObject *
finish_head(
    HeadScanner *self, const Source *source, Table *table, Byte *start, Byte *end, Fault *fault)
{
    Reason reason = REASON_COUNT;
    Py_ssize_t first = self->seen.first;
    int was_noted = self->seen.line == 0;
    if (!was_noted) {
        Progress seen = NOTHING_SEEN;
        Cursor cur;
        if (scan_head(self, &cur, start + first, end, &seen, table) != COMPLETE || cur.at != end) {
            if (!PyErr_Occurred()) {
                PyErr_SetString(PyExc_ValueError, "the buffer changed while a head was scanned");
            }
            return NULL;
        }
    }
    self->end = end - source->bytes;
    self->seen = NOTHING_SEEN;
    if (self->is_request) {
        reason = find_host_fault(self->state, table);
    }
    if (reason != REASON_COUNT) {
        *fault = (Fault){reason, end - 1 - start};
        return NULL;
    }
    return build_head(self, source, table, end);
}

/* The head, None while it is not whole, or NULL with a fault or an exception. */
static PyObject *
scan_source(HeadScanner *self, const Source *source, Py_ssize_t offset, Fault *fault)
{
    Byte *start = source->bytes + offset;
    Progress seen = self->seen;
    Cursor cur;
    Table table;
    PyObject *head = NULL;
    Outcome outcome;
    open_table(&table);
    outcome = scan_head(self, &cur, start, source->bytes + source->size, &seen,
        self->seen.line == 0 ? &table : NULL);
    if (outcome == COMPLETE) {
        head = finish_head(self, source, &table, start, cur.at, fault);
    } else {
        self->seen = seen;
        if (outcome == NEED_MORE) {
            head = Py_NewRef(Py_None);
        } else if (!PyErr_Occurred()) {
            *fault = (Fault){cur.reason, cur.fault - start};
        }
    }
    close_table(&table);
    return head;
}

static PyObject *
scanner_scan(HeadScanner *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *head = NULL;
    Py_ssize_t start;
    Source source;
    Fault fault = NO_FAULT;
    if (count != 2) {
        return PyErr_Format(PyExc_TypeError, "scan() takes 2 arguments (%zd given)", count);
    }
    start = PyLong_AsSsize_t(args[1]);
    if ((start == -1 && PyErr_Occurred()) || open_source(&source, args[0]) < 0) {
        return NULL;
    }
    Py_BEGIN_CRITICAL_SECTION(self);
    if (start < 0 || start > source.size || self->seen.line > source.size - start) {
        PyErr_SetString(PyExc_IndexError, "the message lies outside of the buffer");
    } else {
        head = scan_source(self, &source, start, &fault);
    }
    Py_END_CRITICAL_SECTION();
    close_source(&source);
    if (fault.reason != REASON_COUNT) {
        raise_fault(self->state, &fault);
    }
    return head;
}

static PyObject *
scanner_reset(HeadScanner *self, PyObject *unused)
{
    Py_BEGIN_CRITICAL_SECTION(self);
    self->seen = NOTHING_SEEN;
    Py_END_CRITICAL_SECTION();
    Py_RETURN_NONE;
}

/* A limit of the limits object, from 0 up to what the offsets can hold. */
static int
read_limit(
    const State *state, PyObject *limits, Setting setting, Py_ssize_t most, Py_ssize_t *value)
{
    PyObject *number = PyObject_GetAttr(limits, state->settings[setting]);
    if (number == NULL) {
        return -1;
    }
    *value = PyNumber_AsSsize_t(number, NULL);
    Py_DECREF(number);
    if (*value == -1 && PyErr_Occurred()) {
        return -1;
    }
    *value = *value < 0 ? 0 : *value > most ? most : *value;
    return 0;
}

/* What a Strictness bears with, as ALLOW_*. */
static int
read_strictness(const State *state, PyObject *strictness, int *allowed)
{
    static const Setting settings[] = {SETTING_allows_bare_lf, SETTING_allows_line_folding,
        SETTING_allows_space_before_colon, SETTING_allows_bare_status, SETTING_allows_controls};
    *allowed = 0;
    if (strictness == state->strictness) {
        return 0;
    }
    for (int i = 0; i < (int)(sizeof(settings) / sizeof(settings[0])); i++) {
        PyObject *value = PyObject_GetAttr(strictness, state->settings[settings[i]]);
        int is_allowed = value == NULL ? -1 : PyObject_IsTrue(value);
        Py_XDECREF(value);
        if (is_allowed < 0) {
            return -1;
        }
        *allowed |= is_allowed << i;
    }
    return 0;
}

static int
read_head_limits(const State *state, PyObject *limits, HeadLimits *target)
{
    if (limits == state->limits) {
        *target = state->head_limits;
        return 0;
    }
    return read_limit(state, limits, SETTING_line, HEAD_LIMIT, &target->line) < 0 ||
                   read_limit(state, limits, SETTING_field, NAME_LIMIT, &target->field) < 0 ||
                   read_limit(state, limits, SETTING_fields, PY_SSIZE_T_MAX, &target->fields) <
                       0 ||
                   read_limit(state, limits, SETTING_head, HEAD_LIMIT, &target->head) < 0 ||
                   read_limit(state, limits, SETTING_empty_lines, PY_SSIZE_T_MAX,
                       &target->empty_lines) < 0
               ? -1
               : 0;
}

/* A scanner; without a strictness one that keeps to the letter. */
static PyObject *
make_scanner(const State *state, int is_request, PyObject *limits, PyObject *strictness)
{
    HeadScanner *self;
    int allowed = 0;
    if (strictness != NULL && read_strictness(state, strictness, &allowed) < 0) {
        return NULL;
    }
    if (is_request && allowed) {
        PyErr_SetString(
            PyExc_ValueError, "requests are read to the letter: their strictness is STRICT");
        return NULL;
    }
    self = (HeadScanner *)state->head_scanner->tp_alloc(state->head_scanner, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    self->is_request = (char)is_request;
    self->allowed = allowed;
    self->seen = NOTHING_SEEN;
    if (read_head_limits(state, limits, &self->limits) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

#endif
