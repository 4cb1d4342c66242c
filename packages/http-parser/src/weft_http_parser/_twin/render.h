/* Heads and field lines out of values, checked while they are copied (RFC 9110 5.1 and 5.5).

   This renders what a program means to send: str in a multidict, a list or a tuple. Whatever is
   not that, or must be refused, is left to the specification, which renders or refuses it in
   detail; so the same error comes from both twins. */

#ifndef WEFT_RENDER_H
#define WEFT_RENDER_H

#include "scan.h"

typedef enum { FAILED = -1, DOUBTFUL = 0, RENDERED = 1 } Rendering;

enum { WRITER_ROOM = 1024 };

typedef struct {
    const State *state;
    unsigned char *data;
    size_t used;
    size_t room;
    unsigned char local[WRITER_ROOM];
} Writer;

static void
open_writer(Writer *writer, const State *state)
{
    writer->state = state;
    writer->data = writer->local;
    writer->used = 0;
    writer->room = WRITER_ROOM;
}

static void
close_writer(Writer *writer)
{
    if (writer->data != writer->local) {
        PyMem_Free(writer->data);
    }
}

static int
grow_writer(Writer *writer, size_t more)
{
    size_t room = writer->used + more;
    unsigned char *data;
    if (room > (size_t)PY_SSIZE_T_MAX / 2) {
        PyErr_NoMemory();
        return -1;
    }
    room *= 2;
    data = PyMem_Malloc(room);
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(data, writer->data, writer->used);
    close_writer(writer);
    writer->data = data;
    writer->room = room;
    return 0;
}

static inline Rendering
put_bytes(Writer *writer, const void *bytes, size_t size)
{
    if (size > writer->room - writer->used && grow_writer(writer, size) < 0) {
        return FAILED;
    }
    memcpy(writer->data + writer->used, bytes, size);
    writer->used += size;
    return RENDERED;
}

/* The bytes of exactly a str or an istr, as UTF-8; NULL for anything else. */
static inline Byte *
text_bytes(const State *state, PyObject *text, size_t *size)
{
    Py_ssize_t length;
    const char *bytes;
    if (!PyUnicode_CheckExact(text) && !Py_IS_TYPE(text, state->istr)) {
        return NULL;
    }
    if (PyUnicode_IS_ASCII(text)) {
        *size = (size_t)PyUnicode_GET_LENGTH(text);
        return PyUnicode_DATA(text);
    }
    bytes = PyUnicode_AsUTF8AndSize(text, &length);
    if (bytes == NULL) {
        PyErr_Clear(); /* surrogates: bytes that were not UTF-8 when they came in */
        return NULL;
    }
    *size = (size_t)length;
    return (Byte *)bytes;
}

/* A text of which every byte is of one class. */
static inline Rendering
put_text(Writer *writer, PyObject *text, int class)
{
    size_t size;
    Byte *end, *bytes = text_bytes(writer->state, text, &size);
    if (bytes == NULL) {
        return DOUBTFUL;
    }
    if (class == OCTET_VALUE) {
        end = skip_value(bytes, bytes + size);
    } else if (class == OCTET_TARGET) {
        end = skip_target(bytes, bytes + size);
    } else {
        end = skip_octets(bytes, bytes + size, class);
    }
    if (end != bytes + size || (size == 0 && class != OCTET_VALUE)) {
        return DOUBTFUL;
    }
    return put_bytes(writer, bytes, size);
}

static inline Rendering
put_field(Writer *writer, PyObject *name, PyObject *value)
{
    Rendering result = put_text(writer, name, OCTET_TOKEN);
    if (result != RENDERED || (result = put_bytes(writer, ": ", 2)) != RENDERED ||
        (result = put_text(writer, value, OCTET_VALUE)) != RENDERED) {
        return result;
    }
    return put_bytes(writer, "\r\n", 2);
}

typedef struct {
    Writer *writer;
    Rendering result;
} FieldVisit;

static int
visit_field(void *data, PyObject *identity, Py_hash_t hash, PyObject *key, PyObject *value)
{
    FieldVisit *visit = data;
    visit->result = put_field(visit->writer, key, value);
    return visit->result; /* 1 goes on, 0 stops, -1 fails */
}

static Rendering
put_pairs(Writer *writer, PyObject *pairs)
{
    Rendering result = RENDERED;
    for (Py_ssize_t i = 0; result == RENDERED && i < PySequence_Fast_GET_SIZE(pairs); i++) {
        PyObject *pair = PySequence_Fast_GET_ITEM(pairs, i);
        if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) {
            return DOUBTFUL;
        }
        Py_INCREF(pair);
        result = put_field(writer, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
        Py_DECREF(pair);
    }
    return result;
}

