/* Fills the module's state from the Python modules that both twins share. */

#ifndef WEFT_LOAD_H
#define WEFT_LOAD_H

#include "chunks.h"

/* An attribute of a module of this package. */
static PyObject *
fetch(const char *module, const char *name)
{
    PyObject *value, *imported = PyImport_ImportModule(module);
    if (imported == NULL) {
        return NULL;
    }
    value = PyObject_GetAttrString(imported, name);
    Py_DECREF(imported);
    return value;
}

/* Pure multidict has no C interface; then this module is of no use and says so in the one way
   that the switch between the twins understands. */
static int
load_multidict(State *state)
{
    PyObject *type, *imported = PyImport_ImportModule("multidict");
    if (imported == NULL) {
        return -1;
    }
    state->multidict = MultiDict_GetCAPI();
    if (state->multidict == NULL) {
        goto unusable;
    }
    state->istr = IStr_GetType(state->multidict);
    state->mappings[0] = CIMultiDict_GetType(state->multidict);
    state->mappings[1] = CIMultiDictProxy_GetType(state->multidict);
    state->mappings[2] = MultiDict_GetType(state->multidict);
    state->mappings[3] = MultiDictProxy_GetType(state->multidict);
    type = PyObject_GetAttrString(imported, "CIMultiDict");
    Py_XDECREF(type); /* the module keeps it */
    if (type != (PyObject *)state->mappings[0]) {
        goto unusable;
    }
    Py_DECREF(imported);
    return 0;
unusable:
    Py_DECREF(imported);
    PyErr_Clear();
    PyErr_SetString(PyExc_ImportError, "multidict is installed without its C interface");
    return -1;
}

static int
load_reasons(State *state)
{
#define WEFT_REASON_NAME(name) #name,
    static const char *const names[] = {WEFT_REASONS(WEFT_REASON_NAME)};
#undef WEFT_REASON_NAME
    PyObject *reasons = fetch("weft_http_parser.errors", "Reason");
    if (reasons == NULL) {
        return -1;
    }
    for (int i = 0; i < REASON_COUNT; i++) {
        state->reasons[i] = PyObject_GetAttrString(reasons, names[i]);
        if (state->reasons[i] == NULL) {
            break;
        }
    }
    Py_DECREF(reasons);
    return PyErr_Occurred() ? -1 : 0;
}

/* The marks are constants here; another number over there would be a silent disaster. */
static int
check_marks(void)
{
#define WEFT_MARK_ENTRY(name, bit) {"MARK_" #name, (uint32_t)1 << (bit)},
    static const struct {
        const char *name;
        unsigned long mark;
    } marks[] = {WEFT_MARKS(WEFT_MARK_ENTRY)};
#undef WEFT_MARK_ENTRY
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        PyObject *number = fetch("weft_http_parser.names", marks[i].name);
        unsigned long mark = number == NULL ? 0 : PyLong_AsUnsignedLong(number);
        Py_XDECREF(number);
        if (PyErr_Occurred()) {
            return -1;
        }
        if (mark != marks[i].mark) {
            PyErr_Format(PyExc_ImportError, "%s has another value here", marks[i].name);
            return -1;
        }
    }
    return 0;
}

