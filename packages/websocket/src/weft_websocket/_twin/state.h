/* What the module keeps: the Python types that it makes messages of, and asyncio once it waits.

   One of these for each interpreter, owned by the module object. */

#ifndef WEFT_STATE_H
#define WEFT_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* The critical sections of 3.13; before it there is always the GIL. */
#ifndef Py_BEGIN_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(op) {
#define Py_END_CRITICAL_SECTION() }
#endif

#define WEFT_STATE_FIELDS(FIELD) \
    FIELD(message_type)          \
    FIELD(bytes_message_type)    \
    FIELD(text_kind)             \
    FIELD(binary_kind)           \
    FIELD(empty)                 \
    FIELD(no_bytes)              \
    FIELD(scanner_type)          \
    FIELD(reading_type)          \
    FIELD(get_loop)              \
    FIELD(find_loop)             \
    FIELD(current_task)          \
    FIELD(current_tasks)         \
    FIELD(cancelled_error)       \
    FIELD(woken)                 \
    FIELD(woken_loop)            \
    FIELD(call_soon)             \
    FIELD(call_soon_threadsafe)  \
    FIELD(context)               \
    FIELD(phase)                 \
    FIELD(write)                 \
    FIELD(bypass)                \
    FIELD(transport)             \
    FIELD(buffer_size)           \
    FIELD(is_full)               \
    FIELD(send_prepared)         \
    FIELD(sender_type)           \
    FIELD(write_text_name)       \
    FIELD(write_binary_name)     \
    FIELD(done)                  \
    FIELD(random)                \
    FIELD(random_size)

/* Bytes that are fetched for keys at once. */
enum { POOL_SIZE = 4096 };

typedef struct {
#define WEFT_FIELD(name) PyObject *name;
    WEFT_STATE_FIELDS(WEFT_FIELD)
#undef WEFT_FIELD
    PyObject *memory; /* that all inboxes of a thread are read into, or NULL */
    unsigned long memory_thread;
    PyObject *pool; /* random bytes for masking keys, or NULL */
    Py_ssize_t pool_at;
} State;

/* An attribute of a module. */
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

static int
load_names(State *state)
{
    struct {
        PyObject **place;
        const char *text;
    } names[] = {
        {&state->call_soon, "call_soon"},
        {&state->call_soon_threadsafe, "call_soon_threadsafe"},
        {&state->context, "context"},
        {&state->phase, "phase"},
        {&state->write, "write"},
        {&state->bypass, "bypass"},
        {&state->transport, "transport"},
        {&state->is_full, "is_full"},
        {&state->send_prepared, "send_prepared"},
        {&state->buffer_size, "get_write_buffer_size"},
        {&state->write_text_name, "write_text"},
        {&state->write_binary_name, "write_binary"},
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        *names[i].place = PyUnicode_InternFromString(names[i].text);
        if (*names[i].place == NULL) {
            return -1;
        }
    }
    return 0;
}

static int
set_fetched(PyObject **place, const char *module, const char *name)
{
    Py_XSETREF(*place, fetch(module, name));
    return *place == NULL ? -1 : 0;
}

static int
load_messages(State *state)
{
    PyObject *kinds = fetch("weft_websocket.codes", "WSMsgType");
    if (kinds != NULL) {
        state->text_kind = PyObject_GetAttrString(kinds, "TEXT");
    }
    if (state->text_kind != NULL) {
        state->binary_kind = PyObject_GetAttrString(kinds, "BINARY");
    }
    Py_XDECREF(kinds);
    if (state->binary_kind == NULL ||
        set_fetched(&state->message_type, "weft_websocket.codes", "WSMessage") < 0 ||
        set_fetched(&state->bytes_message_type, "weft_websocket.codes", "WSMessageTextBytes") <
            0 ||
        set_fetched(&state->random, "os", "urandom") < 0) {
        return -1;
    }
    state->empty = PyUnicode_New(0, 127);
    state->no_bytes = PyBytes_FromStringAndSize(NULL, 0); /* neither of both can fail */
    state->random_size = PyLong_FromLong(POOL_SIZE);
    return state->random_size == NULL ? -1 : 0;
}

/* asyncio is loaded by whoever waits: a core needs none. */
static int
load_asyncio(State *state)
{
    if (state->current_task != NULL) {
        return 0;
    }
    if (set_fetched(&state->get_loop, "asyncio", "get_running_loop") < 0 ||
        set_fetched(&state->find_loop, "asyncio", "_get_running_loop") < 0 ||
        set_fetched(&state->cancelled_error, "asyncio", "CancelledError") < 0) {
        return -1;
    }
#if PY_VERSION_HEX < 0x030C0000 /* there it is a function in Python, which looks here */
    if (set_fetched(&state->current_tasks, "asyncio.tasks", "_current_tasks") < 0) {
        return -1;
    }
#endif
    return set_fetched(&state->current_task, "asyncio", "current_task");
}

/* Have `woken` be a finished future of this loop, which a task that is woken asks for its result
   without a call. One for all of them, since a program seldom has two loops. */
static int
load_woken(State *state, PyObject *loop)
{
    PyObject *future, *result;
    if (state->woken_loop == loop) {
        return 0;
    }
    future = PyObject_CallMethod(loop, "create_future", NULL);
    result = future == NULL ? NULL : PyObject_CallMethod(future, "set_result", "O", Py_None);
    if (result == NULL) {
        Py_XDECREF(future);
        return -1;
    }
    Py_DECREF(result);
    Py_XSETREF(state->woken, future);
    Py_XSETREF(state->woken_loop, Py_NewRef(loop));
    return 0;
}

/* A new message: a named tuple of three, without the detour of its constructor. Steals `data`. */
static PyObject *
make_message(PyObject *type, PyObject *kind, PyObject *data, PyObject *extra)
{
    PyTypeObject *made = (PyTypeObject *)type;
    PyObject *message = made->tp_alloc(made, 3);
    if (message == NULL) {
        Py_DECREF(data);
        return NULL;
    }
    PyTuple_SET_ITEM(message, 0, Py_NewRef(kind));
    PyTuple_SET_ITEM(message, 1, data);
    PyTuple_SET_ITEM(message, 2, Py_NewRef(extra));
    return message;
}

#endif