static int
is_multidict(const State *state, PyObject *headers)
{
    for (size_t i = 0; i < sizeof(state->mappings) / sizeof(state->mappings[0]); i++) {
        if (Py_IS_TYPE(headers, state->mappings[i])) {
            return 1;
        }
    }
    return 0;
}

static Rendering
put_fields(Writer *writer, PyObject *headers)
{
    MultiDict_CAPI *multidict = writer->state->multidict;
    FieldVisit visit = {.writer = writer, .result = RENDERED};
    Rendering result;
    if (is_multidict(writer->state, headers)) {
        if (MultiDict_ForEach(multidict, headers, NULL, visit_field, &visit) < 0) {
            return FAILED;
        }
        return visit.result;
    }
    if (PyTuple_CheckExact(headers)) {
        return put_pairs(writer, headers);
    }
    if (!PyList_CheckExact(headers)) {
        return DOUBTFUL;
    }
    Py_BEGIN_CRITICAL_SECTION(headers);
    result = put_pairs(writer, headers);
    Py_END_CRITICAL_SECTION();
    return result;
}

/* " HTTP/1.1" without its space. */
static Rendering
put_version(Writer *writer, PyObject *version)
{
    if (version == writer->state->versions[1]) {
        return put_bytes(writer, "HTTP/1.1", 8);
    }
    if (version == writer->state->versions[0]) {
        return put_bytes(writer, "HTTP/1.0", 8);
    }
    return DOUBTFUL;
}

static Rendering
put_status(Writer *writer, PyObject *status)
{
    long number;
    char digits[3];
    if (!PyLong_Check(status)) {
        return DOUBTFUL;
    }
    number = PyLong_AsLong(status);
    if (number < 100 || number > 999) {
        PyErr_Clear();
        return DOUBTFUL;
    }
    digits[0] = (char)('0' + number / 100);
    digits[1] = (char)('0' + number / 10 % 10);
    digits[2] = (char)('0' + number % 10);
    return put_bytes(writer, digits, 3);
}

/* Method, target, version, headers. */
static Rendering
put_request_head(Writer *writer, PyObject *const *args)
{
    Rendering result;
    if ((result = put_text(writer, args[0], OCTET_TOKEN)) != RENDERED ||
        (result = put_bytes(writer, " ", 1)) != RENDERED ||
        (result = put_text(writer, args[1], OCTET_TARGET)) != RENDERED ||
        (result = put_bytes(writer, " ", 1)) != RENDERED ||
        (result = put_version(writer, args[2])) != RENDERED ||
        (result = put_bytes(writer, "\r\n", 2)) != RENDERED ||
        (result = put_fields(writer, args[3])) != RENDERED) {
        return result;
    }
    return put_bytes(writer, "\r\n", 2);
}

/* Status, reason phrase, version, headers. */
static Rendering
put_response_head(Writer *writer, PyObject *const *args)
{
    Rendering result;
    if ((result = put_version(writer, args[2])) != RENDERED ||
        (result = put_bytes(writer, " ", 1)) != RENDERED ||
        (result = put_status(writer, args[0])) != RENDERED ||
        (result = put_bytes(writer, " ", 1)) != RENDERED ||
        (result = put_text(writer, args[1], OCTET_VALUE)) != RENDERED ||
        (result = put_bytes(writer, "\r\n", 2)) != RENDERED ||
        (result = put_fields(writer, args[3])) != RENDERED) {
        return result;
    }
    return put_bytes(writer, "\r\n", 2);
}

/* What was rendered, or what the specification makes of the same arguments. */
static PyObject *
end_rendering(
    Writer *writer, Rendering result, PyObject *specification, PyObject *const *args, size_t count)
{
    PyObject *rendered = NULL;
    if (result == RENDERED) {
        rendered = PyBytes_FromStringAndSize((const char *)writer->data, (Py_ssize_t)writer->used);
    } else if (result == DOUBTFUL) {
        rendered = PyObject_Vectorcall(specification, args, count, NULL);
    }
    close_writer(writer);
    return rendered;
}

static PyObject *
render_request(const State *state, PyObject *const *args)
{
    Writer writer;
    open_writer(&writer, state);
    return end_rendering(
        &writer, put_request_head(&writer, args), state->render_request_head, args, 4);
}

static PyObject *
render_response(const State *state, PyObject *const *args)
{
    Writer writer;
    open_writer(&writer, state);
    return end_rendering(
        &writer, put_response_head(&writer, args), state->render_response_head, args, 4);
}

static PyObject *
twin_render_request_head(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 4) {
        return PyErr_Format(
            PyExc_TypeError, "render_request_head() takes 4 arguments (%zd given)", count);
    }
    return render_request(PyModule_GetState(module), args);
}

