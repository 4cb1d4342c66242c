/* Reading into memory of our own: a transport's reads land here, and large payloads in place.

   Loops of asyncio and uvloop ask for a buffer right before they read, so one is enough for all
   connections of a thread. What the scanner keeps of it is copied before anything else runs. */

#ifndef WEFT_INTAKE_H
#define WEFT_INTAKE_H

#include "inbox.h"

enum { MEMORY_SIZE = 1 << 18 };

/* The memory of the first thread that reads; others, which are few, have some for each inbox. */
static PyObject *
find_memory(State *state)
{
    PyObject *memory = NULL;
    unsigned long thread = PyThread_get_thread_ident();
    Py_BEGIN_CRITICAL_SECTION(state->scanner_type);
    if (state->memory == NULL) {
        PyObject *bytes = PyByteArray_FromStringAndSize(NULL, MEMORY_SIZE);
        state->memory = bytes == NULL ? NULL : PyMemoryView_FromObject(bytes);
        state->memory_thread = thread;
        Py_XDECREF(bytes);
    }
    if (state->memory_thread == thread) {
        memory = Py_XNewRef(state->memory);
    }
    Py_END_CRITICAL_SECTION();
    return memory;
}

static PyObject *
make_memory(Inbox *self)
{
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, MEMORY_SIZE);
    if (bytes != NULL) {
        Py_XSETREF(self->memory, PyMemoryView_FromObject(bytes));
        Py_DECREF(bytes);
    }
    return Py_XNewRef(self->memory);
}

static PyObject *
inbox_get_buffer(Inbox *self, PyObject *hint)
{
    unsigned char *at = NULL;
    PyObject *memory;
    self->is_filling = 0;
    if (self->is_direct) {
        at = find_room(self->scanner, &self->room);
        if (at == NULL && PyErr_Occurred()) {
            return NULL;
        }
    }
    if (at != NULL) {
        self->is_filling = 1;
        return PyMemoryView_FromMemory((char *)at, self->room, PyBUF_WRITE);
    }
    self->room = MEMORY_SIZE;
    memory = find_memory(self->state);
    return memory != NULL || PyErr_Occurred() ? memory : make_memory(self);
}

/* Bytes are in the memory that was given last. */
static PyObject *
receive_lent(Inbox *self, Byte *at, Py_ssize_t size)
{
    int is_ours = hear_peer(self), is_alone = self->callback != NULL && is_empty(self), is_done;
    PyObject *data, *result;
    if (is_ours < 0) {
        return NULL;
    }
    if (!is_ours) {
        data = PyBytes_FromStringAndSize((const char *)at, size);
        result = data == NULL ? NULL : call_owner(self, "take_bytes", data);
        Py_XDECREF(data);
        return result;
    }
    if (is_alone) {
        is_done = deliver_one(self, at, (size_t)size);
        if (is_done) {
            return is_done < 0 ? NULL : Py_NewRef(Py_None);
        }
    }
    return deliver(self, feed_lent(self->scanner, at, (size_t)size), is_alone);
}

/* A part of a large payload is in its place. */
static PyObject *
receive_filled(Inbox *self, Py_ssize_t size)
{
    const FrameScanner *scanner = self->scanner;
    int is_alone = self->callback != NULL && is_empty(self);
    PyObject *frames;
    if (hear_peer(self) < 0) {
        return NULL;
    }
    if (scanner->payload == NULL ||
        (uint64_t)PyBytes_GET_SIZE(scanner->payload) < scanner->frame.taken + (uint64_t)size) {
        PyErr_SetString(PyExc_RuntimeError, "the buffer was not filled at once");
        return NULL;
    }
    Py_BEGIN_CRITICAL_SECTION(self->scanner);
    frames = feed_filled(self->scanner, (size_t)size);
    Py_END_CRITICAL_SECTION();
    return deliver(self, frames, is_alone);
}

static PyObject *
inbox_buffer_updated(Inbox *self, PyObject *arg)
{
    Py_ssize_t size = PyLong_AsSsize_t(arg), room = self->room;
    PyObject *memory, *result;
    int is_filling = self->is_filling;
    self->is_filling = 0;
    self->room = 0;
    if (size == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (size < 0 || size > room) {
        PyErr_SetString(PyExc_ValueError, "more was read than get_buffer() had room for");
        return NULL;
    }
    if (is_filling) {
        return receive_filled(self, size);
    }
    if (room == 0) {
        return inbox_data_received(self, self->state->no_bytes); /* no buffer was asked for */
    }
    memory = self->memory == NULL ? Py_NewRef(self->state->memory) : self->memory;
    self->memory = NULL;
    result = receive_lent(self, PyMemoryView_GET_BUFFER(memory)->buf, size);
    Py_DECREF(memory);
    return result;
}

#endif
