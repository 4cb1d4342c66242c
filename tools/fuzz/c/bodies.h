/* Target: one scanner over a chunked body, fed as a connection feeds it. */

#ifndef FUZZ_BODIES_H
#define FUZZ_BODIES_H

#include "ground.h"

typedef struct {
    unsigned char body[MOST_DATA];
    Py_ssize_t ends[MOST_ENDS];
    Py_ssize_t size, count, taken;
    PyObject *trailers;
    int done;
    Failure fault;
} Body;

static Body whole_body, pieced_body;

/* One feed of what lies between what was taken and `stop`. 0 when no more is to come. */
static int
feed_body(ChunkScanner *scanner, Body *body, Py_ssize_t stop, int is_exact)
{
    Source source = expose(body->taken, stop);
    PyObject *exact = NULL, *ends, *out = PyList_New(0);
    Fault fault = NO_FAULT;
    Py_ssize_t taken;
    if (is_exact) {
        exact = PyBytes_FromStringAndSize((const char *)source.bytes, source.size);
        source.bytes = (Byte *)PyBytes_AS_STRING(exact);
        source.exact = exact;
    }
    taken = feed_chunks(scanner, &source, 0, out, &fault);
    if (taken < 0) {
        if (fault.reason != REASON_COUNT) {
            raise_fault(state, &fault);
        }
        body->fault = take_fault(body->taken);
    } else {
        PROMISE(fault.reason == REASON_COUNT && taken <= source.size);
        body->taken += taken;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(out); i++) {
        PyObject *part = PyList_GET_ITEM(out, i);
        Py_ssize_t size = PyBytes_GET_SIZE(part);
        PROMISE(size > 0 && body->size + size <= stop);
        memcpy(body->body + body->size, PyBytes_AS_STRING(part), (size_t)size);
        body->size += size;
    }
    PyObject *found = chunks_get_ends(scanner, NULL);
    PROMISE(found != NULL);
    ends = PySequence_List(found);
    Py_DECREF(found);
    PROMISE(ends != NULL);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(ends); i++) {
        Py_ssize_t end = PyLong_AsSsize_t(PyList_GET_ITEM(ends, i));
        PROMISE(end > (body->count == 0 ? 0 : body->ends[body->count - 1]));
        PROMISE(end <= body->size);
        body->ends[body->count++] = end;
    }
    Py_DECREF(ends);
    Py_DECREF(out);
    Py_XDECREF(exact);
    return taken >= 0 && !scanner->done;
}

static void
take_body(const Input *input, Body *body, Py_ssize_t size, int is_whole)
{
    ChunkScanner *scanner =
        (ChunkScanner *)PyObject_CallOneArg((PyObject *)chunk_type, limit_values[input->limits]);
    Py_ssize_t stop = 0;
    unsigned turn = 0;
    int more;
    PROMISE(scanner != NULL);
    body->size = body->count = body->taken = 0;
    body->fault.reason = NULL;
    do {
        stop = is_whole ? size : next_stop(input, stop, &turn);
        more = feed_body(scanner, body, stop, input->flags & FLAG_EXACT && is_whole);
    } while (more && stop < size);
    body->done = scanner->done;
    body->trailers = Py_NewRef(scanner->trailers);
    Py_DECREF(scanner);
}

static void
test_chunks(const Input *input)
{
    Body *one = &whole_body, *other = &pieced_body;
    take_body(input, one, input->size, 1);
    take_body(input, other, input->size, 0);
    PROMISE(one->done == other->done && one->fault.reason == other->fault.reason);
    PROMISE(one->size == other->size && memcmp(one->body, other->body, (size_t)one->size) == 0);
    PROMISE(one->count == other->count &&
            memcmp(one->ends, other->ends, (size_t)one->count * sizeof(Py_ssize_t)) == 0);
    PROMISE(PyObject_RichCompareBool(one->trailers, other->trailers, Py_EQ) == 1);
    PROMISE(one->fault.reason != NULL || one->taken == other->taken);
    PROMISE(!one->done || one->size == (one->count == 0 ? 0 : one->ends[one->count - 1]));
    Py_DECREF(other->trailers);
    if (one->fault.reason != NULL) {
        Py_ssize_t offset = one->fault.offset;
        PROMISE(offset == other->fault.offset && offset >= 0 && offset < input->size);
        take_body(input, other, offset, 1);
        PROMISE(other->fault.reason == NULL);
        Py_DECREF(other->trailers);
        take_body(input, other, offset + 1, 1);
        PROMISE(other->fault.reason == one->fault.reason && other->fault.offset == offset);
        Py_DECREF(other->trailers);
    }
    Py_DECREF(one->trailers);
}

#endif
