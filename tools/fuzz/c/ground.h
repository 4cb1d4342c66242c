/* What every target stands on: the interpreter, the twin's objects, the memory of inputs.

   The twin's source is part of this translation unit, so that its functions can be given memory
   whose bytes behind the input must not be touched, and so that it is all that is instrumented. A
   broken promise aborts. */

#ifndef FUZZ_GROUND_H
#define FUZZ_GROUND_H

#include "_c.c"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HEADER = 4,
    MOST_DATA = 1 << 16,
    MOST_HEADS = 64,
    MOST_ENDS = MOST_DATA,
    LIMITS = 8,
    STRICTNESSES = 8,
    MARGIN = 16,
};

#define PROMISE(condition)                                                    \
    do {                                                                      \
        if (!(condition)) {                                                   \
            if (PyErr_Occurred()) {                                           \
                PyErr_Print();                                                \
            }                                                                 \
            fprintf(stderr, "broken at line %d: %s\n", __LINE__, #condition); \
            abort();                                                          \
        }                                                                     \
    } while (0)

/* The room that inputs are read from; what is behind the bytes in use is poisoned. */
static unsigned char room[MARGIN + MOST_DATA + 8] __attribute__((aligned(16)));
static Byte *const data = room + MARGIN;

static State *state;
static PyTypeObject *chunk_type;
static PyObject *request_scanners[LIMITS], *response_scanners[STRICTNESSES][LIMITS];
static PyObject *limit_values[LIMITS];
static PyObject *refusals; /* what rendering may raise */
static PyObject *multidicts[2];
static PyObject *reason_name, *offset_name, *lookups;

static PyObject *
import_attribute(const char *module, const char *name)
{
    PyObject *value = fetch(module, name);
    PROMISE(value != NULL);
    return value;
}

static PyObject *
make_module(void)
{
    PyObject *module, *spec, *type = import_attribute("importlib.machinery", "ModuleSpec");
    spec = PyObject_CallFunction(type, "sO", "weft_http_parser._twin._c", Py_None);
    PROMISE(spec != NULL);
    module = PyModule_FromDefAndSpec(&module_def, spec);
    PROMISE(module != NULL && PyModule_ExecDef(module, &module_def) == 0);
    Py_DECREF(spec);
    Py_DECREF(type);
    return module;
}

static void
make_scanners(PyObject *module)
{
    PyObject *type = PyObject_GetAttrString(module, "HeadScanner");
    PyObject *limits = import_attribute("tools.fuzz.c.inputs", "LIMITS");
    PyObject *strictnesses = import_attribute("tools.fuzz.c.inputs", "STRICTNESSES");
    PROMISE(PyTuple_GET_SIZE(limits) == LIMITS && PyTuple_GET_SIZE(strictnesses) == STRICTNESSES);
    for (size_t i = 0; i < LIMITS; i++) {
        limit_values[i] = PyTuple_GET_ITEM(limits, i);
        for (size_t j = 0; j < STRICTNESSES; j++) {
            response_scanners[j][i] = PyObject_CallFunction(
                type, "iOO", 0, limit_values[i], PyTuple_GET_ITEM(strictnesses, j));
            PROMISE(response_scanners[j][i] != NULL);
        }
        request_scanners[i] = PyObject_CallFunction(type, "iO", 1, limit_values[i]);
        PROMISE(request_scanners[i] != NULL);
    }
    Py_DECREF(type);
}

static void
start_interpreter(void)
{
    PyConfig config;
    PyObject *module;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    PROMISE(!PyStatus_Exception(Py_InitializeFromConfig(&config)));
    PyConfig_Clear(&config);
    module = make_module();
    state = PyModule_GetState(module);
    chunk_type = (PyTypeObject *)PyObject_GetAttrString(module, "ChunkScanner");
    make_scanners(module);
    refusals = import_attribute("tools.fuzz.c.inputs", "REFUSALS");
    lookups = import_attribute("tools.fuzz.c.inputs", "LOOKUPS");
    multidicts[0] = import_attribute("multidict", "CIMultiDict");
    multidicts[1] = import_attribute("multidict", "MultiDict");
    reason_name = PyUnicode_InternFromString("reason");
    offset_name = PyUnicode_InternFromString("offset");
    ASAN_POISON_MEMORY_REGION(room, sizeof(room));
}

/* The first `size` bytes of the input can be read, and none behind. */
static Source
expose(Py_ssize_t from, Py_ssize_t size)
{
    Source source = {.bytes = data + from, .size = size - from};
    ASAN_UNPOISON_MEMORY_REGION(data, (size_t)size);
    ASAN_POISON_MEMORY_REGION(data + size, (size_t)(sizeof(room) - MARGIN) - (size_t)size);
    return source;
}

typedef struct {
    unsigned kind;       /* 0 request, 1 response, 2 chunks, 3 rendering */
    unsigned limits;     /* indices */
    unsigned strictness; /* 0 in requests */
    unsigned flags;
    unsigned steps[2]; /* sizes of pieces in turn; 0 is all that is left */
    Py_ssize_t size;
} Input;

enum { FLAG_EXACT = 1, FLAG_REBUILD = 2 };

static Py_ssize_t
next_stop(const Input *input, Py_ssize_t at, unsigned *turn)
{
    Py_ssize_t step = input->steps[(*turn)++ & 1];
    return step == 0 || step > input->size - at ? input->size : at + step;
}

typedef struct {
    PyObject *reason; /* borrowed from an enum, or NULL */
    Py_ssize_t offset;
} Failure;

/* The protocol's error that is set, with its offset counted from `start`; no other may be. */
static Failure
take_fault(Py_ssize_t start)
{
    Failure fault;
    PyObject *type, *error, *trace, *offset;
    PyErr_Fetch(&type, &error, &trace);
    if (type != state->protocol_error) {
        PyErr_Restore(type, error, trace);
        PROMISE(!"another error");
    }
    PyErr_NormalizeException(&type, &error, &trace);
    fault.reason = PyObject_GetAttr(error, reason_name);
    offset = PyObject_GetAttr(error, offset_name);
    PROMISE(fault.reason != NULL && offset != NULL);
    Py_DECREF(fault.reason);
    fault.offset = start + PyLong_AsSsize_t(offset);
    Py_DECREF(offset);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(trace);
    return fault;
}

static void
drop(PyObject *made)
{
    PROMISE(made != NULL);
    Py_DECREF(made);
}

#endif
