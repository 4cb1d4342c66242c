/* The object around scan.h: bytes in, messages and frames out. */

#ifndef WEFT_FEED_H
#define WEFT_FEED_H

#include "scan.h"

static PyObject *
scanner_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"expects_mask", "allows_deflate", "decodes_text", "max_message_size",
        "max_fragments", "max_batch", NULL};
    int expects_mask, allows_deflate, decodes_text;
    Py_ssize_t max_message_size, max_fragments, max_batch;
    FrameScanner *self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "pppnnn:FrameScanner", names, &expects_mask,
            &allows_deflate, &decodes_text, &max_message_size, &max_fragments, &max_batch)) {
        return NULL;
    }
    if (max_message_size < 0) {
        PyErr_SetString(PyExc_ValueError, "max_message_size must not be negative");
        return NULL;
    }
    self = (FrameScanner *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = PyType_GetModuleState(type);
    self->mask_bit = expects_mask ? MASKED : 0;
    self->allows_deflate = (char)allows_deflate;
    self->decodes_text = (char)decodes_text;
    self->max_message_size = max_message_size;
    self->next_limit = -1;
    self->max_fragments = max_fragments;
    self->max_batch = max_batch;
    return (PyObject *)self;
}

static void
scanner_dealloc(FrameScanner *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(self->payload);
    Py_XDECREF(self->rest);
    type->tp_free(self);
    Py_DECREF(type);
}

/* Forget everything that was kept: nothing more will be read. */
static void
drop_input(FrameScanner *self)
{
    self->frame.is_open = 0;
    self->message.is_open = 0;
    self->header_size = 0;
    Py_CLEAR(self->payload);
    Py_CLEAR(self->rest);
}

/* The bytes to read: what an earlier batch left, then what is new. A new reference. */
static PyObject *
join_input(FrameScanner *self, PyObject *arg, Py_ssize_t *at)
{
    PyObject *data, *rest = self->rest;
    Py_ssize_t left;
    if (!PyObject_CheckBuffer(arg)) {
        return PyErr_Format(PyExc_TypeError, "a bytes-like object is required, not '%.100s'",
            Py_TYPE(arg)->tp_name);
    }
    *at = 0;
    if (rest == NULL) {
        return PyBytes_FromObject(arg);
    }
    self->rest = NULL;
    if (PyBytes_Check(arg) && PyBytes_GET_SIZE(arg) == 0) {
        *at = self->rest_at;
        return rest;
    }
    left = PyBytes_GET_SIZE(rest) - self->rest_at;
    data = PyBytes_FromStringAndSize(PyBytes_AS_STRING(rest) + self->rest_at, left);
    Py_DECREF(rest);
    PyBytes_Concat(&data, arg);
    return data;
}

static PyObject *
scanner_feed_locked(FrameScanner *self, PyObject *arg)
{
    PyObject *data, *frames = PyList_New(0);
    Py_ssize_t start = 0;
    Byte *at, *end;
    if (frames == NULL || self->fault || self->is_closed) {
        return frames;
    }
    data = join_input(self, arg, &start);
    if (data == NULL) {
        Py_DECREF(frames);
        return NULL;
    }
    at = (Byte *)PyBytes_AS_STRING(data);
    end = at + PyBytes_GET_SIZE(data);
    at = scan_frames(self, frames, at + start, end);
    if (at == NULL) {
        Py_CLEAR(frames);
        self->is_closed = 1; /* a scanner that failed stays failed */
    }
    if (self->fault || self->is_closed) {
        drop_input(self);
        self->has_more = 0;
    } else {
        self->has_more = PyList_GET_SIZE(frames) == self->max_batch && at < end;
        self->rest_at = at - (Byte *)PyBytes_AS_STRING(data);
        self->rest = self->has_more ? Py_NewRef(data) : NULL;
    }
    Py_DECREF(data);
    return frames;
}

static PyObject *
scanner_feed(FrameScanner *self, PyObject *arg)
{
    PyObject *frames;
    Py_BEGIN_CRITICAL_SECTION(self);
    frames = scanner_feed_locked(self, arg);
    Py_END_CRITICAL_SECTION();
    return frames;
}

#endif
