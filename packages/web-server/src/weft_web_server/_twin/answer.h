/* From a plain response to its bytes. */

#ifndef WEFT_ANSWER_H
#define WEFT_ANSWER_H

#include "course.h"

/* The head of a plain response up to its length: borrowed; NULL where it is not plain or not known
   yet. Those that are were rendered by the plan of a response like it. */
static PyObject *
find_prefix(Starter *self, PyObject *response, Py_ssize_t size)
{
    PyObject *key, *prefix, *media = AT(response, response, _media);
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
    key = PyTuple_Pack(3, AT(response, response, _status), AT(response, response, _reason), media);
    prefix = key == NULL ? NULL : PyDict_GetItemWithError(self->kinds[KIND_prefixes], key);
    Py_XDECREF(key);
    return prefix;
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

static int
is_true(PyObject *object, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(object, name);
    int answer = value == NULL ? -1 : PyObject_IsTrue(value);
    Py_XDECREF(value);
    return answer;
}

/* The marks of a head; -1 with an exception. */
static long long
find_marks(const State *state, PyObject *head)
{
    PyObject *marks = PyObject_GetAttr(head, state->names[NAME_marks]);
    long long value = marks == NULL ? -1 : PyLong_AsLongLong(marks);
    Py_XDECREF(marks);
    return value;
}

/* Whether nothing but the usual is to be done about a response; -1 with an exception. */
static int
is_usual(Starter *self, const Course *course, PyObject *response)
{
    const State *state = self->state;
    PyObject *head, *endpoint, *body, *exchange = course->exchange;
    long long marks;
    int answer;
    if ((PyObject *)Py_TYPE(response) != self->kinds[KIND_response] ||
        AT(exchange, exchange, phase) != self->kinds[KIND_open] ||
        AT(exchange, exchange, is_whole) != Py_True ||
        AT(self->host, host, is_draining) != Py_False) {
        return 0;
    }
    answer = is_true(AT(course->carrier, carrier, link), state->names[NAME_is_full]);
    if (answer != 0) {
        return answer < 0 ? -1 : 0; /* whoever asks on and reads nothing waits */
    }
    body = AT(response, response, _body);
    if (body != Py_None && (!PyBytes_CheckExact(body) || PyBytes_GET_SIZE(body) > JOIN_SIZE)) {
        return 0;
    }
    endpoint = AT(exchange, exchange, endpoint);
    if (endpoint != Py_None) {
        answer = is_true(endpoint, state->names[NAME_is_plain]);
        if (answer <= 0) {
            return answer;
        }
    }
    head = AT(exchange, exchange, head);
    marks = find_marks(state, head);
    if (marks < 0 || (unsigned long)marks & MARK_HTTP_10) {
        return marks < 0 ? -1 : 0;
    }
    return is_true(head, state->names[NAME_persistent]);
}

/* Render a plain response; 0 where it is not that, or not the usual. */
static int
answer_plainly(Starter *self, Course *course, PyObject *response)
{
    PyObject *body, *prefix, *method, *exchange = course->exchange;
    Py_ssize_t size;
    int usual = is_usual(self, course, response);
    if (usual <= 0) {
        return usual;
    }
    body = AT(response, response, _body);
    size = body == Py_None ? 0 : PyBytes_GET_SIZE(body);
    prefix = find_prefix(self, response, size);
    if (prefix == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    method = PyObject_GetAttr(AT(exchange, exchange, head), self->state->names[NAME_method]);
    if (method == NULL) {
        return -1;
    }
    if (PyUnicode_CompareWithASCIIString(method, "HEAD") == 0) {
        body = NULL;
    }
    Py_DECREF(method);
    course->bytes = join_answer(prefix, PyTuple_GET_ITEM(AT(self->host, host, stamp), 2),
        body == Py_None ? NULL : body, size);
    if (course->bytes == NULL) {
        return -1;
    }
    PUT(exchange, exchange, phase, self->kinds[KIND_ended]);
    PUT(exchange, exchange, persistent, Py_True);
    return 1;
}

#endif
