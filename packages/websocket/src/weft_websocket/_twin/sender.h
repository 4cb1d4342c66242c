/* Sender: a plain message to its frame to the link, in one step of C; and keys to mask it with. */

#ifndef WEFT_SENDER_H
#define WEFT_SENDER_H

#include "bypass.h"
#include "render.h"

typedef struct {
    PyObject_HEAD
    State *state;
    PyObject *link;
    PyObject *protocol;
    PyObject *open_phase;
    Py_ssize_t write_limit;
    Py_ssize_t unsent;
    double offered_at; /* when offer_all() went past the transport */
    char answers_now;  /* the next message may go past the transport */
    char is_free;
    char is_plain;
    char is_masked;
} Sender;

/* From here on an unmasked payload is not copied behind its header, which is Python's work. */
enum { PARTS_SIZE = 32768 };

/* The next four random bytes (RFC 6455 5.3), fetched for a thousand frames at once. */
static int
next_key_locked(State *state, unsigned char key[4])
{
    PyObject *pool;
    if (state->pool == NULL || state->pool_at + 4 > PyBytes_GET_SIZE(state->pool)) {
        pool = PyObject_CallOneArg(state->random, state->random_size);
        if (pool == NULL) {
            return -1;
        }
        if (!PyBytes_CheckExact(pool) || PyBytes_GET_SIZE(pool) < 4) {
            Py_DECREF(pool);
            PyErr_SetString(PyExc_TypeError, "urandom() gave no bytes");
            return -1;
        }
        Py_XSETREF(state->pool, pool);
        state->pool_at = 0;
    }
    memcpy(key, PyBytes_AS_STRING(state->pool) + state->pool_at, 4);
    state->pool_at += 4;
    return 0;
}

/* The pool is everybody's: some object that always exists lends its lock. */
static int
next_key(State *state, unsigned char key[4])
{
    int failed;
    Py_BEGIN_CRITICAL_SECTION(state->scanner_type);
    failed = next_key_locked(state, key);
    Py_END_CRITICAL_SECTION();
    return failed;
}

static PyObject *
twin_next_key(PyObject *module, PyObject *unused)
{
    unsigned char key[4];
    int failed = next_key(PyModule_GetState(module), key);
    return failed ? NULL : PyBytes_FromStringAndSize((const char *)key, 4);
}

static PyObject *
twin_forget_keys(PyObject *module, PyObject *unused)
{
    State *state = PyModule_GetState(module);
    Py_BEGIN_CRITICAL_SECTION(state->scanner_type);
    Py_CLEAR(state->pool);
    Py_END_CRITICAL_SECTION();
    return Py_NewRef(Py_None);
}

static PyObject *
render_plain(Sender *self, unsigned char first, PyObject *data)
{
    unsigned char key[4];
    if (self->is_masked && next_key(self->state, key) < 0) {
        return NULL;
    }
    return render_payload(first, data, self->is_masked ? key : NULL);
}

static PyObject *
refuse_unmade(void)
{
    PyErr_SetString(PyExc_RuntimeError, "Sender.__init__() was not called");
    return NULL;
}

/* Whether a message can be written at once, as it is. -1: failed. */
static int
can_write_plain(Sender *self)
{
    PyObject *phase;
    int is_open;
    if (self->link == NULL) {
        (void)refuse_unmade();
        return -1;
    }
    if (!self->is_free || !self->is_plain) {
        return 0;
    }
    phase = PyObject_GetAttr(self->protocol, self->state->phase);
    is_open = phase == self->open_phase;
    Py_XDECREF(phase);
    return phase == NULL ? -1 : is_open;
}

/* What a sender awaits that wrote something, of which `size` bytes are the transport's. */
static PyObject *
after_write(Sender *self, Py_ssize_t size)
{
    self->unsent += size;
    if (self->unsent > self->write_limit) {
        return PyObject_CallMethod((PyObject *)self, "drain", NULL);
    }
    return Py_NewRef(self->state->done);
}

/* Give data to the link; what the sender awaits. Steals the data. */
static PyObject *
write_data(Sender *self, PyObject *data, Py_ssize_t size)
{
    PyObject *result;
    if (data == NULL) {
        return NULL;
    }
    result = PyObject_CallMethodOneArg(self->link, self->state->write, data);
    Py_DECREF(data);
    if (result == NULL) {
        return NULL;
    }
    Py_DECREF(result);
    return after_write(self, size);
}

