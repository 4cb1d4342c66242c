/* Inlet: what came on one connection, and the short ways that nearly all of it takes. */

#ifndef WEFT_INLET_H
#define WEFT_INLET_H

#include "chunks.h"
#include "usual.h"

typedef struct {
    PyObject_HEAD
    const State *state;
    PyObject *role;
    PyObject *limits;
    HeadScanner *scanner;
    PyObject *decoder;
    PyObject *data; /* bytes that are held, as the class over it may set them */
    Py_ssize_t at;
    long long received;
    PyObject *phase;
    PyObject *sending; /* the phase of the other direction, which the class over it steps */
    PyObject *method;
    char has_ended;
} Inlet;

static PyObject *
call_over(Inlet *self, Call call, PyObject *argument)
{
    return PyObject_CallMethodOneArg((PyObject *)self, self->state->calls[call], argument);
}

/* Raise what the class over it makes of a fault in bytes that begin at `begin`. */
static void
raise_failure(Inlet *self, long long begin, const Fault *fault, PyObject *pieces)
{
    const State *state = self->state;
    PyObject *events = NULL, *error = NULL, *offset = PyLong_FromLongLong(begin + fault->offset);
    if (offset != NULL) {
        error = PyObject_CallMethodObjArgs((PyObject *)self, state->calls[CALL_fail],
            state->reasons[fault->reason], offset, NULL);
        Py_DECREF(offset);
    }
    if (error != NULL && pieces != NULL) {
        events = PyList_AsTuple(pieces);
        if (events == NULL || PyObject_SetAttr(error, state->events_name, events) < 0) {
            Py_CLEAR(error);
        }
        Py_XDECREF(events);
    }
    if (error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
}

static inline int
holds_nothing(const Inlet *self)
{
    return self->data != NULL && PyBytes_CheckExact(self->data) &&
           PyBytes_GET_SIZE(self->data) == 0;
}

static inline int
is_in_body(const Inlet *self)
{
    PyObject *const *phases = self->state->phases;
    return self->phase == phases[PHASE_BODY] || self->phase == phases[PHASE_LAST_BODY];
}

static inline int
has_chunks(const Inlet *self)
{
    return self->decoder != NULL && Py_IS_TYPE(self->decoder, self->state->chunk_scanner);
}

/* Put the end behind the last events of a body; the class over it does all but the usual. */
static PyObject *
end_message(Inlet *self, const ChunkScanner *decoder, PyObject *events)
{
    PyObject *const *phases = self->state->phases;
    Phase next = self->phase == phases[PHASE_BODY] ? PHASE_DONE : PHASE_LAST;
    if (!holds_nothing(self) || PyList_GET_SIZE(decoder->trailers) > 0) {
        return call_over(self, CALL_end_body, events);
    }
    if (PyList_Append(events, self->state->end) < 0) {
        return NULL;
    }
    Py_XSETREF(self->phase, Py_NewRef(phases[next]));
    return Py_NewRef(events);
}

/* The same events, and behind them those of `data`, which is held, from where it was not taken. */
static PyObject *
take_chunks(Inlet *self, ChunkScanner *decoder, PyObject *data, PyObject *events)
{
    Py_ssize_t taken, start = self->at;
    Source source;
    Fault fault = NO_FAULT;
    open_source(&source, data); /* bytes have no other outcome */
    if (start < 0 || start > source.size) {
        PyErr_SetString(PyExc_IndexError, "the body lies outside of the buffer");
        return NULL;
    }
    Py_BEGIN_CRITICAL_SECTION(decoder);
    taken = feed_chunks(decoder, &source, start, events, &fault);
    Py_END_CRITICAL_SECTION();
    if (taken < 0) {
        if (fault.reason != REASON_COUNT) {
            raise_failure(self, self->received - source.size + start, &fault, events);
        }
        return NULL;
    }
    if (taken == source.size) {
        Py_XSETREF(self->data, Py_NewRef(self->state->nothing));
        taken = 0;
    }
    self->at = taken;
    return decoder->done ? end_message(self, decoder, events) : Py_NewRef(events);
}

/* The events of a body whose first bytes came with its head. Whoever runs meanwhile may take the
   decoder and the bytes away, so both are kept here. */
static PyObject *
follow_head(Inlet *self, PyObject *data, PyObject *events)
{
    PyObject *decoder = self->decoder, *result;
    if (!is_in_body(self) || holds_nothing(self)) {
        return Py_NewRef(events);
    }
    if (!has_chunks(self) || self->data != data || !PyList_Check(events)) {
        return call_over(self, CALL_take_body, events);
    }
    Py_INCREF(decoder);
    result = take_chunks(self, (ChunkScanner *)decoder, data, events);
    Py_DECREF(decoder);
    return result;
}

/* A request that is over: its head, its body where it has one, and the end. Takes the body. */
static PyObject *
give_whole(Inlet *self, PyObject *head, PyObject *body)
{
    const State *state = self->state;
    PyObject *method, *events = PyList_New(body == NULL ? 2 : 3);
    if (events == NULL) {
        Py_XDECREF(body);
        return NULL;
    }
    PyList_SET_ITEM(events, 0, Py_NewRef(head));
    if (body != NULL) {
        PyList_SET_ITEM(events, 1, body);
    }
    PyList_SET_ITEM(events, body == NULL ? 1 : 2, Py_NewRef(state->end));
    method = head_get_method((Head *)head, NULL);
    if (method == NULL) {
        Py_DECREF(events);
        return NULL;
    }
    Py_XSETREF(self->method, method);
    Py_XSETREF(self->phase, Py_NewRef(state->phases[PHASE_DONE]));
    return events;
}

/* The events of a request whose bytes are here as far as `end`, and of no other one. NULL without
   an exception: what frames it, or bounds it, is not the usual. */
static PyObject *
take_whole(Inlet *self, Head *head, PyObject *data, Py_ssize_t end)
{
    const State *state = self->state;
    Py_ssize_t size = PyBytes_GET_SIZE(data);
    long long length = find_usual_length(head);
    PyObject *body = NULL;
    if (length < 0 || length > size - end) {
        return NULL;
    }
    if (self->limits != state->limits && (length > 0 || end < size)) {
        return NULL;
    }
    if (length > state->chunk_limits.body || size - end - length > state->ahead) {
        return NULL;
    }
    if (length > 0) {
        body = PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + end, (Py_ssize_t)length);
        if (body == NULL) {
            return NULL;
        }
    }
    end += (Py_ssize_t)length;
    head->framing = length;
    if (end < size) {
        Py_XSETREF(self->data, Py_NewRef(data));
        self->at = end;
    } else {
        Py_XSETREF(self->data, Py_NewRef(state->nothing));
        self->at = 0;
    }
    return give_whole(self, (PyObject *)head, body);
}

