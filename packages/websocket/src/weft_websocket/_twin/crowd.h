/* One message to many senders: a loop over all that can take it at once. */

#ifndef WEFT_CROWD_H
#define WEFT_CROWD_H

#include "sender.h"

typedef struct {
    PyObject *message; /* for senders that have to render it their own way */
    PyObject *frame;   /* for all others */
    double now;
    double pause;
} Offer;

/* What this sender writes for the message; a new reference. */
static PyObject *
render_offer(Sender *self, const Offer *offer)
{
    if (self->is_plain && !self->is_masked) {
        return Py_NewRef(offer->frame);
    }
    return PyObject_CallMethodOneArg(self->protocol, self->state->send_prepared, offer->message);
}

/* Write a frame past the transport, unless this sender did so a moment ago: then the transport
   joins what is offered in one pass. How many bytes the socket took, or -1. */
static Py_ssize_t
offer_past(Sender *self, PyObject *frame, const Offer *offer)
{
    const Part parts[2] = {{PyBytes_AS_STRING(frame), (size_t)PyBytes_GET_SIZE(frame)}, {NULL, 0}};
    Py_ssize_t sent;
    if (offer->now - self->offered_at < offer->pause) {
        return 0;
    }
    sent = send_past(self->state, self->link, parts);
    if (sent > 0) {
        self->offered_at = offer->now;
    }
    return sent;
}

/* Give data to the link. 1: written, 0: the link is closed or full, -1: an exception. */
static int
offer_to_link(Sender *self, PyObject *data)
{
    PyObject *result = PyObject_GetAttr(self->link, self->state->is_full);
    int is_full = result == NULL ? -1 : PyObject_IsTrue(result);
    Py_XDECREF(result);
    if (is_full != 0) {
        return is_full < 0 ? -1 : 0;
    }
    result = PyObject_CallMethodOneArg(self->link, self->state->write, data);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_ConnectionError)) {
        PyErr_Clear();
        return 0;
    }
    Py_XDECREF(result);
    return result == NULL ? -1 : 1;
}

static int
offer_frame(Sender *self, PyObject *frame, const Offer *offer)
{
    Py_ssize_t sent = offer_past(self, frame, offer), size = PyBytes_GET_SIZE(frame);
    PyObject *rest;
    int written;
    if (sent <= 0) {
        return sent < 0 ? -1 : offer_to_link(self, frame);
    }
    if (sent == size) {
        return 1;
    }
    rest = PyBytes_FromStringAndSize(PyBytes_AS_STRING(frame) + sent, size - sent);
    if (rest == NULL) {
        return -1;
    }
    written = offer_to_link(self, rest); /* the link was open and empty just now */
    Py_DECREF(rest);
    return written;
}

/* 1: written, 0: this sender needs more than that, -1: an exception. */
static int
offer_one(Sender *self, const Offer *offer)
{
    PyObject *phase, *frame;
    int is_open, written = -1;
    if (self->link == NULL || !self->is_free) {
        return 0;
    }
    phase = PyObject_GetAttr(self->protocol, self->state->phase);
    is_open = phase == self->open_phase;
    Py_XDECREF(phase);
    if (!is_open) {
        return phase == NULL ? -1 : 0;
    }
    frame = render_offer(self, offer);
    if (frame != NULL && !PyBytes_CheckExact(frame)) {
        PyErr_SetString(PyExc_TypeError, "a frame is bytes");
    } else if (frame != NULL) {
        written = offer_frame(self, frame, offer);
    }
    Py_XDECREF(frame);
    return written;
}

/* Add the place of a sender to the list. */
static int
note_place(PyObject *left, Py_ssize_t at)
{
    PyObject *number = PyLong_FromSsize_t(at);
    int failed = number == NULL || PyList_Append(left, number) < 0;
    Py_XDECREF(number);
    return failed ? -1 : 0;
}

static PyObject *
twin_offer_all(PyObject *module, PyObject *args)
{
    PyTypeObject *type = (PyTypeObject *)((State *)PyModule_GetState(module))->sender_type;
    PyObject *senders, *left;
    Offer offer;
    if (!PyArg_ParseTuple(args, "O!OSdd:offer_all", &PyTuple_Type, &senders, &offer.message,
            &offer.frame, &offer.now, &offer.pause)) {
        return NULL;
    }
    left = PyList_New(0);
    for (Py_ssize_t at = 0; left != NULL && at < PyTuple_GET_SIZE(senders); at++) {
        PyObject *sender = PyTuple_GET_ITEM(senders, at);
        int written = 0;
        if (PyObject_TypeCheck(sender, type)) {
            written = offer_one((Sender *)sender, &offer);
        }
        if (written < 0 || (written == 0 && note_place(left, at) < 0)) {
            Py_CLEAR(left);
        }
    }
    return left;
}

#endif
