/* The object around scan.h: bytes in, messages and frames out. */

#ifndef WEFT_FEED_H
#define WEFT_FEED_H

#include "scan.h"

/* From here on the rest of a payload is read to where it belongs. A fuzzer wants less. */
#ifndef WEFT_LARGE_REST
#define WEFT_LARGE_REST 8192
#endif
enum { LARGE_REST = WEFT_LARGE_REST };

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

/* What is left when a batch is full, or is dropped when nothing more will be read. `data` is what
   holds the bytes, or NULL where they are only lent. */
static int
settle_input(FrameScanner *self, PyObject *data, Byte *at, Byte *end, int is_full)
{
    if (self->fault || self->is_closed) {
        drop_input(self);
        self->has_more = 0;
        return 0;
    }
    self->has_more = is_full && at < end;
    if (!self->has_more) {
        return 0;
    }
    self->rest_at = data == NULL ? 0 : at - (Byte *)PyBytes_AS_STRING(data);
    self->rest =
        data == NULL ? PyBytes_FromStringAndSize((const char *)at, end - at) : Py_NewRef(data);
    return self->rest == NULL ? -1 : 0;
}

/* The frames in at..end. */
static PyObject *
feed_span(FrameScanner *self, PyObject *data, Byte *at, Byte *end)
{
    PyObject *frames = PyList_New(0);
    if (frames == NULL) {
        return NULL;
    }
    at = scan_frames(self, frames, at, end);
    if (at == NULL) {
        self->is_closed = 1; /* a scanner that failed stays failed */
    }
    if (settle_input(self, data, at, end, PyList_GET_SIZE(frames) == self->max_batch) < 0 ||
        at == NULL) {
        Py_CLEAR(frames);
    }
    return frames;
}

static PyObject *
scanner_feed_locked(FrameScanner *self, PyObject *arg)
{
    PyObject *data, *frames;
    Py_ssize_t start = 0;
    Byte *at;
    if (self->fault || self->is_closed) {
        return PyList_New(0);
    }
    data = join_input(self, arg, &start);
    if (data == NULL) {
        return NULL;
    }
    at = (Byte *)PyBytes_AS_STRING(data);
    frames = feed_span(self, data, at + start, at + PyBytes_GET_SIZE(data));
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

static PyObject *
feed_lent_locked(FrameScanner *self, Byte *at, size_t size)
{
    PyObject *data, *frames;
    if (self->fault || self->is_closed) {
        return PyList_New(0);
    }
    if (self->rest == NULL) {
        return feed_span(self, NULL, at, at + size);
    }
    data = PyBytes_FromStringAndSize((const char *)at, (Py_ssize_t)size);
    frames = data == NULL ? NULL : scanner_feed_locked(self, data);
    Py_XDECREF(data);
    return frames;
}

/* The same for bytes that are only lent: copied where they are to be kept. */
static PyObject *
feed_lent(FrameScanner *self, Byte *at, size_t size)
{
    PyObject *frames;
    Py_BEGIN_CRITICAL_SECTION(self);
    frames = feed_lent_locked(self, at, size);
    Py_END_CRITICAL_SECTION();
    return frames;
}

/* Where the rest of a large payload may be put by whoever reads it; NULL where it is small, or
   with an exception. */
static unsigned char *
find_room(FrameScanner *self, Py_ssize_t *room)
{
    Frame *frame = &self->frame;
    if (!frame->is_open || frame->taken == 0 || frame->length - frame->taken < LARGE_REST) {
        return NULL;
    }
    if (grow_payload(self, 1) < 0) {
        self->is_closed = 1; /* what had come is lost */
        drop_input(self);
        return NULL;
    }
    *room = PyBytes_GET_SIZE(self->payload) - (Py_ssize_t)frame->taken;
    return (unsigned char *)PyBytes_AS_STRING(self->payload) + frame->taken;
}

/* The frames after so many bytes were put there: one at most. */
static PyObject *
feed_filled(FrameScanner *self, size_t size)
{
    Frame *frame = &self->frame;
    unsigned char *target = (unsigned char *)PyBytes_AS_STRING(self->payload) + frame->taken;
    PyObject *payload, *frames = PyList_New(0);
    if (frames == NULL) {
        return NULL;
    }
    apply_mask(target, target, size, rotate_key(frame->key, (size_t)(frame->taken & 3)));
    payload = take_filled(self, size);
    if (payload != NULL && finish_frame(self, frames, payload) == 0) {
        return frames;
    }
    if (PyErr_Occurred()) {
        self->is_closed = 1;
        Py_CLEAR(frames);
    }
    (void)settle_input(self, NULL, NULL, NULL, 0);
    return frames;
}

#endif