/* The bytes of a request from `start` on, of which none was looked at. `data` is kept by who
   calls; an offset of the connection goes before it. */
static PyObject *
take_head(Inlet *self, PyObject *data, Py_ssize_t start, long long before)
{
    HeadScanner *scanner = self->scanner;
    PyObject *head, *begun, *events;
    Source source;
    Fault fault = NO_FAULT;
    open_source(&source, data);
    Py_BEGIN_CRITICAL_SECTION(scanner);
    head = scan_source(scanner, &source, start, &fault);
    Py_END_CRITICAL_SECTION();
    if (head == NULL) {
        if (fault.reason != REASON_COUNT) {
            raise_failure(self, before, &fault, NULL);
        }
        return NULL;
    }
    if (head == Py_None) {
        Py_DECREF(head);
        Py_XSETREF(self->data, Py_NewRef(data));
        self->at = start;
        return PyList_New(0);
    }
    events = take_whole(self, (Head *)head, data, scanner->end);
    if (events != NULL || PyErr_Occurred()) {
        Py_DECREF(head);
        return events;
    }
    if (scanner->end < source.size) {
        Py_XSETREF(self->data, Py_NewRef(data));
        self->at = scanner->end;
    } else {
        Py_XSETREF(self->data, Py_NewRef(self->state->nothing));
        self->at = 0;
    }
    begun = call_over(self, CALL_begin_message, head);
    Py_DECREF(head);
    events = begun == NULL ? NULL : follow_head(self, data, begun);
    Py_XDECREF(begun);
    return events;
}

