/* What one copy of the module holds, and slots of Python's classes by their places.

   The objects that are written here are instances of ordinary classes with __slots__: where each
   slot lies is looked up once, so the classes stay as they are and may get more. */

#ifndef WEFT_STATE_H
#define WEFT_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* What is called by name. */
#define WEFT_NAMES(X)        \
    X(receive)               \
    X(answered)              \
    X(send_whole)            \
    X(over)                  \
    X(is_full)               \
    X(write)                 \
    X(bypass)                \
    X(transport)             \
    X(get_write_buffer_size) \
    X(traits)                \
    X(target)                \
    X(method)                \
    X(start)                 \
    X(call_soon)             \
    X(next_events)           \
    X(text)                  \
    X(body)                  \
    X(status)                \
    X(content_type)          \
    X(headers)               \
    X(reason)                \
    X(charset)

#define WEFT_NAME_MEMBER(name) NAME_##name,
typedef enum { WEFT_NAMES(WEFT_NAME_MEMBER) NAME_COUNT } Name;
#undef WEFT_NAME_MEMBER

/* What is taken from modules of Python, in the order of `load_state`. */
typedef enum {
    HELP_enter_task,
    HELP_leave_task,
    HELP_make_latent,
    HELP_end_first_step,
    HELP_leave_first_step,
    HELP_given,
    HELP_failing,
    HELP_going,
    HELP_END,
    HELP_getweakrefcount,
    HELP_monotonic,
    HELP_COUNT
} Help;

/* An object to make others like: each slot gets what this one has in it. */
typedef struct {
    PyTypeObject *type;
    PyObject *pattern;
    Py_ssize_t count;
    Py_ssize_t places[32];
} Mould;

typedef struct {
    PyObject *names[NAME_COUNT];
    PyObject *helps[HELP_COUNT];
    PyTypeObject *latent; /* LatentTask */
    Py_ssize_t task_context;
    long own_weakly; /* weak references to a task that nobody knows */
    PyTypeObject *starter;
    PyTypeObject *swift;
    /* of Response */
    Mould whole;
    Py_ssize_t response_media, response_body, response_status;
    PyObject *text_media, *to_media;
} State;

#define SLOT(object, place) (*(PyObject **)((char *)(object) + (place)))

/* As Python sets an attribute, which other threads may be looking at. */
static inline void
set_slot(PyObject *object, Py_ssize_t place, PyObject *value)
{
    PyObject *old;
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION(object);
    old = SLOT(object, place);
    _Py_atomic_store_ptr_release(&SLOT(object, place), Py_NewRef(value));
    Py_END_CRITICAL_SECTION();
#else
    old = SLOT(object, place);
    SLOT(object, place) = Py_NewRef(value);
#endif
    Py_XDECREF(old);
}

/* The place of a slot of a class; 0 with an exception where it has none of that name. */
static Py_ssize_t
find_slot(PyTypeObject *type, const char *name)
{
    Py_ssize_t place = 0;
    PyObject *slot = PyObject_GetAttrString((PyObject *)type, name);
    if (slot != NULL && Py_IS_TYPE(slot, &PyMemberDescr_Type) &&
        ((PyMemberDescrObject *)slot)->d_member->type == T_OBJECT_EX) {
        place = ((PyMemberDescrObject *)slot)->d_member->offset;
    } else if (slot != NULL) {
        PyErr_Format(PyExc_TypeError, "%s has no slot %s", type->tp_name, name);
    }
    Py_XDECREF(slot);
    return place;
}

static int
add_places(Mould *mould, PyObject *dict)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &name, &value)) {
        if (!Py_IS_TYPE(value, &PyMemberDescr_Type) ||
            ((PyMemberDescrObject *)value)->d_member->type != T_OBJECT_EX) {
            continue;
        }
        if (mould->count == (Py_ssize_t)Py_ARRAY_LENGTH(mould->places)) {
            PyErr_SetString(PyExc_TypeError, "too many slots");
            return -1;
        }
        mould->places[mould->count++] = ((PyMemberDescrObject *)value)->d_member->offset;
    }
    return 0;
}

