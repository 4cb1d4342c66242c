/* Starter: from the bytes of requests to those of their answers. */

#ifndef WEFT_STARTER_H
#define WEFT_STARTER_H

#include "step.h"

/* Send the bytes of an answer, or gather them while the carrier receives; takes them. */
static int
send_answer(Starter *self, PyObject *carrier, PyObject *bytes)
{
    PyObject *sent;
    if (AT(carrier, carrier, _is_receiving) == Py_True) {
        PyObject **out = &AT(carrier, carrier, _out);
        if (PyBytes_GET_SIZE(*out) == 0) {
            Py_SETREF(*out, bytes);
            return 0;
        }
        PyBytes_ConcatAndDel(out, bytes);
        return *out == NULL ? -1 : 0;
    }
    sent = PyObject_CallMethodOneArg(
        AT(carrier, carrier, link), self->state->names[NAME_write], bytes);
    Py_DECREF(bytes);
    Py_XDECREF(sent);
    return sent == NULL ? -1 : 0;
}

/* What is behind an answer, outside of a read: the carrier knows. */
static int
tell_over(Starter *self, PyObject *carrier)
{
    PyObject *exchange = Py_NewRef(AT(carrier, carrier, exchange));
    PyObject *told = PyObject_CallMethodOneArg(carrier, self->state->names[NAME_over], exchange);
    Py_DECREF(exchange);
    Py_XDECREF(told);
    return told == NULL ? -1 : 0;
}

static int
check_carrier(Starter *self, PyObject *carrier)
{
    if ((PyObject *)Py_TYPE(carrier) != self->kinds[KIND_carrier]) {
        PyErr_SetString(PyExc_TypeError, "a starter serves connections");
        return -1;
    }
    return 0;
}

/* start(): the answer of the short way is told to the core as any other. */
static PyObject *
starter_start(Starter *self, PyObject *carrier)
{
    PyObject *bytes = NULL, *sent;
    Step step;
    if (check_carrier(self, carrier) < 0) {
        return NULL;
    }
    step = start_exchange(self, carrier, &bytes);
    if (step == STEP_FAILED) {
        return NULL;
    }
    if (step == STEP_LEFT) {
        Py_RETURN_NONE;
    }
    sent = PyObject_CallMethodOneArg(
        AT(carrier, carrier, core), self->state->names[NAME_send_whole], bytes);
    Py_XDECREF(sent);
    if (sent == NULL) {
        Py_DECREF(bytes);
        return NULL;
    }
    if (send_answer(self, carrier, bytes) < 0) {
        return NULL;
    }
    if (AT(carrier, carrier, _is_receiving) != Py_True) {
        if (tell_over(self, carrier) < 0) {
            return NULL;
        }
    } else {
        PUT(carrier, carrier, phase, self->kinds[KIND_ready]);
    }
    Py_RETURN_NONE;
}

/* A request without a body: its exchange, as the carrier makes it. */
static int
open_exchange(Starter *self, PyObject *carrier, PyObject *head)
{
    PyObject *exchange = make_like(&self->exchange);
    if (exchange == NULL) {
        return -1;
    }
    PUT(exchange, exchange, carrier, carrier);
    PUT(exchange, exchange, head, head);
    PUT(carrier, carrier, exchange, exchange);
    Py_DECREF(exchange);
    PUT(carrier, carrier, phase, self->kinds[KIND_busy]);
    PUT(carrier, carrier, deadline, self->kinds[KIND_never]);
    return 0;
}

/* The deadline of a carrier that is idle from now on; it changes with each sweep. */
static PyObject *
find_deadline(Starter *self)
{
    PyObject *now = AT(self->host, host, now);
    if (now != self->swept) {
        PyObject *deadline = PyNumber_Add(now, self->kinds[KIND_keep_alive]);
        if (deadline == NULL) {
            return NULL;
        }
        Py_XSETREF(self->swept, Py_NewRef(now));
        Py_XSETREF(self->deadline, deadline);
    }
    return self->deadline;
}