/* The first bytes of a request, which often are all of them. */
static PyObject *
receive_head(Inlet *self, PyObject *data)
{
    long long before = self->received;
    self->received += PyBytes_GET_SIZE(data);
    return take_head(self, data, 0, before);
}

/* More of a chunked body. */
static PyObject *
receive_chunks(Inlet *self, PyObject *data)
{
    PyObject *decoder = Py_NewRef(self->decoder), *events = NULL, *pieces = PyList_New(0);
    if (pieces != NULL) {
        self->received += PyBytes_GET_SIZE(data);
        Py_XSETREF(self->data, Py_NewRef(data));
        events = take_chunks(self, (ChunkScanner *)decoder, data, pieces);
        Py_DECREF(pieces);
    }
    Py_DECREF(decoder);
    return events;
}

static PyObject *
receive_locked(Inlet *self, PyObject *data)
{
    const State *state = self->state;
    if (PyBytes_CheckExact(data) && holds_nothing(self)) {
        if (self->phase == state->phases[PHASE_IDLE] && self->role == state->server) {
            return receive_head(self, data);
        }
        if (is_in_body(self) && has_chunks(self)) {
            return receive_chunks(self, data);
        }
    }
    return call_over(self, CALL_receive_more, data);
}

static PyObject *
inlet_receive(Inlet *self, PyObject *data)
{
    PyObject *events;
    Py_BEGIN_CRITICAL_SECTION(self);
    events = receive_locked(self, data);
    Py_END_CRITICAL_SECTION();
    return events;
}

/* Behind a whole answer to a whole request: the events of the next one, None where nothing came.
 */
static PyObject *
answer_locked(Inlet *self)
{
    const State *state = self->state;
    PyObject *data, *events;
    if (self->phase != state->phases[PHASE_DONE] || self->sending != state->phases[PHASE_IDLE] ||
        self->role != state->server || self->has_ended || !PyBytes_CheckExact(self->data)) {
        return PyObject_CallMethodNoArgs((PyObject *)self, state->calls[CALL_answered]);
    }
    Py_XSETREF(self->phase, Py_NewRef(state->phases[PHASE_IDLE]));
    Py_XSETREF(self->method, Py_NewRef(state->no_text));
    Py_CLEAR(self->decoder);
    if (holds_nothing(self)) {
        Py_RETURN_NONE;
    }
    data = Py_NewRef(self->data);
    events = take_head(self, data, self->at, self->received - (PyBytes_GET_SIZE(data) - self->at));
    Py_DECREF(data);
    return events;
}

static PyObject *
inlet_answered(Inlet *self, PyObject *unused)
{
    PyObject *events;
    Py_BEGIN_CRITICAL_SECTION(self);
    events = answer_locked(self);
    Py_END_CRITICAL_SECTION();
    return events;
}

static PyObject *
make_inlet(
    const State *state, PyTypeObject *type, PyObject *role, PyObject *limits, PyObject *strictness)
{
    Inlet *self = (Inlet *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    self->role = Py_NewRef(role);
    self->limits = Py_NewRef(limits);
    self->data = Py_NewRef(state->nothing);
    self->phase = Py_NewRef(state->phases[PHASE_IDLE]);
    self->sending = Py_NewRef(state->phases[PHASE_IDLE]);
    self->method = Py_NewRef(state->no_text);
    self->scanner = (HeadScanner *)make_scanner(state, role == state->server, limits, strictness);
    if (self->scanner == NULL) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int
inlet_traverse(Inlet *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->role);
    Py_VISIT(self->limits);
    Py_VISIT(self->decoder);
    Py_VISIT(self->data);
    Py_VISIT(self->phase);
    Py_VISIT(self->sending);
    Py_VISIT(self->method);
    return 0;
}

/* Only what may be part of a circle, and what its methods do without. */
static int
inlet_clear(Inlet *self)
{
    Py_CLEAR(self->decoder);
    Py_CLEAR(self->data);
    Py_CLEAR(self->phase);
    Py_CLEAR(self->sending);
    Py_CLEAR(self->method);
    return 0;
}

static void
inlet_dealloc(Inlet *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    inlet_clear(self);
    Py_CLEAR(self->role);
    Py_CLEAR(self->limits);
    Py_CLEAR(self->scanner);
    type->tp_free(self);
    Py_DECREF(type);
}

#endif
