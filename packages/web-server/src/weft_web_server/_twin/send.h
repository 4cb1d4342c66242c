/* Bytes on their way to a link: gathered, or past the transport where that has none to send.

   Never blocks, so the interpreter lock is kept, as loops keep it. Whatever the socket does not
   take, for whatever reason, is the transport's, which finds out about errors by itself. */

#ifndef WEFT_SEND_H
#define WEFT_SEND_H

#include "course.h"

#ifndef _WIN32
#include <sys/socket.h>
#endif

#ifndef MSG_NOSIGNAL /* Python ignores the signal anyway */
#define MSG_NOSIGNAL 0
#endif

/* The descriptor to send on: -1 where that must not be done, -2 with an exception. */
static long
find_descriptor(const State *state, PyObject *link)
{
    PyObject *number = PyObject_GetAttr(link, state->names[NAME_bypass]), *transport, *waiting;
    long descriptor = number == NULL ? -2 : PyLong_AsLong(number);
    int is_waiting;
    Py_XDECREF(number);
    if (descriptor < 0 || descriptor > INT_MAX) {
        return PyErr_Occurred() ? -2 : -1;
    }
    transport = PyObject_GetAttr(link, state->names[NAME_transport]);
    waiting = transport == NULL
                  ? NULL
                  : PyObject_CallMethodNoArgs(transport, state->names[NAME_get_write_buffer_size]);
    Py_XDECREF(transport);
    if (waiting == NULL) {
        return -2;
    }
    is_waiting = PyObject_IsTrue(waiting);
    Py_DECREF(waiting);
    return is_waiting < 0 ? -2 : is_waiting ? -1 : descriptor;
}

static int
write_to_link(Starter *self, PyObject *carrier, PyObject *bytes)
{
    const State *state = self->state;
    PyObject *written, *rest, *link = AT(carrier, carrier, link);
    Py_ssize_t sent = 0, size = PyBytes_GET_SIZE(bytes);
#ifndef _WIN32
    long descriptor = find_descriptor(state, link);
    if (descriptor == -2) {
        return -1;
    }
    if (descriptor >= 0) {
        sent = send(
            (int)descriptor, PyBytes_AS_STRING(bytes), (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent == size) {
            return 0;
        }
        sent = sent < 0 ? 0 : sent;
    }
#endif
    PUT(carrier, carrier, _is_clogged, Py_True); /* as far as is known here */
    rest = sent == 0 ? Py_NewRef(bytes)
                     : PyBytes_FromStringAndSize(PyBytes_AS_STRING(bytes) + sent, size - sent);
    written =
        rest == NULL ? NULL : PyObject_CallMethodOneArg(link, state->names[NAME_write], rest);
    Py_XDECREF(rest);
    Py_XDECREF(written);
    return written == NULL ? -1 : 0;
}

static int
flush_gathered(Starter *self, PyObject *carrier)
{
    int sent;
    PyObject *bytes = AT(carrier, carrier, _out);
    if (PyBytes_GET_SIZE(bytes) == 0) {
        return 0;
    }
    AT(carrier, carrier, _out) = Py_NewRef(self->nothing);
    sent = write_to_link(self, carrier, bytes);
    Py_DECREF(bytes);
    return sent;
}

/* Send the bytes of an answer, or gather them while the carrier receives; takes them. */
static int
send_answer(Starter *self, PyObject *carrier, PyObject *bytes)
{
    int sent;
    PyObject **out = &AT(carrier, carrier, _out);
    if (AT(carrier, carrier, _is_receiving) == Py_True && PyBytes_GET_SIZE(*out) < GATHERED_SIZE) {
        if (PyBytes_GET_SIZE(*out) == 0) {
            Py_SETREF(*out, bytes);
            return 0;
        }
        PyBytes_ConcatAndDel(out, bytes);
        if (*out == NULL) {
            *out = Py_NewRef(self->nothing);
            return -1;
        }
        return 0;
    }
    /* Few bytes ask for many: what is gathered goes out, so that a full link is known as such. */
    sent = flush_gathered(self, carrier);
    if (sent == 0) {
        sent = write_to_link(self, carrier, bytes);
    }
    Py_DECREF(bytes);
    return sent;
}

static int
flush_answers(Starter *self, PyObject *carrier)
{
    PUT(carrier, carrier, _is_receiving, Py_False);
    return flush_gathered(self, carrier);
}

#endif
