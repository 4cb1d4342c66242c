/* The C twin of weft_websocket._twin._py: same names, same faults at the same bytes.

   scan.h cuts frames out of bytes, feed.h is the object around it, inbox.h brings messages to the
   task that waits, render.h makes frames, mask.h and utf8.h hold the loops. What the module keeps
   (state.h) is its interpreter's own. It may run without the GIL: scanners and
   keys are locked, while an inbox and a sender are of one loop and its thread, as asyncio's are.
 */

#include "parts.h"
#include "types.h"

enum { API = 6 };

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

PyDoc_STRVAR(offer_all_doc,
    "offer_all(senders, message, frame, now, pause, /)\n--\n\n"
    "Write a message at once wherever that can be done; the places of the other senders.");

static PyMethodDef scanner_methods[] = {
    {"feed", (PyCFunction)scanner_feed, METH_O, feed_doc},
    {"allow", (PyCFunction)scanner_allow, METH_O,
        "allow($self, max_message_size, /)\n--\n\nLet the message that is under way, or the next "
        "one, have another limit."},
    {"take_part", (PyCFunction)scanner_take_part, METH_NOARGS,
        "take_part($self, /)\n--\n\nWhat has come of the payload of a data frame under way."},
    {NULL},
};

static PyMemberDef scanner_members[] = {
    {"fault", T_INT, offsetof(FrameScanner, fault), READONLY, NULL},
    {"has_more", T_BOOL, offsetof(FrameScanner, has_more), READONLY, NULL},
    {NULL},
};

static PyGetSetDef scanner_getset[] = {
    {"half", (getter)scanner_get_half, NULL, NULL, NULL},
    {NULL},
};

static PyType_Slot scanner_slots[] = {
    {Py_tp_doc, (void *)scanner_doc},
    {Py_tp_new, scanner_new},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_methods, scanner_methods},
    {Py_tp_members, scanner_members},
    {Py_tp_getset, scanner_getset},
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
    {"offer_all", twin_offer_all, METH_VARARGS, offer_all_doc},
    {"next_key", twin_next_key, METH_NOARGS, "next_key()\n--\n\nFour strong random bytes."},
    {"forget_keys", twin_forget_keys, METH_NOARGS,
        "forget_keys()\n--\n\nDrop what is left of the random bytes."},
    {NULL},
};

/* Add a type to the module under its own name. Returns it, borrowed from the module. */
static PyObject *
add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    if (type == NULL && !PyErr_Occurred()) {
        PyErr_NoMemory(); /* some versions forget to say so */
    }
    if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0) {
        Py_XDECREF(type);
        return NULL;
    }
    Py_DECREF(type);
    return type;
}

static int
module_exec(PyObject *module)
{
    State *state = PyModule_GetState(module);
    PyObject *scanner, *reading, *sender, *done;
    if (load_names(state) < 0 || load_messages(state) < 0) {
        return -1;
    }
    scanner = add_type(module, &scanner_spec);
    reading = scanner == NULL ? NULL : add_type(module, &reading_spec);
    done = reading == NULL ? NULL : add_type(module, &done_spec);
    sender = done == NULL ? NULL : add_type(module, &sender_spec);
    if (sender == NULL || add_type(module, &inbox_spec) == NULL) {
        return -1;
    }
    state->sender_type = Py_NewRef(sender);
    state->done = PyObject_CallNoArgs(done);
    if (state->done == NULL) {
        return -1;
    }
    state->scanner_type = Py_NewRef(scanner);
    state->reading_type = Py_NewRef(reading);
    return PyModule_AddIntConstant(module, "API", API) < 0 ? -1 : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
#define WEFT_VISIT(name) Py_VISIT(state->name);
    WEFT_STATE_FIELDS(WEFT_VISIT)
#undef WEFT_VISIT
    return 0;
}

static int
module_clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
#define WEFT_CLEAR(name) Py_CLEAR(state->name);
    WEFT_STATE_FIELDS(WEFT_CLEAR)
    Py_CLEAR(state->pool);
    Py_CLEAR(state->memory);
#undef WEFT_CLEAR
    return 0;
}

static void
module_free(void *module)
{
    (void)module_clear(module);
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
    .m_size = sizeof(State),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__c(void)
{
    return PyModuleDef_Init(&module_def);
}