static int
set_mould(Mould *mould, PyObject *pattern)
{
    PyTypeObject *type = Py_TYPE(pattern);
    Py_ssize_t index, size = PyTuple_GET_SIZE(type->tp_mro);
    mould->count = 0;
    for (index = 0; index < size; index++) {
        PyTypeObject *each = (PyTypeObject *)PyTuple_GET_ITEM(type->tp_mro, index);
        if ((each->tp_flags & Py_TPFLAGS_HEAPTYPE) && add_places(mould, each->tp_dict) < 0) {
            return -1;
        }
    }
    Py_XSETREF(mould->type, (PyTypeObject *)Py_NewRef(type));
    Py_XSETREF(mould->pattern, Py_NewRef(pattern));
    return 0;
}

static inline PyObject *
make_like(const Mould *mould)
{
    PyObject *made = mould->type->tp_alloc(mould->type, 0);
    Py_ssize_t index;
    if (made == NULL) {
        return NULL;
    }
    for (index = 0; index < mould->count; index++) {
        Py_ssize_t place = mould->places[index];
        SLOT(made, place) = Py_XNewRef(SLOT(mould->pattern, place));
    }
    return made;
}

static inline int
visit_mould(Mould *mould, visitproc visit, void *arg)
{
    Py_VISIT(mould->type);
    Py_VISIT(mould->pattern);
    return 0;
}

static inline void
clear_mould(Mould *mould)
{
    mould->count = 0;
    Py_CLEAR(mould->type);
    Py_CLEAR(mould->pattern);
}

static PyObject *
import_name(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *value = module == NULL ? NULL : PyObject_GetAttrString(module, name);
    Py_XDECREF(module);
    return value;
}

static int
load_state(State *state)
{
#define WEFT_NAME_TEXT(name) #name,
    static const char *const names[] = {WEFT_NAMES(WEFT_NAME_TEXT)};
#undef WEFT_NAME_TEXT
    static const char *const helps[][2] = {
        {"asyncio", "_enter_task"},
        {"asyncio", "_leave_task"},
        {"weft_web_server.request_task", "make_latent"},
        {"weft_web_server.request_task", "end_first_step"},
        {"weft_web_server.request_task", "leave_first_step"},
        {"weft_web_server._twin.begun", "given"},
        {"weft_web_server._twin.begun", "failing"},
        {"weft_web_server._twin.begun", "going"},
        {"weft_http_parser", "END"},
        {"weakref", "getweakrefcount"},
        {"time", "monotonic"},
    };
    PyObject *own_weakly;
    Py_ssize_t index;
    for (index = 0; index < NAME_COUNT; index++) {
        state->names[index] = PyUnicode_InternFromString(names[index]);
        if (state->names[index] == NULL) {
            return -1;
        }
    }
    for (index = 0; index < HELP_COUNT; index++) {
        state->helps[index] = import_name(helps[index][0], helps[index][1]);
        if (state->helps[index] == NULL) {
            return -1;
        }
    }
    state->latent = (PyTypeObject *)import_name("weft_web_server.request_task", "LatentTask");
    if (state->latent == NULL) {
        return -1;
    }
    own_weakly = import_name("weft_web_server.request_task", "OWN_WEAKLY");
    state->own_weakly = own_weakly == NULL ? -1 : PyLong_AsLong(own_weakly);
    Py_XDECREF(own_weakly);
    if (state->own_weakly < 0) {
        return -1;
    }
    state->task_context = find_slot(state->latent, "first_context");
    return state->task_context == 0 ? -1 : 0;
}

static int
visit_state(State *state, visitproc visit, void *arg)
{
    Py_ssize_t index;
    for (index = 0; index < HELP_COUNT; index++) {
        Py_VISIT(state->helps[index]);
    }
    Py_VISIT(state->latent);
    Py_VISIT(state->starter);
    Py_VISIT(state->swift);
    Py_VISIT(state->to_media);
    return visit_mould(&state->whole, visit, arg);
}

static void
clear_state(State *state)
{
    Py_ssize_t index;
    for (index = 0; index < NAME_COUNT; index++) {
        Py_CLEAR(state->names[index]);
    }
    for (index = 0; index < HELP_COUNT; index++) {
        Py_CLEAR(state->helps[index]);
    }
    Py_CLEAR(state->latent);
    Py_CLEAR(state->starter);
    Py_CLEAR(state->swift);
    Py_CLEAR(state->text_media);
    Py_CLEAR(state->to_media);
    clear_mould(&state->whole);
}

#endif
