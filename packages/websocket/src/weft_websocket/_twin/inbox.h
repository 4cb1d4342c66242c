/* Inbox: bytes to messages to the one task that waits, in one step of C; see _inbox.py.

   A reader awaits a Reading. While it has to wait, the Reading yields the inbox, which the task
   takes for a future; data_received() then steps the task at once. Everything that is no plain
   message is the owner's. */

#ifndef WEFT_INBOX_H
#define WEFT_INBOX_H

#include "feed.h"
#include "sender.h"

/* What is in a queue counts as much as this, however few messages it is. */
enum { MAX_QUEUED_BYTES = 1 << 18 };

typedef struct {
    PyObject_HEAD
    State *state;
    PyObject *owner;
    FrameScanner *scanner;
    Sender *sender;     /* of the answers, or NULL */
    PyObject *handed;   /* the first message while the task that waits is stepped, or NULL */
    PyObject *messages; /* a list: short, so taking its first is cheap */
    PyObject *memory;   /* that the transport reads into, where it is not the thread's, or NULL */
    PyObject *spare;    /* a Reading that is over, to be used again, or NULL */
    PyObject *hear;     /* called with each read, or None */
    PyObject *loop;     /* of the task that waited first, or NULL */
    PyObject *callback; /* how the task that waits is stepped, or NULL */
    PyObject *context;
    PyObject *cancelled;
    Py_ssize_t limit;
    Py_ssize_t bytes;
    Py_ssize_t room; /* of what get_buffer() gave, 0 once it was used */
    char is_blocking;
    char is_direct;
    char is_ended;
    char is_held;
    char is_filling; /* the transport reads into the payload */
} Inbox;

/* The size of a message that counts, which is that of text and bytes. */
static Py_ssize_t
size_of_message(PyObject *message)
{
    PyObject *data;
    if (!PyTuple_Check(message) || PyTuple_GET_SIZE(message) < 2) {
        return 0;
    }
    data = PyTuple_GET_ITEM(message, 1);
    if (PyUnicode_Check(data)) {
        return PyUnicode_GET_LENGTH(data);
    }
    return PyBytes_Check(data) ? PyBytes_GET_SIZE(data) : 0;
}

static int
put_message(Inbox *self, PyObject *message)
{
    if (PyList_Append(self->messages, message) < 0) {
        return -1;
    }
    self->bytes += size_of_message(message);
    return 0;
}

/* The first message, of which there is one; a new reference. */
static PyObject *
pop_message(Inbox *self)
{
    PyObject *message = self->handed;
    if (message != NULL) {
        self->handed = NULL;
        return message;
    }
    message = Py_NewRef(PyList_GET_ITEM(self->messages, 0));
    if (PyList_SetSlice(self->messages, 0, 1, NULL) < 0) {
        Py_DECREF(message);
        return NULL;
    }
    self->bytes -= size_of_message(message);
    return message;
}

/* A message that was not taken at once is the first of the queue. */
static int
keep_handed(Inbox *self)
{
    PyObject *message = self->handed;
    int failed;
    if (message == NULL) {
        return 0;
    }
    self->handed = NULL;
    self->bytes += size_of_message(message);
    failed = PyList_Insert(self->messages, 0, message);
    Py_DECREF(message);
    return failed;
}

static int
is_empty(const Inbox *self)
{
    return self->handed == NULL && PyList_GET_SIZE(self->messages) == 0;
}

static int
is_inbox_full(const Inbox *self)
{
    return PyList_GET_SIZE(self->messages) >= self->limit || self->bytes >= MAX_QUEUED_BYTES;
}

/* Waking */

/* Step through the loop, in the context of the task. */
static int
call_soon(Inbox *self, PyObject *name, PyObject *callback, PyObject *context)
{
    PyObject *args[] = {self->loop, callback, (PyObject *)self, context};
    PyObject *names = PyTuple_Pack(1, self->state->context);
    PyObject *handle;
    if (names == NULL) {
        return -1;
    }
    handle = PyObject_VectorcallMethod(name, args, 3, names);
    Py_DECREF(names);
    Py_XDECREF(handle);
    return handle == NULL ? -1 : 0;
}

/* Whether the loop runs in this thread, and whether it is within no task. -1: failed. */
static int
find_way(Inbox *self, int *is_here)
{
    PyObject *running = PyObject_CallNoArgs(self->state->find_loop), *task;
    int is_free;
    if (running == NULL) {
        return -1;
    }
    *is_here = running == self->loop;
    Py_DECREF(running);
    if (!*is_here) {
        return 0;
    }
#if PY_VERSION_HEX < 0x030C0000
    task = PyDict_GetItemWithError(self->state->current_tasks, self->loop);
    if (task == NULL && PyErr_Occurred()) {
        return -1;
    }
    return task == NULL;
#endif
    task = PyObject_CallOneArg(self->state->current_task, self->loop);
    is_free = task == Py_None;
    Py_XDECREF(task);
    return task == NULL ? -1 : is_free;
}