/* Write a frame, past the transport if that may be. Steals the frame. */
static PyObject *
write_frame(Sender *self, PyObject *frame)
{
    Py_ssize_t sent = 0, size = frame == NULL ? 0 : PyBytes_GET_SIZE(frame);
    if (frame != NULL && self->answers_now) {
        const Part parts[2] = {{PyBytes_AS_STRING(frame), (size_t)size}, {NULL, 0}};
        self->answers_now = 0; /* what follows in this pass is joined by the transport */
        sent = send_past(self->state, self->link, parts);
        if (sent < 0) {
            Py_DECREF(frame);
            return NULL;
        }
    }
    if (sent == 0) {
        return write_data(self, frame, size);
    }
    size -= sent;
    if (size != 0) {
        PyObject *rest = PyBytes_FromStringAndSize(PyBytes_AS_STRING(frame) + sent, size);
        Py_DECREF(frame);
        return write_data(self, rest, size);
    }
    Py_DECREF(frame);
    return after_write(self, 0);
}

/* Write a large message, past the transport if that may be, without a copy behind its header.
   NULL without an exception where nothing was written. */
static PyObject *
write_large(Sender *self, unsigned char first, PyObject *payload)
{
    unsigned char header[HEADER_LIMIT];
    size_t size = (size_t)PyBytes_GET_SIZE(payload);
    size_t header_size = put_header(header, first, size, 0);
    const Part parts[2] = {{header, header_size}, {PyBytes_AS_STRING(payload), size}};
    Py_ssize_t sent, left;
    size_t header_left;
    PyObject *rest;
    self->answers_now = 0;
    sent = send_past(self->state, self->link, parts);
    if (sent <= 0) {
        return NULL;
    }
    left = (Py_ssize_t)(header_size + size) - sent;
    if (left == 0) {
        return after_write(self, 0);
    }
    rest = PyBytes_FromStringAndSize(NULL, left);
    if (rest != NULL) {
        char *target = PyBytes_AS_STRING(rest);
        header_left = (size_t)sent < header_size ? header_size - (size_t)sent : 0;
        memcpy(target, header + header_size - header_left, header_left);
        memcpy(target + header_left,
            PyBytes_AS_STRING(payload) + size - ((size_t)left - header_left),
            (size_t)left - header_left);
    }
    return write_data(self, rest, left);
}

static PyObject *
sender_write_frame(Sender *self, PyObject *frame)
{
    if (!PyBytes_CheckExact(frame)) {
        return PyErr_Format(
            PyExc_TypeError, "a frame is bytes, not %.100s", Py_TYPE(frame)->tp_name);
    }
    if (self->link == NULL) {
        return refuse_unmade();
    }
    return write_frame(self, Py_NewRef(frame));
}

static PyObject *
sender_send_text(Sender *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *name = self->state->write_text_name, *stack[] = {(PyObject *)self, NULL, NULL};
    int is_plain = check_count("send_text", count, 2) < 0 ? -1 : can_write_plain(self);
    if (is_plain < 0) {
        return NULL;
    }
    if (is_plain) {
        return write_frame(self, render_plain(self, FIN | TEXT, args[0]));
    }
    stack[1] = args[0];
    stack[2] = args[1];
    return PyObject_VectorcallMethod(name, stack, 3, NULL);
}

static PyObject *
sender_send_binary(Sender *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *name = self->state->write_binary_name, *stack[] = {(PyObject *)self, NULL, NULL};
    PyObject *written;
    int is_plain = check_count("send_binary", count, 2) < 0 ? -1 : can_write_plain(self);
    if (is_plain < 0) {
        return NULL;
    }
    if (is_plain && PyBytes_CheckExact(args[0])) {
        if (self->is_masked || PyBytes_GET_SIZE(args[0]) < PARTS_SIZE) {
            return write_frame(self, render_plain(self, FIN | BINARY, args[0]));
        }
        written = self->answers_now ? write_large(self, FIN | BINARY, args[0]) : NULL;
        if (written != NULL || PyErr_Occurred()) {
            return written;
        }
    }
    stack[1] = args[0];
    stack[2] = args[1];
    return PyObject_VectorcallMethod(name, stack, 3, NULL);
}

#endif
