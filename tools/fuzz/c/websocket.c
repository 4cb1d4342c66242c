/* The C twin of weft_websocket under libFuzzer: frames taken whole, in pieces, and out of memory
   that is only lent come to one result.

   An input is three bytes and what a peer sent: role, compression and decoding, limits, and the
   size of pieces. The twin's source is part of this translation unit, so that it is all that is
   instrumented; inputs are byte strings from malloc, so that a read behind them is seen. */

#define WEFT_LARGE_REST 16 /* so that payloads are read in place too */
#include "_c.c"

#include <stdio.h>
#include <stdlib.h>

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

enum { HEADER_SIZE = 3 };

static PyObject *scanner_class, *mask_function, *render_function;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    PyConfig config;
    PyObject *type, *spec, *module;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    PROMISE(!PyStatus_Exception(Py_InitializeFromConfig(&config)));
    PyConfig_Clear(&config);
    type = fetch("importlib.machinery", "ModuleSpec");
    PROMISE(type != NULL);
    spec = PyObject_CallFunction(type, "sO", "weft_websocket._twin._c", Py_None);
    module = PyModule_FromDefAndSpec(&module_def, spec);
    PROMISE(module != NULL && PyModule_ExecDef(module, &module_def) == 0);
    scanner_class = PyObject_GetAttrString(module, "FrameScanner");
    mask_function = PyObject_GetAttrString(module, "mask");
    render_function = PyObject_GetAttrString(module, "render_frame");
    PROMISE(scanner_class != NULL && mask_function != NULL && render_function != NULL);
    Py_DECREF(type);
    Py_DECREF(spec);
    return 0;
}

static PyObject *
make_scanner(const uint8_t *header)
{
    static const int sizes[] = {0, 10, 100, 4096};
    static const int counts[] = {1, 3, 65536};
    static const int batches[] = {1, 2, 16};
    PyObject *made = PyObject_CallFunction(scanner_class, "iiiiii", header[0] & 1,
        header[0] >> 1 & 1, header[0] >> 2 & 1, sizes[header[1] & 3], counts[(header[1] >> 2) % 3],
        batches[(header[1] >> 4) % 3]);
    PROMISE(made != NULL);
    return made;
}

/* Append what a call gave; steals the frames. */
static void
take(PyObject *all, PyObject *frames)
{
    PROMISE(frames != NULL);
    PROMISE(PyList_SetSlice(all, PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, frames) == 0);
    Py_DECREF(frames);
}

/* What is behind a full batch. */
static void
take_more(PyObject *scanner, PyObject *all)
{
    PyObject *nothing = PyBytes_FromStringAndSize(NULL, 0);
    while (((FrameScanner *)scanner)->has_more) {
        take(all, PyObject_CallMethod(scanner, "feed", "O", nothing));
    }
    Py_DECREF(nothing);
}

static void
feed_all(PyObject *scanner, const char *bytes, Py_ssize_t size, PyObject *all)
{
    PyObject *data = PyBytes_FromStringAndSize(bytes, size);
    take(all, PyObject_CallMethod(scanner, "feed", "O", data));
    Py_DECREF(data);
    take_more(scanner, all);
}

/* The same as a transport does that reads into memory of ours, which is soon another's. */
static void
lend_all(PyObject *scanner, const char *bytes, Py_ssize_t size, PyObject *all)
{
    FrameScanner *self = (FrameScanner *)scanner;
    Py_ssize_t room = 0, count;
    while (size > 0) {
        unsigned char *lent = NULL, *at = find_room(self, &room);
        PROMISE(!PyErr_Occurred());
        count = at != NULL && room < size ? room : size;
        if (at != NULL) {
            memcpy(at, bytes, (size_t)count);
            take(all, feed_filled(self, (size_t)count));
        } else {
            lent = malloc((size_t)count);
            memcpy(lent, bytes, (size_t)count);
            take(all, feed_lent(self, lent, (size_t)count));
            free(lent);
        }
        take_more(scanner, all);
        bytes += count;
        size -= count;
    }
}

/* All frames in pieces of `step` bytes (0: whole), then the fault and what is under way. */
static PyObject *
scan(const uint8_t *header, const char *bytes, Py_ssize_t size, Py_ssize_t step, int is_lent)
{
    PyObject *scanner = make_scanner(header), *all = PyList_New(0), *end;
    Py_ssize_t at = 0, stop;
    do {
        stop = step == 0 || step > size - at ? size : at + step;
        (is_lent ? lend_all : feed_all)(scanner, bytes + at, stop - at, all);
        at = stop;
    } while (at < size);
    end = PyObject_GetAttrString(scanner, "fault");
    PROMISE(end != NULL && PyList_Append(all, end) == 0);
    Py_DECREF(end);
    end = PyObject_GetAttrString(scanner, "half");
    PROMISE(end != NULL && PyList_Append(all, end) == 0);
    Py_DECREF(end);
    Py_DECREF(scanner);
    return all;
}

/* A mask is its own inverse, and a rendered frame is read back. */
static void
test_rendering(const char *bytes, Py_ssize_t size)
{
    const uint8_t header[HEADER_SIZE] = {1, 0, 0};
    PyObject *key = PyBytes_FromStringAndSize(bytes, 4);
    PyObject *payload = PyBytes_FromStringAndSize(bytes + 4, size - 4);
    PyObject *once = PyObject_CallFunctionObjArgs(mask_function, payload, key, NULL);
    PyObject *twice = PyObject_CallFunctionObjArgs(mask_function, once, key, NULL);
    PyObject *frame = PyObject_CallFunction(render_function, "iOO", FIN | BINARY, payload, key);
    PyObject *seen, *data;
    PROMISE(once != NULL && twice != NULL && frame != NULL);
    PROMISE(PyObject_RichCompareBool(payload, twice, Py_EQ) == 1);
    seen = scan(header, PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame), 0, 0);
    PROMISE(PyList_GET_SIZE(seen) == 3);
    data = PySequence_GetItem(PyList_GET_ITEM(seen, 0), 1);
    PROMISE(data != NULL && PyObject_RichCompareBool(payload, data, Py_EQ) == 1);
    Py_DECREF(data);
    Py_DECREF(seen);
    Py_DECREF(frame);
    Py_DECREF(twice);
    Py_DECREF(once);
    Py_DECREF(payload);
    Py_DECREF(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t given)
{
    PyObject *whole, *parts;
    const char *data = (const char *)bytes + HEADER_SIZE;
    Py_ssize_t size = (Py_ssize_t)given - HEADER_SIZE;
    if (size < 0) {
        return -1;
    }
    whole = scan(bytes, data, size, 0, 0);
    for (int is_lent = 0; is_lent < 2; is_lent++) {
        parts = scan(bytes, data, size, 1 + bytes[2] % 60, is_lent);
        PROMISE(PyObject_RichCompareBool(whole, parts, Py_EQ) == 1);
        Py_DECREF(parts);
    }
    parts = scan(bytes, data, size, 0, 1);
    PROMISE(PyObject_RichCompareBool(whole, parts, Py_EQ) == 1);
    Py_DECREF(parts);
    Py_DECREF(whole);
    if (size >= 4) {
        test_rendering(data, size);
    }
    PROMISE(!PyErr_Occurred());
    return 0;
}
