/* From a plain response to its bytes. */

#ifndef WEFT_ANSWER_H
#define WEFT_ANSWER_H

#include "course.h"

/* Borrowed from the starter, which keeps it: others may clear the dict. */
static PyObject *
look_prefix_up(Starter *self, PyObject *const *parts)
{
    PyObject *key, *prefix = NULL;
    if (parts[0] == NULL || parts[1] == NULL || parts[2] == NULL) {
        return NULL; /* a response that was never made */
    }
    key = PyTuple_Pack(3, parts[0], parts[1], parts[2]);
    if (key == NULL) {
        return NULL;
    }
#if PY_VERSION_HEX >= 0x030D0000
    (void)PyDict_GetItemRef(self->kinds[KIND_prefixes], key, &prefix);
#else
    prefix = Py_XNewRef(PyDict_GetItemWithError(self->kinds[KIND_prefixes], key));
#endif
    Py_DECREF(key);
    if (prefix != NULL) {
        for (int index = 0; index < 3; index++) {
            Py_XSETREF(self->prefix_of[index], Py_NewRef(parts[index]));
        }
        Py_XSETREF(self->prefix, prefix);
    }
    return prefix;
}

/* The head of a plain response up to its length: borrowed; NULL where it is not plain or not known
   yet. Those that are were rendered by the plan of a response like it. */
static PyObject *
find_prefix(Starter *self, PyObject *response, Py_ssize_t size)
{
    PyObject *media = AT(response, response, _media);
    PyObject *parts[3] = {AT(response, response, _status), AT(response, response, _reason), NULL};
    int index;
    if (AT(response, response, _headers) != Py_None ||
        AT(response, response, _cookies) != Py_None ||
        AT(response, response, _wishes) != Py_None) {
        return NULL;
    }
    if (media == Py_None) {
        if (size == 0) {
            return NULL;
        }
        media = self->kinds[KIND_octets];
    }
    parts[2] = media;
    for (index = 0; index < 3 && parts[index] == self->prefix_of[index]; index++) {
    }
    return index == 3 ? self->prefix : look_prefix_up(self, parts);
}

static PyObject *
join_answer(PyObject *prefix, PyObject *tail, PyObject *body, Py_ssize_t size)
{
    char digits[DIGITS];
    Py_ssize_t count = 0, rest = size, length;
    PyObject *bytes;
    char *to;
    do {
        digits[DIGITS - ++count] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (body == NULL) {
        size = 0;
    }
    length = PyBytes_GET_SIZE(prefix) + count + PyBytes_GET_SIZE(tail) + size;
    bytes = PyBytes_FromStringAndSize(NULL, length);
    if (bytes == NULL) {
        return NULL;
    }
    to = PyBytes_AS_STRING(bytes);
    memcpy(to, PyBytes_AS_STRING(prefix), (size_t)PyBytes_GET_SIZE(prefix));
    to += PyBytes_GET_SIZE(prefix);
    memcpy(to, digits + DIGITS - count, (size_t)count);
    to += count;
    memcpy(to, PyBytes_AS_STRING(tail), (size_t)PyBytes_GET_SIZE(tail));
    if (size > 0) {
        memcpy(to + PyBytes_GET_SIZE(tail), PyBytes_AS_STRING(body), (size_t)size);
    }
    return bytes;
}

/* The traits of a head; -1 with an exception. */
static long
find_traits(const State *state, PyObject *head)
{
    PyObject *traits = PyObject_GetAttr(head, state->names[NAME_traits]);
    long value = traits == NULL ? -1 : PyLong_AsLong(traits);
    Py_XDECREF(traits);
    return value;
}

/* Whether the link took all that was sent; -1 with an exception. One that did not is full, maybe.
 */
static int
is_clear(Starter *self, PyObject *carrier)
{
    PyObject *full;
    int is_full;
    if (AT(carrier, carrier, _is_clogged) == Py_False) {
        return 1;
    }
    full = PyObject_GetAttr(AT(carrier, carrier, link), self->state->names[NAME_is_full]);
    is_full = full == NULL ? -1 : PyObject_IsTrue(full);
    Py_XDECREF(full);
    if (is_full == 0) {
        PUT(carrier, carrier, _is_clogged, Py_False);
    }
    return is_full < 0 ? -1 : !is_full;
}

/* Whether nothing but the usual is to be done about a response; -1 with an exception. */
static int
is_usual(Starter *self, const Course *course, PyObject *response)
{
    PyObject *endpoint, *body, *exchange = course->exchange;
    if ((PyObject *)Py_TYPE(response) != self->kinds[KIND_response] ||
        AT(exchange, exchange, phase) != self->kinds[KIND_open] ||
        AT(exchange, exchange, is_whole) != Py_True ||
        AT(self->host, host, is_draining) != Py_False) {
        return 0;
    }
    body = AT(response, response, _body);
    if (body == NULL) {
        return 0; /* never made */
    }
    if (body != Py_None && (!PyBytes_CheckExact(body) || PyBytes_GET_SIZE(body) > JOIN_SIZE)) {
        return 0;
    }
    endpoint = AT(exchange, exchange, endpoint);
    if (endpoint != Py_None && ((PyObject *)Py_TYPE(endpoint) != self->kinds[KIND_destination] ||
                                   AT(endpoint, destination, is_plain) != Py_True)) {
        return 0;
    }
    return is_clear(self, course->carrier);
}

/* Whether the head leaves the connection open, as it is now: somebody may have changed that. */
static int
is_persistent(Starter *self, Course *course)
{
    PyObject *exchange = course->exchange;
    course->traits = find_traits(self->state, AT(exchange, exchange, head));
    return course->traits < 0 ? -1 : !(course->traits & (TRAIT_LAST | TRAIT_HTTP_10));
}

/* Render a plain response; 0 where it is not that, or not the usual. */
static int
answer_plainly(Starter *self, Course *course, PyObject *response)
{
    PyObject *body, *prefix, *exchange = course->exchange;
    Py_ssize_t size;
    int usual = is_usual(self, course, response);
    usual = usual <= 0 ? usual : is_persistent(self, course);
    if (usual <= 0) {
        return usual;
    }
    body = AT(response, response, _body);
    size = body == Py_None ? 0 : PyBytes_GET_SIZE(body);
    prefix = find_prefix(self, response, size);
    if (prefix == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    if (body == Py_None || course->traits & TRAIT_HEAD) {
        body = NULL;
    }
    course->bytes =
        join_answer(prefix, PyTuple_GET_ITEM(AT(self->host, host, stamp), 2), body, size);
    if (course->bytes == NULL) {
        return -1;
    }
    PUT(exchange, exchange, phase, self->kinds[KIND_ended]);
    PUT(exchange, exchange, persistent, Py_True);
    return 1;
}

#endif