static PyObject *
twin_render_response_head(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 4) {
        return PyErr_Format(
            PyExc_TypeError, "render_response_head() takes 4 arguments (%zd given)", count);
    }
    return render_response(PyModule_GetState(module), args);
}

static PyObject *
twin_render_fields(PyObject *module, PyObject *headers)
{
    const State *state = PyModule_GetState(module);
    Writer writer;
    open_writer(&writer, state);
    return end_rendering(&writer, put_fields(&writer, headers), state->render_fields, &headers, 1);
}

/* A head from values: rendered, then looked at like one that came in, but for the rules about
   what a request must hold. Steals the bytes. */
static PyObject *
head_over(const State *state, PyTypeObject *type, PyObject *raw)
{
    HeadScanner scanner = {.state = state, .is_request = type == state->request_head};
    HeadLimits limits = {HEAD_LIMIT, NAME_LIMIT, PY_SSIZE_T_MAX, HEAD_LIMIT, 0};
    Progress seen = NOTHING_SEEN;
    PyObject *head = NULL;
    Byte *start, *end;
    Cursor cur;
    Table table;
    if (raw == NULL) {
        return NULL;
    }
    scanner.limits = limits;
    start = (Byte *)PyBytes_AS_STRING(raw);
    end = start + PyBytes_GET_SIZE(raw);
    open_table(&table);
    if (scan_head(&scanner, &cur, start, end, &seen, &table) == COMPLETE && cur.at == end) {
        table.layout.size = (uint32_t)(end - start);
        head = make_head(state, &table, type, raw, 0);
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_OverflowError, "the head is too large");
    }
    close_table(&table);
    Py_DECREF(raw);
    return head;
}

enum { VALUES = 4 };

static const char *const REQUEST_VALUES[] = {"method", "target", "version", "headers"};
static const char *const RESPONSE_VALUES[] = {"status", "reason", "version", "headers"};

/* Put a keyword's value in its place. */
static int
place_keyword(const char *const *names, PyObject *name, PyObject *value, PyObject **values)
{
    for (size_t i = 0; i < VALUES; i++) {
        if (PyUnicode_CompareWithASCIIString(name, names[i]) != 0) {
            continue;
        }
        if (values[i] != NULL) {
            break;
        }
        values[i] = value;
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "an argument %R more than there is room for", name);
    return -1;
}

static PyObject *
head_from_values(PyTypeObject *type, PyObject **values)
{
    const State *state = PyType_GetModuleState(type);
    int is_request = type == state->request_head;
    PyObject *none = NULL, *raw;
    if (values[0] == NULL || values[1] == NULL) {
        PyErr_Format(PyExc_TypeError, "%s() needs at least two arguments", type->tp_name);
        return NULL;
    }
    if (values[2] == NULL) {
        values[2] = state->versions[1];
    }
    if (values[3] == NULL) {
        values[3] = none = PyTuple_New(0);
    }
    if (values[3] == NULL) {
        return NULL;
    }
    raw = is_request ? render_request(state, values) : render_response(state, values);
    Py_XDECREF(none);
    return head_over(state, type, raw);
}

static PyObject *
head_vectorcall(PyObject *type, PyObject *const *args, size_t count_and_flag, PyObject *keywords)
{
    const State *state = PyType_GetModuleState((PyTypeObject *)type);
    int is_request = (PyTypeObject *)type == state->request_head;
    const char *const *names = is_request ? REQUEST_VALUES : RESPONSE_VALUES;
    PyObject *values[VALUES] = {NULL};
    Py_ssize_t count = PyVectorcall_NARGS(count_and_flag);
    if (count > VALUES) {
        PyErr_Format(PyExc_TypeError, "at most four arguments, not %zd", count);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        values[i] = args[i];
    }
    for (Py_ssize_t i = 0; keywords != NULL && i < PyTuple_GET_SIZE(keywords); i++) {
        if (place_keyword(names, PyTuple_GET_ITEM(keywords, i), args[count + i], values) < 0) {
            return NULL;
        }
    }
    return head_from_values((PyTypeObject *)type, values);
}

/* The way around the call, by `__new__`. */
static PyObject *
head_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    const State *state = PyType_GetModuleState(type);
    int is_request = type == state->request_head;
    PyObject *values[VALUES] = {NULL};
    static char *request_names[] = {"method", "target", "version", "headers", NULL};
    static char *response_names[] = {"status", "reason", "version", "headers", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|OO",
            is_request ? request_names : response_names, &values[0], &values[1], &values[2],
            &values[3])) {
        return NULL;
    }
    return head_from_values(type, values);
}

#endif