static int
load_mark_set(const char *module, const char *name, uint32_t *marks)
{
    PyObject *number = fetch(module, name);
    if (number == NULL) {
        return -1;
    }
    *marks = (uint32_t)PyLong_AsUnsignedLong(number);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

/* The mark of a name in lower case, 0 where it has none. */
static int
load_mark(PyObject *marks, const char *lower, Py_ssize_t size, uint32_t *mark)
{
    PyObject *number, *key = PyBytes_FromStringAndSize(lower, size);
    if (key == NULL) {
        return -1;
    }
    number = PyObject_GetItem(marks, key);
    Py_DECREF(key);
    if (number == NULL && PyErr_ExceptionMatches(PyExc_KeyError)) {
        PyErr_Clear();
        *mark = 0;
        return 0;
    }
    *mark = number == NULL ? 0 : (uint32_t)PyLong_AsUnsignedLong(number);
    Py_XDECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

/* One name of the registry into the next place. */
static int
load_name(State *state, unsigned index, PyObject *name, PyObject *marks)
{
    Known *known = &state->known[index];
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(name, &size);
    PyObject *small;
    unsigned slot;
    if (text == NULL) {
        return -1;
    }
    if (size < 1 || size >= KNOWN_SIZE || index >= KNOWN_LIMIT) {
        PyErr_SetString(PyExc_ImportError, "more or longer names than there is room for");
        return -1;
    }
    memcpy(known->spelled, text, (size_t)size);
    for (Py_ssize_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        known->lower[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    }
    small = PyUnicode_FromStringAndSize(known->lower, size);
    if (small == NULL) {
        return -1;
    }
    known->size = (unsigned char)size;
    known->name = Py_NewRef(name);
    known->small = IStr_FromUnicode(state->multidict, small);
    Py_DECREF(small);
    if (known->small == NULL || load_mark(marks, known->lower, size, &known->mark) < 0) {
        return -1;
    }
    slot = hash_name((Byte *)known->lower, (size_t)size);
    while (state->known_slots[slot] != KNOWN_NONE) {
        slot = (slot + 1) & (KNOWN_SLOTS - 1);
    }
    state->known_slots[slot] = (unsigned char)index;
    return 0;
}

static int
load_names(State *state)
{
    PyObject *names = fetch("weft_http_parser.names", "HEADER_NAMES");
    PyObject *marks = names == NULL ? NULL : fetch("weft_http_parser.names", "FIELD_MARKS");
    int result = -1;
    memset(state->known_slots, KNOWN_NONE, sizeof(state->known_slots));
    if (marks == NULL) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        if (load_name(state, (unsigned)i, PyTuple_GET_ITEM(names, i), marks) < 0) {
            goto done;
        }
    }
    result = 0;
done:
    Py_XDECREF(names);
    Py_XDECREF(marks);
    return result;
}

static int
load_method(State *state, unsigned index, PyObject *name)
{
    Method *method = &state->methods[index];
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(name, &size);
    unsigned slot;
    if (text == NULL) {
        return -1;
    }
    if (size < 1 || size > METHOD_SIZE || index >= METHOD_LIMIT) {
        PyErr_SetString(PyExc_ImportError, "more or longer methods than there is room for");
        return -1;
    }
    memcpy(method->text, text, (size_t)size);
    method->size = (unsigned char)size;
    method->name = Py_NewRef(name);
    slot = hash_method((Byte *)method->text, (size_t)size);
    while (state->method_slots[slot] != METHOD_NONE) {
        slot = (slot + 1) & (METHOD_SLOTS - 1);
    }
    state->method_slots[slot] = (unsigned char)index;
    return 0;
}

static int
load_methods(State *state)
{
    PyObject *name, *iterator, *methods = fetch("weft_http_parser.names", "METH_ALL");
    unsigned index = 0;
    memset(state->method_slots, METHOD_NONE, sizeof(state->method_slots));
    iterator = methods == NULL ? NULL : PyObject_GetIter(methods);
    Py_XDECREF(methods);
    if (iterator == NULL) {
        return -1;
    }
    while ((name = PyIter_Next(iterator)) != NULL) {
        int result = load_method(state, index++, name);
        Py_DECREF(name);
        if (result < 0) {
            break;
        }
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? -1 : 0;
}

static int
load_settings(State *state)
{
#define WEFT_SETTING_NAME(name) #name,
    static const char *const names[] = {WEFT_SETTINGS(WEFT_SETTING_NAME)};
#undef WEFT_SETTING_NAME
#define WEFT_CALL_NAME(name) #name,
    static const char *const calls[] = {WEFT_CALLS(WEFT_CALL_NAME)};
#undef WEFT_CALL_NAME
    for (int i = 0; i < SETTING_COUNT; i++) {
        state->settings[i] = PyUnicode_InternFromString(names[i]);
        if (state->settings[i] == NULL) {
            return -1;
        }
    }
    for (int i = 0; i < CALL_COUNT; i++) {
        state->calls[i] = PyUnicode_InternFromString(calls[i]);
        if (state->calls[i] == NULL) {
            return -1;
        }
    }
    return (state->cast_name = PyUnicode_InternFromString("cast")) == NULL ||
                   (state->lower_name = PyUnicode_InternFromString("lower")) == NULL ||
                   (state->events_name = PyUnicode_InternFromString("events")) == NULL ||
                   (state->number_format = PyUnicode_InternFromString("q")) == NULL
               ? -1
               : 0;
}

static int
load_phases(State *state)
{
#define WEFT_PHASE_NAME(name) #name,
    static const char *const names[] = {WEFT_PHASES(WEFT_PHASE_NAME)};
#undef WEFT_PHASE_NAME
    PyObject *roles, *phases = fetch("weft_http_parser.phases", "Phase");
    for (int i = 0; phases != NULL && i < PHASE_COUNT; i++) {
        state->phases[i] = PyObject_GetAttrString(phases, names[i]);
        if (state->phases[i] == NULL) {
            Py_CLEAR(phases);
        }
    }
    roles = phases == NULL ? NULL : fetch("weft_http_parser.phases", "Role");
    Py_XDECREF(phases);
    state->server = roles == NULL ? NULL : PyObject_GetAttrString(roles, "SERVER");
    Py_XDECREF(roles);
    return state->server == NULL ? -1 : 0;
}

/* The values that nearly every connection has, and what it begins with. */
static int
load_defaults(State *state)
{
    PyObject *limits = fetch("weft_http_parser.limits", "DEFAULT_LIMITS");
    PyObject *ahead = limits == NULL ? NULL : PyObject_GetAttrString(limits, "ahead");
    if (ahead == NULL || read_head_limits(state, limits, &state->head_limits) < 0 ||
        read_chunk_limits(state, limits, &state->chunk_limits) < 0) {
        Py_XDECREF(limits);
        Py_XDECREF(ahead);
        return -1;
    }
    state->limits = limits;
    state->ahead = PyLong_AsSsize_t(ahead);
    Py_DECREF(ahead);
    return state->ahead < 0 ||
                   (state->strictness = fetch("weft_http_parser.strictness", "STRICT")) == NULL ||
                   (state->end = fetch("weft_http_parser.heads", "END")) == NULL ||
                   (state->nothing = PyBytes_FromStringAndSize(NULL, 0)) == NULL ||
                   (state->no_text = PyUnicode_New(0, 0)) == NULL
               ? -1
               : 0;
}

static int
load_state(State *state)
{
    static const char heads[] = "weft_http_parser.heads";
    state->recent = PyMem_Calloc(1, sizeof(Recent));
    if (state->recent == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (load_multidict(state) < 0 || load_reasons(state) < 0 || check_marks() < 0 ||
        load_mark_set("weft_http_parser.names", "STEERING_MARKS", &state->steering) < 0 ||
        load_mark_set("weft_http_parser._twin.api", "FRAMING_MARKS", &state->framing) < 0 ||
        load_names(state) < 0 || load_methods(state) < 0 || load_settings(state) < 0 ||
        load_phases(state) < 0 || load_defaults(state) < 0) {
        return -1;
    }
    return (state->protocol_error = fetch("weft_http_parser.errors", "ProtocolError")) == NULL ||
                   (state->versions[0] = fetch(heads, "HTTP_10")) == NULL ||
                   (state->versions[1] = fetch(heads, "HTTP_11")) == NULL ||
                   (state->render_fields = fetch(heads, "render_fields")) == NULL ||
                   (state->render_request_head = fetch(heads, "render_request_head")) == NULL ||
                   (state->render_response_head = fetch(heads, "render_response_head")) == NULL
               ? -1
               : 0;
}

static int
visit_state(State *state, visitproc visit, void *arg)
{
    for (size_t i = 0; i < sizeof(state->mappings) / sizeof(state->mappings[0]); i++) {
        Py_VISIT(state->mappings[i]);
    }
    Py_VISIT(state->istr);
    Py_VISIT(state->request_head);
    Py_VISIT(state->response_head);
    Py_VISIT(state->head_scanner);
    Py_VISIT(state->chunk_scanner);
    Py_VISIT(state->protocol_error);
    for (size_t i = 0; i < REASON_COUNT; i++) {
        Py_VISIT(state->reasons[i]);
    }
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        Py_VISIT(state->phases[i]);
    }
    Py_VISIT(state->server);
    Py_VISIT(state->end);
    Py_VISIT(state->limits);
    Py_VISIT(state->strictness);
    Py_VISIT(state->versions[0]);
    Py_VISIT(state->versions[1]);
    Py_VISIT(state->render_fields);
    Py_VISIT(state->render_request_head);
    Py_VISIT(state->render_response_head);
    return 0;
}

static void
clear_state(State *state)
{
    for (size_t i = 0; i < sizeof(state->mappings) / sizeof(state->mappings[0]); i++) {
        Py_CLEAR(state->mappings[i]);
    }
    Py_CLEAR(state->istr);
    Py_CLEAR(state->request_head);
    Py_CLEAR(state->response_head);
    Py_CLEAR(state->head_scanner);
    Py_CLEAR(state->chunk_scanner);
    Py_CLEAR(state->protocol_error);
    for (size_t i = 0; i < REASON_COUNT; i++) {
        Py_CLEAR(state->reasons[i]);
    }
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        Py_CLEAR(state->phases[i]);
    }
    Py_CLEAR(state->server);
    Py_CLEAR(state->end);
    Py_CLEAR(state->limits);
    Py_CLEAR(state->strictness);
    Py_CLEAR(state->nothing);
    Py_CLEAR(state->no_text);
    Py_CLEAR(state->versions[0]);
    Py_CLEAR(state->versions[1]);
    Py_CLEAR(state->render_fields);
    Py_CLEAR(state->render_request_head);
    Py_CLEAR(state->render_response_head);
    for (size_t i = 0; i < KNOWN_LIMIT; i++) {
        Py_CLEAR(state->known[i].name);
        Py_CLEAR(state->known[i].small);
    }
    for (size_t i = 0; i < METHOD_LIMIT; i++) {
        Py_CLEAR(state->methods[i].name);
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        Py_CLEAR(state->settings[i]);
    }
    for (size_t i = 0; i < CALL_COUNT; i++) {
        Py_CLEAR(state->calls[i]);
    }
    Py_CLEAR(state->events_name);
    Py_CLEAR(state->cast_name);
    Py_CLEAR(state->lower_name);
    Py_CLEAR(state->number_format);
    free_recent(state->recent);
    state->recent = NULL;
}

#endif
