/* What concerns one message of a scanner: another limit, and what has come of its open frame. */

#ifndef WEFT_PARTS_H
#define WEFT_PARTS_H

#include "feed.h"

static PyObject *
scanner_allow(FrameScanner *self, PyObject *arg)
{
    Py_ssize_t limit = -1;
    if (arg != Py_None) {
        limit = PyNumber_AsSsize_t(arg, PyExc_OverflowError);
        if (limit < 0) {
            if (!PyErr_Occurred()) {
                PyErr_SetString(PyExc_ValueError, "max_message_size must not be negative");
            }
            return NULL;
        }
    }
    Py_BEGIN_CRITICAL_SECTION(self);
    self->next_limit = limit;
    if (self->message.is_open && limit >= 0) {
        self->message.limit = limit_of(self, self->message.is_compressed);
        self->next_limit = -1;
    }
    Py_END_CRITICAL_SECTION();
    Py_RETURN_NONE;
}

/* Give away what has come of the open frame: the rest of it has its length and its turn of the
   key, as if it were the next fragment. */
static PyObject *
scanner_take_part_locked(FrameScanner *self)
{
    Frame *frame = &self->frame;
    PyObject *part, *payload = self->payload;
    uint32_t word;
    if (payload == NULL || !frame->is_open || (frame->first & OPCODE) >= CLOSE) {
        Py_RETURN_NONE;
    }
    self->payload = NULL;
    if (_PyBytes_Resize(&payload, (Py_ssize_t)frame->taken) < 0) {
        self->is_closed = 1; /* a scanner that failed stays failed */
        drop_input(self);
        return NULL;
    }
    part = Py_BuildValue("iN", frame->first & ~FIN, payload);
    self->is_closed = part == NULL;
    word = rotate_key(frame->key, (size_t)(frame->taken & 3));
    memcpy(frame->key, &word, sizeof(word));
    frame->first &= FIN;
    frame->given += frame->taken;
    frame->length -= frame->taken;
    frame->taken = 0;
    return part;
}

static PyObject *
scanner_take_part(FrameScanner *self, PyObject *unused)
{
    PyObject *part;
    Py_BEGIN_CRITICAL_SECTION(self);
    part = scanner_take_part_locked(self);
    Py_END_CRITICAL_SECTION();
    return part;
}

#endif
