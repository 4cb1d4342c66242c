/* The C twin of weft_websocket._twin._py: same names, same faults at the same bytes.

   scan.h cuts frames out of bytes, render.h makes them, mask.h and utf8.h hold the loops. The
   module keeps no state: one type, functions over their arguments, constant tables. So it may run
   in any interpreter and without the GIL; a scanner locks itself. */

#include "render.h"
#include "scan.h"

enum { API = 1 };

static PyObject *
scanner_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"expects_mask", "allows_deflate", "decodes_text", "max_message_size",
        "max_fragments", "max_batch", NULL};
    int expects_mask, allows_deflate, decodes_text;
    Py_ssize_t max_message_size, max_fragments, max_batch;
    FrameScanner *self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "pppnnn:FrameScanner", names, &expects_mask,
            &allows_deflate, &decodes_text, &max_message_size, &max_fragments, &max_batch)) {
        return NULL;
    }
    if (max_message_size < 0) {
        PyErr_SetString(PyExc_ValueError, "max_message_size must not be negative");
        return NULL;
    }
    self = (FrameScanner *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->mask_bit = expects_mask ? MASKED : 0;
    self->allows_deflate = (char)allows_deflate;
    self->decodes_text = (char)decodes_text;
    self->max_message_size = max_message_size;
    self->max_fragments = max_fragments;
    self->max_batch = max_batch;
    return (PyObject *)self;
}

static void
scanner_dealloc(FrameScanner *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(self->payload);
    Py_XDECREF(self->rest);
    type->tp_free(self);
    Py_DECREF(type);
}

/* Forget everything that was kept: nothing more will be read. */
static void
drop_input(FrameScanner *self)
{
    self->frame.is_open = 0;
    self->message.is_open = 0;
    self->header_size = 0;
    Py_CLEAR(self->payload);
    Py_CLEAR(self->rest);
}

/* The bytes to read: what an earlier batch left, then what is new. A new reference. */
static PyObject *
join_input(FrameScanner *self, PyObject *arg, Py_ssize_t *at)
{
    PyObject *data, *rest = self->rest;
    Py_ssize_t left;
    if (!PyObject_CheckBuffer(arg)) {
        return PyErr_Format(PyExc_TypeError, "a bytes-like object is required, not '%.100s'",
            Py_TYPE(arg)->tp_name);
    }
    *at = 0;
    if (rest == NULL) {
        return PyBytes_FromObject(arg);
    }
    self->rest = NULL;
    if (PyBytes_Check(arg) && PyBytes_GET_SIZE(arg) == 0) {
        *at = self->rest_at;
        return rest;
    }
    left = PyBytes_GET_SIZE(rest) - self->rest_at;
    data = PyBytes_FromStringAndSize(PyBytes_AS_STRING(rest) + self->rest_at, left);
    Py_DECREF(rest);
    PyBytes_Concat(&data, arg);
    return data;
}

static PyObject *
scanner_feed_locked(FrameScanner *self, PyObject *arg)
{
    PyObject *data, *frames = PyList_New(0);
    Py_ssize_t start = 0;
    Byte *at, *end;
    if (frames == NULL || self->fault || self->is_closed) {
        return frames;
    }
    data = join_input(self, arg, &start);
    if (data == NULL) {
        Py_DECREF(frames);
        return NULL;
    }
    at = (Byte *)PyBytes_AS_STRING(data);
    end = at + PyBytes_GET_SIZE(data);
    at = scan_frames(self, frames, at + start, end);
    if (at == NULL) {
        Py_CLEAR(frames);
        self->is_closed = 1; /* a scanner that failed stays failed */
    }
    if (self->fault || self->is_closed) {
        drop_input(self);
        self->has_more = 0;
    } else {
        self->has_more = PyList_GET_SIZE(frames) == self->max_batch && at < end;
        self->rest_at = at - (Byte *)PyBytes_AS_STRING(data);
        self->rest = self->has_more ? Py_NewRef(data) : NULL;
    }
    Py_DECREF(data);
    return frames;
}

static PyObject *
scanner_feed(FrameScanner *self, PyObject *arg)
{
    PyObject *frames;
    Py_BEGIN_CRITICAL_SECTION(self);
    frames = scanner_feed_locked(self, arg);
    Py_END_CRITICAL_SECTION();
    return frames;
}

PyDoc_STRVAR(scanner_doc, "FrameScanner(expects_mask, allows_deflate, "
                          "decodes_text, max_message_size, max_fragments, "
                          "max_batch)\n--\n\n"
                          "Cuts a stream of bytes into frames, unmasked, and "
                          "checks each rule of RFC 6455 section 5.");
PyDoc_STRVAR(feed_doc, "feed($self, data, /)\n--\n\n"
                       "The frames that are complete with these bytes, at most a batch of them.");
PyDoc_STRVAR(mask_doc, "mask(data, key, /)\n--\n\n"
                       "XOR with the four bytes of `key`, over and over (RFC 6455 5.3).");
PyDoc_STRVAR(render_header_doc, "render_header(first, length, key, /)\n--\n\n"
                                "Everything before the payload, the length in its shortest form.");
PyDoc_STRVAR(render_frame_doc, "render_frame(first, payload, key, /)\n--\n\n"
                               "A whole frame in one buffer, masked when there is a key.");

static PyMethodDef scanner_methods[] = {
    {"feed", (PyCFunction)scanner_feed, METH_O, feed_doc},
    {NULL},
};

static PyMemberDef scanner_members[] = {
    {"fault", T_INT, offsetof(FrameScanner, fault), READONLY, NULL},
    {"has_more", T_BOOL, offsetof(FrameScanner, has_more), READONLY, NULL},
    {NULL},
};

static PyType_Slot scanner_slots[] = {
    {Py_tp_doc, (void *)scanner_doc},
    {Py_tp_new, scanner_new},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_methods, scanner_methods},
    {Py_tp_members, scanner_members},
    {0, NULL},
};

static PyType_Spec scanner_spec = {
    .name = "weft_websocket._twin._c.FrameScanner",
    .basicsize = sizeof(FrameScanner),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = scanner_slots,
};

static PyMethodDef module_methods[] = {
    {"mask", (PyCFunction)(void (*)(void))twin_mask, METH_FASTCALL, mask_doc},
    {"render_header", (PyCFunction)(void (*)(void))twin_render_header, METH_FASTCALL,
        render_header_doc},
    {"render_frame", (PyCFunction)(void (*)(void))twin_render_frame, METH_FASTCALL,
        render_frame_doc},
    {NULL},
};

static int
module_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &scanner_spec, NULL);
    int failed = type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0;
    Py_XDECREF(type);
    return failed || PyModule_AddIntConstant(module, "API", API) < 0 ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "weft_websocket._twin._c",
    .m_doc = "Masking, rendering and scanning websocket frames in C.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__c(void)
{
    return PyModuleDef_Init(&module_def);
}