/* Whether events are those of a request that is over with its head; -1 with an exception. */
static int
is_bare_head(const State *state, PyObject *events)
{
    PyObject *framing;
    int is_bare;
    if (!PyList_CheckExact(events) || PyList_GET_SIZE(events) != 2 ||
        PyList_GET_ITEM(events, 1) != state->helps[HELP_END]) {
        return 0;
    }
    framing = PyObject_GetAttr(PyList_GET_ITEM(events, 0), state->names[NAME_framing]);
    if (framing == NULL) {
        return -1;
    }
    is_bare = PyObject_Not(framing);
    Py_DECREF(framing);
    return is_bare;
}

/* Behind an answer: the events of the next request, as far as it is here. */
static PyObject *
turn_around(Starter *self, PyObject *carrier)
{
    PyObject *deadline = find_deadline(self);
    if (deadline == NULL) {
        return NULL;
    }
    PUT(carrier, carrier, phase, self->kinds[KIND_idle]);
    PUT(carrier, carrier, deadline, deadline);
    return PyObject_CallMethodNoArgs(
        AT(carrier, carrier, core), self->state->names[NAME_answered]);
}

/* Serve the request of these events. The events of what follows; NULL with an exception. */
static PyObject *
serve_head(Starter *self, PyObject *carrier, PyObject *events, int *is_left)
{
    PyObject *bytes = NULL;
    if (open_exchange(self, carrier, PyList_GET_ITEM(events, 0)) < 0) {
        return NULL;
    }
    switch (start_exchange(self, carrier, &bytes)) {
    case STEP_ANSWERED:
        if (send_answer(self, carrier, bytes) < 0) {
            return NULL;
        }
        return turn_around(self, carrier);
    case STEP_LEFT:
        *is_left = 1;
        return PyObject_CallMethodNoArgs(carrier, self->state->names[NAME_next_events]);
    default:
        return NULL;
    }
}

static int
flush_answers(Starter *self, PyObject *carrier)
{
    PyObject *sent, *bytes = AT(carrier, carrier, _out);
    PUT(carrier, carrier, _is_receiving, Py_False);
    if (PyBytes_GET_SIZE(bytes) == 0) {
        return 0;
    }
    AT(carrier, carrier, _out) = Py_NewRef(self->nothing);
    sent = PyObject_CallMethodOneArg(
        AT(carrier, carrier, link), self->state->names[NAME_write], bytes);
    Py_DECREF(bytes);
    Py_XDECREF(sent);
    return sent == NULL ? -1 : 0;
}

/* receive(): requests without a body are served as far as plain answers to them are ready. */
static PyObject *
starter_receive(Starter *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *carrier, *events;
    int is_left = 0, is_bare, served = 0;
    if (count != 2 || check_carrier(self, args[0]) < 0) {
        return count == 2 ? NULL : PyErr_Format(PyExc_TypeError, "receive() takes two arguments");
    }
    carrier = args[0];
    events = PyObject_CallMethodOneArg(
        AT(carrier, carrier, core), self->state->names[NAME_receive], args[1]);
    if (events == NULL || AT(carrier, carrier, phase) != self->kinds[KIND_idle] ||
        AT(carrier, carrier, _is_receiving) != Py_False) {
        return events;
    }
    while ((is_bare = is_bare_head(self->state, events)) > 0) {
        PyObject *last = events;
        if (!served) {
            served = 1;
            PUT(carrier, carrier, _is_receiving, Py_True);
        }
        events = serve_head(self, carrier, last, &is_left);
        Py_DECREF(last);
        if (events == NULL || is_left) {
            break;
        }
    }
    if (is_bare < 0) {
        Py_CLEAR(events);
    }
    if (events == Py_None && flush_answers(self, carrier) < 0) {
        Py_CLEAR(events);
    }
    return events; /* if not None, for the carrier, with what was gathered so far */
}

#endif
