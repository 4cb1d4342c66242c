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
load_messages(State *state)
{
    PyObject *kinds = fetch("weft_websocket.codes", "WSMsgType");
    if (kinds == NULL) {
        return -1;
    }
    state->text_kind = PyObject_GetAttrString(kinds, "TEXT");
    state->binary_kind = PyObject_GetAttrString(kinds, "BINARY");
    Py_DECREF(kinds);
    state->message_type = fetch("weft_websocket.codes", "WSMessage");
    state->bytes_message_type = fetch("weft_websocket.codes", "WSMessageTextBytes");
    state->empty = PyUnicode_New(0, 127);
    state->call_soon = PyUnicode_InternFromString("call_soon");
    state->call_soon_threadsafe = PyUnicode_InternFromString("call_soon_threadsafe");
    state->context = PyUnicode_InternFromString("context");
    state->phase = PyUnicode_InternFromString("phase");
    state->write = PyUnicode_InternFromString("write");
    state->bypass = PyUnicode_InternFromString("bypass");
    state->transport = PyUnicode_InternFromString("transport");
    state->is_full = PyUnicode_InternFromString("is_full");
    state->send_prepared = PyUnicode_InternFromString("send_prepared");
    state->buffer_size = PyUnicode_InternFromString("get_write_buffer_size");
    state->write_text_name = PyUnicode_InternFromString("write_text");
    state->write_binary_name = PyUnicode_InternFromString("write_binary");
    state->random = fetch("os", "urandom");
    state->random_size = PyLong_FromLong(POOL_SIZE);
    return PyErr_Occurred() ? -1 : 0;
}

/* asyncio is loaded by whoever waits: a core needs none. */
static int
load_asyncio(State *state)
{
    if (state->current_task != NULL) {
        return 0;
    }
    Py_XSETREF(state->get_loop, fetch("asyncio", "get_running_loop"));
    Py_XSETREF(state->find_loop, fetch("asyncio", "_get_running_loop"));
    Py_XSETREF(state->cancelled_error, fetch("asyncio", "CancelledError"));
    if (state->get_loop == NULL || state->find_loop == NULL || state->cancelled_error == NULL) {
        return -1;
    }
#if PY_VERSION_HEX < 0x030C0000 /* there it is a function in Python, which looks here */
    Py_XSETREF(state->current_tasks, fetch("asyncio.tasks", "_current_tasks"));
    if (state->current_tasks == NULL) {
        return -1;
    }
#endif
    state->current_task = fetch("asyncio", "current_task");
    return state->current_task == NULL ? -1 : 0;
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
