/* The making and the end of inboxes and readings, and their tables of methods. */

#ifndef WEFT_TYPES_H
#define WEFT_TYPES_H

#include "crowd.h"
#include "intake.h"
#include "reading.h"

static PyModuleDef module_def;

static PyObject *
inbox_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"owner", "scanner", "limit", "sender", NULL};
    PyObject *module = PyType_GetModuleByDef(type, &module_def);
    State *state = module == NULL ? NULL : PyModule_GetState(module);
    PyObject *owner, *scanner, *sender = NULL;
    Py_ssize_t limit;
    Inbox *self;
    if (state == NULL) {
        return NULL;
    }
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO!n|O!:Inbox", names, &owner,
            state->scanner_type, &scanner, &limit, state->sender_type, &sender)) {
        return NULL;
    }
    self = (Inbox *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    self->owner = Py_NewRef(owner);
    self->scanner = (FrameScanner *)Py_NewRef(scanner);
    self->sender = (Sender *)Py_XNewRef(sender);
    self->hear = Py_NewRef(Py_None);
    self->limit = limit;
    self->is_direct = 1;
    self->messages = PyList_New(0);
    if (self->messages == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
inbox_traverse(Inbox *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->owner);
    Py_VISIT(self->scanner);
    Py_VISIT(self->sender);
    Py_VISIT(self->messages);
    Py_VISIT(self->handed);
    Py_VISIT(self->spare);
    Py_VISIT(self->hear);
    Py_VISIT(self->loop);
    Py_VISIT(self->callback);
    Py_VISIT(self->context);
    Py_VISIT(self->cancelled);
    return 0;
}

/* Only what can be part of a circle: an inbox in use has an owner, a scanner and messages. */
static int
inbox_clear(Inbox *self)
{
    Py_XSETREF(self->owner, Py_NewRef(Py_None));
    Py_XSETREF(self->hear, Py_NewRef(Py_None));
    Py_CLEAR(self->sender);
    Py_CLEAR(self->spare);
    Py_CLEAR(self->loop);
    Py_CLEAR(self->callback);
    Py_CLEAR(self->context);
    Py_CLEAR(self->cancelled);
    return 0;
}

static void
inbox_dealloc(Inbox *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    inbox_clear(self);
    Py_CLEAR(self->owner);
    Py_CLEAR(self->hear);
    Py_CLEAR(self->scanner);
    Py_CLEAR(self->messages);
    Py_CLEAR(self->handed);
    Py_CLEAR(self->memory);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
inbox_get_is_awaited(Inbox *self, void *unused)
{
    return PyBool_FromLong(self->callback != NULL);
}

static PyObject *
inbox_get_is_full(Inbox *self, void *unused)
{
    return PyBool_FromLong(is_inbox_full(self));
}

static PyObject *
inbox_get_messages(Inbox *self, void *unused)
{
    return keep_handed(self) < 0 ? NULL : Py_NewRef(self->messages);
}

static PyMethodDef inbox_methods[] = {
    {"read", (PyCFunction)inbox_read, METH_NOARGS,
        "read($self, /)\n--\n\nThe next message, to be awaited."},
    {"put", (PyCFunction)inbox_put, METH_O,
        "put($self, message, /)\n--\n\nQueue a message; wakes nobody."},
    {"clear", (PyCFunction)inbox_clear_messages, METH_NOARGS,
        "clear($self, /)\n--\n\nDrop what is queued."},
    {"wake", (PyCFunction)inbox_wake, METH_NOARGS,
        "wake($self, /)\n--\n\nStep the task that waits; nothing when none does."},
    {"settle", (PyCFunction)inbox_settle, METH_NOARGS,
        "settle($self, /)\n--\n\nWake the reader if there is something for it, and hold the peer "
        "if it is behind."},
    {"data_received", (PyCFunction)inbox_data_received, METH_O,
        "data_received($self, data, /)\n--\n\nThe peer's next bytes."},
    {"get_buffer", (PyCFunction)inbox_get_buffer, METH_O,
        "get_buffer($self, hint, /)\n--\n\nWhere the transport is to read the peer's next bytes."},
    {"buffer_updated", (PyCFunction)inbox_buffer_updated, METH_O,
        "buffer_updated($self, size, /)\n--\n\nThe peer's next bytes are there."},
    {"link_made", (PyCFunction)inbox_link_made, METH_O,
        "link_made($self, link, /)\n--\n\nNothing to do."},
    {"link_lost", (PyCFunction)inbox_link_lost, METH_O,
        "link_lost($self, exc, /)\n--\n\nThe owner is told."},
    {"eof_received", (PyCFunction)inbox_eof_received, METH_NOARGS,
        "eof_received($self, /)\n--\n\nThe owner is asked."},
    {"get_loop", (PyCFunction)inbox_get_loop, METH_NOARGS,
        "get_loop($self, /)\n--\n\nThe loop of the task that waits."},
    {"add_done_callback", (PyCFunction)(void (*)(void))inbox_add_done_callback,
        METH_FASTCALL | METH_KEYWORDS,
        "add_done_callback($self, callback, /, *, context)\n--\n\nThe task tells how it is "
        "stepped."},
    {"cancel", (PyCFunction)(void (*)(void))inbox_cancel, METH_VARARGS | METH_KEYWORDS,
        "cancel($self, /, msg=None)\n--\n\nThe task is cancelled while it waits; False once it "
        "was woken."},
    {"result", (PyCFunction)inbox_result, METH_NOARGS,
        "result($self, /)\n--\n\nWhat the waiting comes to."},
    {NULL},
};

static PyMemberDef inbox_members[] = {
    {"hear", T_OBJECT, offsetof(Inbox, hear), 0, NULL},
    {"is_direct", T_BOOL, offsetof(Inbox, is_direct), 0, NULL},
    {"is_ended", T_BOOL, offsetof(Inbox, is_ended), 0, NULL},
    {"is_held", T_BOOL, offsetof(Inbox, is_held), 0, NULL},
    {"_asyncio_future_blocking", T_BOOL, offsetof(Inbox, is_blocking), 0, NULL},
    {NULL},
};

static PyGetSetDef inbox_getset[] = {
    {"messages", (getter)inbox_get_messages, NULL, NULL, NULL},
    {"is_awaited", (getter)inbox_get_is_awaited, NULL, NULL, NULL},
    {"is_full", (getter)inbox_get_is_full, NULL, NULL, NULL},
    {NULL},
};

PyDoc_STRVAR(inbox_doc,
    "Inbox(owner, scanner, limit, sender=None)\n--\n\n"
    "The messages of one connection, in order, and the one task that may wait for the next.");

static PyType_Slot inbox_slots[] = {
    {Py_tp_doc, (void *)inbox_doc},
    {Py_tp_new, inbox_new},
    {Py_tp_dealloc, inbox_dealloc},
    {Py_tp_traverse, inbox_traverse},
    {Py_tp_clear, inbox_clear},
    {Py_tp_methods, inbox_methods},
    {Py_tp_members, inbox_members},
    {Py_tp_getset, inbox_getset},
    {Py_am_aiter, PyObject_SelfIter},
    {Py_am_anext, inbox_anext},
    {0, NULL},
};

static PyType_Spec inbox_spec = {
    .name = "weft_websocket._twin._c.Inbox",
    .basicsize = sizeof(Inbox),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = inbox_slots,
};

static int
reading_traverse(Reading *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->inbox);
    return 0;
}

static void
reading_dealloc(Reading *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    leave(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMethodDef reading_methods[] = {
    {"send", (PyCFunction)reading_send, METH_O, "send($self, value, /)\n--\n\nGo on."},
    {"throw", (PyCFunction)reading_throw, METH_VARARGS, "Leave, with an exception."},
    {"close", (PyCFunction)reading_close, METH_NOARGS, "close($self, /)\n--\n\nLeave."},
    {NULL},
};

static PyType_Slot reading_slots[] = {
    {Py_tp_doc, "What the reader of an inbox awaits."},
    {Py_tp_dealloc, reading_dealloc},
    {Py_tp_traverse, reading_traverse},
    {Py_tp_methods, reading_methods},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, reading_next},
    {Py_am_await, PyObject_SelfIter},
    {Py_am_send, reading_am_send},
    {0, NULL},
};

static PyType_Spec reading_spec = {
    .name = "weft_websocket._twin._c.Reading",
    .basicsize = sizeof(Reading),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = reading_slots,
};

static PyMethodDef done_methods[] = {
    {"send", (PyCFunction)done_send, METH_O, "send($self, value, /)\n--\n\nIt is over."},
    {"throw", (PyCFunction)done_throw, METH_VARARGS, "Raise the exception."},
    {"close", (PyCFunction)done_close, METH_NOARGS, "close($self, /)\n--\n\nNothing to do."},
    {NULL},
};

static PyType_Slot done_slots[] = {
    {Py_tp_doc, "What a sender awaits when there is nothing to wait for."},
    {Py_tp_methods, done_methods},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, done_next},
    {Py_am_await, PyObject_SelfIter},
    {Py_am_send, done_am_send},
    {0, NULL},
};

static PyType_Spec done_spec = {
    .name = "weft_websocket._twin._c.Done",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = done_slots,
};

static PyObject *
sender_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *module = PyType_GetModuleByDef(type, &module_def);
    Sender *self = module == NULL ? NULL : (Sender *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->state = PyModule_GetState(module);
        self->is_free = 1;
        self->offered_at = -1e300; /* never */
    }
    return (PyObject *)self;
}

