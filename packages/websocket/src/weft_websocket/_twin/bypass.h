/* Sending past the transport: on a link's socket itself, while nothing waits in the transport.

   Never blocks, so the interpreter lock is kept, as loops keep it. Whatever the socket does not
   take, for whatever reason, is the transport's, which finds out about errors by itself. */

#ifndef WEFT_BYPASS_H
#define WEFT_BYPASS_H

#include "scan.h"

#ifndef _WIN32
#include <sys/socket.h>
#include <sys/uio.h>
#endif

#ifndef MSG_NOSIGNAL /* Python ignores the signal anyway */
#define MSG_NOSIGNAL 0
#endif

typedef struct {
    const void *data;
    size_t size;
} Part;

/* The descriptor to send on: -1 where that must not be done, or with an exception. */
static int
find_descriptor(const State *state, PyObject *link)
{
    PyObject *number = PyObject_GetAttr(link, state->bypass), *transport, *waiting;
    long descriptor = number == NULL ? -1 : PyLong_AsLong(number);
    Py_XDECREF(number);
    if (descriptor < 0 || descriptor > INT_MAX) {
        return -1;
    }
    transport = PyObject_GetAttr(link, state->transport);
    waiting = transport == NULL ? NULL : PyObject_CallMethodNoArgs(transport, state->buffer_size);
    Py_XDECREF(transport);
    if (waiting == NULL) {
        return -1;
    }
    if (PyObject_IsTrue(waiting) != 0) {
        descriptor = -1;
    }
    Py_DECREF(waiting);
    return (int)descriptor;
}

/* How many bytes of a frame in two parts, header and payload, the socket took. -1: an exception.
 */
static Py_ssize_t
send_past(const State *state, PyObject *link, const Part parts[2])
{
    int descriptor = find_descriptor(state, link);
    Py_ssize_t sent = 0;
    if (descriptor < 0) {
        return PyErr_Occurred() ? -1 : 0;
    }
#ifndef _WIN32
    struct iovec vector[2] = {
        {(void *)parts[0].data, parts[0].size}, {(void *)parts[1].data, parts[1].size}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
    if (parts[1].size == 0) {
        sent = send(descriptor, parts[0].data, parts[0].size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        sent = sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
#endif
    return sent < 0 ? 0 : sent;
}

#endif