static int
step_task(Inbox *self, PyObject *callback, PyObject *context)
{
    PyObject *result, *woken = (PyObject *)self;
    int is_here = 0, is_free = find_way(self, &is_here);
    if (is_free < 0) {
        return -1;
    }
    if (!is_here) {
        return call_soon(self, self->state->call_soon_threadsafe, callback, context);
    }
    if (!is_free) {
        return call_soon(self, self->state->call_soon, callback, context);
    }
    if (self->state->woken_loop == self->loop) {
        woken = self->state->woken;
    }
    if (PyContext_Enter(context) < 0) {
        return -1;
    }
    Py_INCREF(woken);
    result = PyObject_CallOneArg(callback, woken);
    Py_DECREF(woken);
    if (PyContext_Exit(context) < 0) {
        Py_CLEAR(result);
    }
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* Step the task that waits; nothing when none does. */
static int
wake_reader(Inbox *self)
{
    PyObject *callback = self->callback, *context = self->context;
    int failed;
    if (callback == NULL) {
        return 0;
    }
    self->callback = self->context = NULL;
    failed = step_task(self, callback, context);
    Py_DECREF(callback);
    Py_DECREF(context);
    return failed;
}

static PyObject *
inbox_wake(Inbox *self, PyObject *unused)
{
    return wake_reader(self) < 0 ? NULL : Py_NewRef(Py_None);
}

/* The same for a message that came alone: its answer is worth a system call of its own, while
   several are joined by the transport at the end of the pass. */
static int
wake_for_answer(Inbox *self)
{
    Sender *sender = self->sender;
    int failed;
    if (sender == NULL) {
        return wake_reader(self);
    }
    Py_INCREF(sender);
    sender->answers_now = 1;
    failed = wake_reader(self);
    sender->answers_now = 0;
    Py_DECREF(sender);
    return failed;
}

/* Bytes */

static PyObject *
call_owner(Inbox *self, const char *name, PyObject *arg)
{
    return PyObject_CallMethod(self->owner, name, "O", arg);
}

/* Put what came into the queue when all of it is plain messages; else the owner's. */
static int
take_frames(Inbox *self, PyObject *frames)
{
    State *state = self->state;
    Py_ssize_t count = PyList_GET_SIZE(frames);
    PyObject *result;
    int is_plain = !self->scanner->fault && !self->scanner->has_more;
    for (Py_ssize_t i = 0; is_plain && i < count; i++) {
        PyTypeObject *type = Py_TYPE(PyList_GET_ITEM(frames, i));
        is_plain = type == (PyTypeObject *)state->message_type ||
                   type == (PyTypeObject *)state->bytes_message_type;
    }
    if (!is_plain) {
        result = call_owner(self, "take_frames", frames);
        Py_XDECREF(result);
        return result == NULL ? -1 : 0;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (put_message(self, PyList_GET_ITEM(frames, i)) < 0) {
            return -1;
        }
    }
    return 0;
}

/* After bytes: step the reader, and stop the peer when that one is behind. */
static int
settle(Inbox *self, int is_alone)
{
    PyObject *result;
    if (is_alone
            ? wake_for_answer(self) < 0
            : (PyList_GET_SIZE(self->messages) > 0 || self->is_ended) && wake_reader(self) < 0) {
        return -1;
    }
    if (PyList_GET_SIZE(self->messages) == 0 || self->is_held || !is_inbox_full(self)) {
        return 0;
    }
    result = PyObject_CallMethod(self->owner, "hold_peer", NULL);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* Bytes came. 0: they are for the owner, 1: for the scanner, -1: an exception. */
static int
hear_peer(Inbox *self)
{
    PyObject *heard = self->hear == Py_None ? Py_None : PyObject_CallNoArgs(self->hear);
    if (heard == NULL) {
        return -1;
    }
    if (heard != Py_None) {
        Py_DECREF(heard);
    }
    return self->is_direct;
}

/* Give what the scanner made of a read to the reader. Steals the frames. */
static PyObject *
deliver(Inbox *self, PyObject *frames, int is_alone)
{
    int failed = frames == NULL || take_frames(self, frames) < 0;
    Py_XDECREF(frames);
    is_alone = is_alone && PyList_GET_SIZE(self->messages) == 1;
    return failed || settle(self, is_alone) < 0 ? NULL : Py_NewRef(Py_None);
}

/* 1: a read that is one plain message was given to the reader, 0: it is another, -1: failed. */
static int
deliver_one(Inbox *self, Byte *at, size_t size)
{
    int failed;
    self->handed = scan_one(self->scanner, at, size);
    if (self->handed == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    failed = wake_for_answer(self) < 0;
    return keep_handed(self) < 0 || failed ? -1 : 1;
}

static PyObject *
inbox_data_received(Inbox *self, PyObject *data)
{
    int is_ours = hear_peer(self), is_alone = self->callback != NULL && is_empty(self), is_done;
    if (is_ours < 0) {
        return NULL;
    }
    if (!is_ours) {
        return call_owner(self, "take_bytes", data);
    }
    if (is_alone && PyBytes_CheckExact(data)) {
        is_done =
            deliver_one(self, (Byte *)PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data));
        if (is_done) {
            return is_done < 0 ? NULL : Py_NewRef(Py_None);
        }
    }
    return deliver(self, scanner_feed(self->scanner, data), is_alone);
}

static PyObject *
inbox_settle(Inbox *self, PyObject *unused)
{
    return settle(self, 0) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
inbox_put(Inbox *self, PyObject *message)
{
    return put_message(self, message) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
inbox_clear_messages(Inbox *self, PyObject *unused)
{
    self->bytes = 0;
    Py_CLEAR(self->handed);
    if (PyList_SetSlice(self->messages, 0, PY_SSIZE_T_MAX, NULL) < 0) {
        return NULL;
    }
    return Py_NewRef(Py_None);
}

/* The rest of what a link calls is the owner's. */

static PyObject *
inbox_link_made(Inbox *self, PyObject *link)
{
    return Py_NewRef(Py_None); /* the link was there before the inbox */
}

static PyObject *
inbox_eof_received(Inbox *self, PyObject *unused)
{
    return PyObject_CallMethod(self->owner, "eof_received", NULL);
}

static PyObject *
inbox_link_lost(Inbox *self, PyObject *exc)
{
    return call_owner(self, "link_lost", exc);
}

/* The future's part: what a task calls that was given the inbox to wait for. */

static PyObject *
inbox_get_loop(Inbox *self, PyObject *unused)
{
    if (self->loop == NULL) {
        if (load_asyncio(self->state) < 0) {
            return NULL;
        }
        self->loop = PyObject_CallNoArgs(self->state->get_loop);
    }
    return Py_XNewRef(self->loop);
}

static PyObject *
inbox_add_done_callback(Inbox *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *loop;
    if (count != 1 || names == NULL || PyTuple_GET_SIZE(names) != 1 ||
        !PyUnicode_Check(PyTuple_GET_ITEM(names, 0)) ||
        PyUnicode_Compare(PyTuple_GET_ITEM(names, 0), self->state->context) != 0) {
        PyErr_SetString(PyExc_TypeError, "add_done_callback(callback, *, context)");
        return NULL;
    }
    loop = inbox_get_loop(self, NULL);
    if (loop == NULL) {
        return NULL;
    }
    if (load_woken(self->state, loop) < 0) {
        Py_DECREF(loop);
        return NULL;
    }
    Py_DECREF(loop);
    Py_XSETREF(self->callback, Py_NewRef(args[0]));
    Py_XSETREF(self->context, Py_NewRef(args[1]));
    return Py_NewRef(Py_None);
}

static PyObject *
inbox_cancel(Inbox *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"msg", NULL};
    PyObject *message = Py_None, *callback = self->callback, *context = self->context;
    int failed;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:cancel", names, &message)) {
        return NULL;
    }
    if (callback == NULL) {
        return Py_NewRef(Py_False);
    }
    Py_XSETREF(self->cancelled, message == Py_None
                                    ? PyObject_CallNoArgs(self->state->cancelled_error)
                                    : PyObject_CallOneArg(self->state->cancelled_error, message));
    if (self->cancelled == NULL) {
        return NULL;
    }
    self->callback = self->context = NULL;
    failed = call_soon(self, self->state->call_soon, callback, context);
    Py_DECREF(callback);
    Py_DECREF(context);
    return failed ? NULL : Py_NewRef(Py_True);
}

static PyObject *
inbox_result(Inbox *self, PyObject *unused)
{
    PyObject *cancelled = self->cancelled;
    if (cancelled == NULL) {
        return Py_NewRef(Py_None);
    }
    self->cancelled = NULL;
    PyErr_SetObject((PyObject *)Py_TYPE(cancelled), cancelled);
    Py_DECREF(cancelled);
    return NULL;
}

#endif