static int
sender_init(Sender *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {
        "link", "protocol", "write_limit", "open_phase", "is_plain", "is_masked", NULL};
    PyObject *link, *protocol, *open_phase;
    Py_ssize_t write_limit;
    int is_plain, is_masked;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOnOpp:Sender", names, &link, &protocol,
            &write_limit, &open_phase, &is_plain, &is_masked)) {
        return -1;
    }
    Py_XSETREF(self->link, Py_NewRef(link));
    Py_XSETREF(self->protocol, Py_NewRef(protocol));
    Py_XSETREF(self->open_phase, Py_NewRef(open_phase));
    self->write_limit = write_limit;
    self->is_plain = (char)is_plain;
    self->is_masked = (char)is_masked;
    return 0;
}

static int
sender_traverse(Sender *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->link);
    Py_VISIT(self->protocol);
    Py_VISIT(self->open_phase);
    return 0;
}

static int
sender_clear(Sender *self)
{
    Py_CLEAR(self->link);
    Py_CLEAR(self->protocol);
    Py_CLEAR(self->open_phase);
    return 0;
}

static void
sender_dealloc(Sender *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    (void)sender_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef sender_methods[] = {
    {"send_text", (PyCFunction)(void (*)(void))sender_send_text, METH_FASTCALL,
        "send_text($self, data, compress, /)\n--\n\nSend a text message."},
    {"send_binary", (PyCFunction)(void (*)(void))sender_send_binary, METH_FASTCALL,
        "send_binary($self, data, compress, /)\n--\n\nSend a binary message."},
    {"write_frame", (PyCFunction)sender_write_frame, METH_O,
        "write_frame($self, frame, /)\n--\n\nWrite a frame that is ready."},
    {NULL},
};

static PyMemberDef sender_members[] = {
    {"_link", T_OBJECT, offsetof(Sender, link), READONLY, NULL},
    {"_protocol", T_OBJECT, offsetof(Sender, protocol), READONLY, NULL},
    {"_write_limit", T_PYSSIZET, offsetof(Sender, write_limit), READONLY, NULL},
    {"_unsent", T_PYSSIZET, offsetof(Sender, unsent), 0, NULL},
    {"_answers_now", T_BOOL, offsetof(Sender, answers_now), 0, NULL},
    {"_is_free", T_BOOL, offsetof(Sender, is_free), 0, NULL},
    {NULL},
};

static PyType_Slot sender_slots[] = {
    {Py_tp_doc, "Sender(link, protocol, write_limit, open_phase, is_plain, "
                "is_masked)\n--\n\nWrites plain messages; what needs more is for a subclass."},
    {Py_tp_new, sender_new},
    {Py_tp_init, sender_init},
    {Py_tp_dealloc, sender_dealloc},
    {Py_tp_traverse, sender_traverse},
    {Py_tp_clear, sender_clear},
    {Py_tp_methods, sender_methods},
    {Py_tp_members, sender_members},
    {0, NULL},
};

static PyType_Spec sender_spec = {
    .name = "weft_websocket._twin._c.Sender",
    .basicsize = sizeof(Sender),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = sender_slots,
};

#endif
