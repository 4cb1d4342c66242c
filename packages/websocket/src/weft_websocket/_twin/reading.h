/* What is awaited: Reading, the next message of an inbox, and Done, for which nobody waits. */

#ifndef WEFT_READING_H
#define WEFT_READING_H

#include "inbox.h"

enum { READING_NEW, READING_WAITS, READING_DONE };

typedef struct {
    PyObject_HEAD
    Inbox *inbox; /* NULL once it is over */
    char is_iteration;
    char phase;
} Reading;

static PyObject *
make_reading(Inbox *self, char is_iteration)
{
    PyTypeObject *type = (PyTypeObject *)self->state->reading_type;
    Reading *reading = (Reading *)self->spare;
#ifndef Py_GIL_DISABLED /* where a count tells who else has it */
    if (reading != NULL && Py_REFCNT(reading) == 1 && reading->inbox == NULL) {
        reading->inbox = (Inbox *)Py_NewRef(self);
        reading->is_iteration = is_iteration;
        reading->phase = READING_NEW;
        return Py_NewRef(reading);
    }
#endif
    reading = PyObject_GC_New(Reading, type);
    if (reading == NULL) {
        return NULL;
    }
    if (self->spare == NULL) {
        self->spare = Py_NewRef(reading);
    }
    reading->inbox = (Inbox *)Py_NewRef(self);
    reading->is_iteration = is_iteration;
    reading->phase = READING_NEW;
    PyObject_GC_Track(reading);
    return (PyObject *)reading;
}

static PyObject *
inbox_read(Inbox *self, PyObject *unused)
{
    return make_reading(self, 0);
}

static PyObject *
inbox_anext(Inbox *self)
{
    return make_reading(self, 1);
}

/* A message for the reader, or its end by the owner's rules. */
static PyObject *
take_message(Inbox *self, int is_iteration)
{
    PyObject *message, *kind, *result, *flag = is_iteration ? Py_True : Py_False;
    if (is_empty(self)) {
        return call_owner(self, "read_end", flag);
    }
    message = pop_message(self);
    if (message == NULL) {
        return NULL;
    }
    if (self->is_held) {
        result = PyObject_CallMethod(self->owner, "refill", NULL);
        if (result == NULL) {
            Py_DECREF(message);
            return NULL;
        }
        Py_DECREF(result);
    }
    kind =
        PyTuple_Check(message) && PyTuple_GET_SIZE(message) ? PyTuple_GET_ITEM(message, 0) : NULL;
    if (kind == self->state->text_kind || kind == self->state->binary_kind) {
        return message;
    }
    result = PyObject_CallMethod(self->owner, "finish_read", "OO", message, flag);
    Py_DECREF(message);
    return result;
}

/* A second reader: the owner raises, and knows whom to name. */
static PyObject *
refuse_reader(Inbox *self)
{
    PyObject *result = call_owner(self, "refuse_reader", self->callback);
    if (result != NULL) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_RuntimeError, "a task waits already");
    }
    return NULL;
}

static PySendResult
step_reading(Reading *self, Inbox *inbox, PyObject **result)
{
    if (inbox->callback == NULL && is_empty(inbox) && !inbox->is_ended) {
        self->phase = READING_WAITS;
        Py_CLEAR(inbox->cancelled);
        inbox->is_blocking = 1;
        *result = Py_NewRef(inbox);
        return PYGEN_NEXT;
    }
    self->phase = READING_DONE;
    self->inbox = NULL;
    *result =
        inbox->callback != NULL ? refuse_reader(inbox) : take_message(inbox, self->is_iteration);
    Py_DECREF(inbox);
    return *result == NULL ? PYGEN_ERROR : PYGEN_RETURN;
}

static PySendResult
reading_am_send(Reading *self, PyObject *value, PyObject **result)
{
    Inbox *inbox = self->inbox;
    *result = NULL;
    if (inbox == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited receive()");
        return PYGEN_ERROR;
    }
    return step_reading(self, inbox, result);
}

/* An iterator returns by StopIteration. A message is a tuple, which that would take apart. */
static PyObject *
to_iterator_result(PySendResult kind, PyObject *result)
{
    PyObject *stop;
    if (kind != PYGEN_RETURN) {
        return result;
    }
    stop = PyObject_CallOneArg(PyExc_StopIteration, result);
    Py_DECREF(result);
    if (stop != NULL) {
        PyErr_SetObject(PyExc_StopIteration, stop);
        Py_DECREF(stop);
    }
    return NULL;
}

static PyObject *
reading_next(Reading *self)
{
    PyObject *result;
    PySendResult kind = reading_am_send(self, Py_None, &result);
    return to_iterator_result(kind, result);
}

static PyObject *
reading_send(Reading *self, PyObject *value)
{
    return reading_next(self);
}

/* The reader leaves: nobody waits any more, and no message is lost. */
static void
leave(Reading *self)
{
    Inbox *inbox = self->inbox;
    if (inbox == NULL) {
        return;
    }
    if (self->phase == READING_WAITS) {
        Py_CLEAR(inbox->callback);
        Py_CLEAR(inbox->context);
    }
    self->phase = READING_DONE;
    self->inbox = NULL;
    Py_DECREF(inbox);
}

/* The exception of throw(type, value, traceback) or throw(exception). Always returns NULL. */
static PyObject *
raise_thrown(PyObject *args)
{
    PyObject *type, *value = NULL, *traceback = NULL;
    if (!PyArg_ParseTuple(args, "O|OO:throw", &type, &value, &traceback)) {
        return NULL;
    }
    if (PyExceptionInstance_Check(type)) {
        PyErr_SetObject((PyObject *)Py_TYPE(type), type);
    } else if (PyExceptionClass_Check(type)) {
        PyErr_SetObject(type, value == Py_None ? NULL : value);
    } else {
        PyErr_SetString(PyExc_TypeError, "exceptions must derive from BaseException");
    }
    return NULL;
}

static PyObject *
reading_throw(Reading *self, PyObject *args)
{
    leave(self);
    return raise_thrown(args);
}

static PyObject *
reading_close(Reading *self, PyObject *unused)
{
    leave(self);
    return Py_NewRef(Py_None);
}

/* Done: what a sender awaits when there is nothing to wait for. */

static PySendResult
done_am_send(PyObject *self, PyObject *value, PyObject **result)
{
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

static PyObject *
done_next(PyObject *self)
{
    return NULL; /* an iterator without an exception is at its end, with None */
}

static PyObject *
done_send(PyObject *self, PyObject *value)
{
    PyErr_SetNone(PyExc_StopIteration);
    return NULL;
}

static PyObject *
done_throw(PyObject *self, PyObject *args)
{
    return raise_thrown(args);
}

static PyObject *
done_close(PyObject *self, PyObject *unused)
{
    return Py_NewRef(Py_None);
}

#endif
