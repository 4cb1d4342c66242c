/* Starter: from the bytes of requests to those of their answers. */

#ifndef WEFT_STARTER_H
#define WEFT_STARTER_H

#include "send.h"
#include "step.h"

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

/* The body of a request that came with its head; NULL with an exception. */
static PyObject *
make_body(Starter *self, PyObject *data)
{
    PyObject *body = make_like(&self->body);
    if (body != NULL) {
        set_slot(body, self->body_data, data);
    }
    return body;
}

/* A request that came as a whole: its exchange, as the carrier makes it. */
static int
open_exchange(Starter *self, PyObject *carrier, PyObject *events)
{
    PyObject *body, *exchange = make_like(&self->exchange);
    if (exchange == NULL) {
        return -1;
    }
    PUT(exchange, exchange, carrier, carrier);
    PUT(exchange, exchange, head, PyList_GET_ITEM(events, 0));
    if (PyList_GET_SIZE(events) == 3) {
        body = make_body(self, PyList_GET_ITEM(events, 1));
        if (body == NULL) {
            Py_DECREF(exchange);
            return -1;
        }
        PUT(exchange, exchange, body, body);
        Py_DECREF(body);
    }
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

/* Whether events are those of a request that came as a whole, with a body that needs no decoding;
   -1 with an exception. */
static int
is_whole_request(const State *state, PyObject *events)
{
    Py_ssize_t count = PyList_CheckExact(events) ? PyList_GET_SIZE(events) : 0;
    long traits;
    if (count < 2 || count > 3 || PyList_GET_ITEM(events, count - 1) != state->helps[HELP_END]) {
        return 0;
    }
    traits = find_traits(state, PyList_GET_ITEM(events, 0));
    if (traits < 0) {
        return -1;
    }
    if (count == 2) {
        return !(traits & TRAIT_BODY);
    }
    return !(traits & (TRAIT_CODED | TRAIT_EXPECT)) &&
           PyBytes_CheckExact(PyList_GET_ITEM(events, 1));
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
    if (open_exchange(self, carrier, events) < 0) {
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

/* receive(): requests that came as a whole are served as far as plain answers to them are ready.
 */
static PyObject *
starter_receive(Starter *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *carrier, *events;
    int is_left = 0, is_whole, served = 0;
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
    while ((is_whole = is_whole_request(self->state, events)) > 0) {
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
    if (is_whole < 0) {
        Py_CLEAR(events);
    }
    if (events == Py_None && flush_answers(self, carrier) < 0) {
        Py_CLEAR(events);
    }
    return events; /* if not None, for the carrier, with what was gathered so far */
}

#endif
