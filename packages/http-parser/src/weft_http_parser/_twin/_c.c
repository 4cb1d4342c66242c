/* The C twin of weft_http_parser._twin._py: same names, same errors at the same offsets.

   octets.h   classes of bytes and the searches over them
   state.h    what the module holds: types, reasons, well-known names
   load.h     where it is fetched from
   lines.h    start lines and field lines, byte for byte
   lenient.h  the sloppiness that a client may bear with
   head.h     RequestHead and ResponseHead
   usual.h    what a server asks of every request
   scan.h     HeadScanner
   chunks.h   ChunkScanner
   inlet.h    Inlet, the receiving half of a connection
   render.h   heads out of values
   find.h     the delimiter of a multipart body */

#include "state.h"
#include "lines.h"
#include "head.h"
#include "usual.h"
#include "scan.h"
#include "chunks.h"
#include "inlet.h"
#include "load.h"
#include "render.h"
#include "find.h"

enum { API = 5 };

PyDoc_STRVAR(request_doc, "RequestHead(method, target, version=HTTP_11, headers=())\n--\n\n"
                          "A request line and its fields, immutable but for framing.");
PyDoc_STRVAR(response_doc, "ResponseHead(status, reason, version=HTTP_11, headers=())\n--\n\n"
                           "A status line and its fields, immutable but for framing.");
PyDoc_STRVAR(scanner_doc, "HeadScanner(is_request, limits, strictness=STRICT)\n--\n\n"
                          "Finds heads in a buffer, resuming where the last look ended.");
PyDoc_STRVAR(chunks_doc, "ChunkScanner(limits)\n--\n\n"
                         "Takes one chunked body apart (RFC 9112 7.1).");
PyDoc_STRVAR(inlet_doc, "Inlet(role, limits=DEFAULT_LIMITS, strictness=STRICT)\n--\n\n"
                        "What came on one connection, and the short ways that nearly all of it "
                        "takes.");
PyDoc_STRVAR(receive_doc,
    "receive($self, data, /)\n--\n\n"
    "The events of more bytes; empty while no head or body byte is whole.\n\n"
    "Raises ProtocolError, and the same again from then on. What was completed before the\n"
    "fault is in its `events`, and in those of no later one.");
PyDoc_STRVAR(answered_doc,
    "answered($self, /)\n--\n\n"
    "As sending a whole answer and `next_cycle`; None where nothing came behind the request.");
PyDoc_STRVAR(get_doc, "get($self, name, /, default=None)\n--\n\n"
                      "The first value of a field, without making the multidict.");
PyDoc_STRVAR(get_all_doc, "get_all($self, name, /)\n--\n\nEvery value of a field, in order.");
PyDoc_STRVAR(scan_doc, "scan($self, buffer, start, /)\n--\n\n"
                       "The head of the message that begins at `start`; None while it is not "
                       "whole.");
PyDoc_STRVAR(reset_doc, "reset($self, /)\n--\n\nForget what was seen of an unfinished head.");
PyDoc_STRVAR(feed_doc, "feed($self, buffer, start, out, /)\n--\n\n"
                       "Append the data from `start` on to `out`; the index up to which all was "
                       "taken.");
PyDoc_STRVAR(render_fields_doc, "render_fields(headers, /)\n--\n\n"
                                "Field lines, each with its CRLF; raises HeaderInjection.");
PyDoc_STRVAR(render_request_doc, "render_request_head(method, target, version, headers, /)\n--\n\n"
                                 "A request head with its last empty line.");
PyDoc_STRVAR(render_response_doc,
    "render_response_head(status, reason, version, headers, /)\n--\n\n"
    "A response head with its last empty line.");
PyDoc_STRVAR(find_delimiter_doc, "find_delimiter(data, delimiter, start, /)\n--\n\n"
                                 "The index of `delimiter` from `start` on; -1 without one.");

static PyMethodDef head_methods[] = {
    {"get", (PyCFunction)(void (*)(void))head_get, METH_FASTCALL | METH_KEYWORDS, get_doc},
    {"get_all", (PyCFunction)head_get_all, METH_O, get_all_doc},
    {NULL},
};

static PyMemberDef head_members[] = {
    {"framing", T_LONGLONG, offsetof(Head, framing), 0, NULL},
    {"persistent", T_BOOL, offsetof(Head, persistent), 0, NULL},
    {"marks", T_UINT, offsetof(Head, layout.marks), READONLY, NULL},
    {NULL},
};

#define HEAD_GETTERS                                                                              \
    {"version", (getter)head_get_version, NULL, NULL}, {"raw", (getter)head_get_raw, NULL, NULL}, \
        {"headers", (getter)head_get_headers, NULL, NULL},                                        \
        {"raw_headers", (getter)head_get_raw_headers, NULL, NULL},                                \
    {                                                                                             \
        "wants_upgrade", (getter)head_get_wants_upgrade, NULL, NULL                               \
    }

static PyGetSetDef request_getters[] = {
    {"method", (getter)head_get_method, NULL, NULL},
    {"target", (getter)head_get_second, NULL, NULL},
    {"expects_continue", (getter)head_get_expects_continue, NULL, NULL},
    {"traits", (getter)head_get_traits, NULL, NULL},
    HEAD_GETTERS,
    {NULL},
};

static PyGetSetDef response_getters[] = {
    {"status", (getter)head_get_status, NULL, NULL},
    {"reason", (getter)head_get_second, NULL, NULL},
    HEAD_GETTERS,
    {NULL},
};

static PyType_Slot request_slots[] = {
    {Py_tp_doc, (void *)request_doc},
    {Py_tp_new, head_new},
    {Py_tp_dealloc, head_dealloc},
    {Py_tp_repr, request_repr},
    {Py_tp_methods, head_methods},
    {Py_tp_members, head_members},
    {Py_tp_getset, request_getters},
    {0, NULL},
};

static PyType_Slot response_slots[] = {
    {Py_tp_doc, (void *)response_doc},
    {Py_tp_new, head_new},
    {Py_tp_dealloc, head_dealloc},
    {Py_tp_repr, response_repr},
    {Py_tp_methods, head_methods},
    {Py_tp_members, head_members},
    {Py_tp_getset, response_getters},
    {0, NULL},
};

static PyType_Spec request_spec = {
    .name = "weft_http_parser._twin._c.RequestHead",
    .basicsize = offsetof(Head, fields),
    .itemsize = sizeof(Field),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = request_slots,
};

static PyType_Spec response_spec = {
    .name = "weft_http_parser._twin._c.ResponseHead",
    .basicsize = offsetof(Head, fields),
    .itemsize = sizeof(Field),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = response_slots,
};

static PyObject *
scanner_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"is_request", "limits", "strictness", NULL};
    PyObject *limits, *strictness = NULL;
    int is_request;
    if (!PyArg_ParseTupleAndKeywords(
            args, keywords, "pO|O:HeadScanner", names, &is_request, &limits, &strictness)) {
        return NULL;
    }
    return make_scanner(PyType_GetModuleState(type), is_request, limits, strictness);
}

static void
scanner_dealloc(HeadScanner *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef scanner_methods[] = {
    {"scan", (PyCFunction)(void (*)(void))scanner_scan, METH_FASTCALL, scan_doc},
    {"reset", (PyCFunction)scanner_reset, METH_NOARGS, reset_doc},
    {NULL},
};

static PyMemberDef scanner_members[] = {
    {"end", T_PYSSIZET, offsetof(HeadScanner, end), READONLY, NULL},
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
    .name = "weft_http_parser._twin._c.HeadScanner",
    .basicsize = sizeof(HeadScanner),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = scanner_slots,
};

static PyObject *
make_chunk_scanner(PyTypeObject *type, PyObject *limits)
{
    ChunkScanner *self;
    self = (ChunkScanner *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = PyType_GetModuleState(type);
    self->trailers = PyList_New(0);
    if (self->trailers == NULL || read_chunk_limits(self->state, limits, &self->limits) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static PyObject *
chunks_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"limits", NULL};
    PyObject *limits;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:ChunkScanner", names, &limits)) {
        return NULL;
    }
    return make_chunk_scanner(type, limits);
}

/* One for every chunked body: called without a tuple of arguments. */
static PyObject *
chunks_vectorcall(PyObject *type, PyObject *const *args, size_t count_and_flag, PyObject *keywords)
{
    Py_ssize_t count = PyVectorcall_NARGS(count_and_flag);
    Py_ssize_t named = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    if (count + named != 1 || (named == 1 && PyUnicode_CompareWithASCIIString(
                                                 PyTuple_GET_ITEM(keywords, 0), "limits") != 0)) {
        PyErr_SetString(PyExc_TypeError, "ChunkScanner() takes limits and nothing else");
        return NULL;
    }
    return make_chunk_scanner((PyTypeObject *)type, args[0]);
}

static PyMethodDef chunks_methods[] = {
    {"feed", (PyCFunction)(void (*)(void))chunks_feed, METH_FASTCALL, feed_doc},
    {NULL},
};

static PyMemberDef chunks_members[] = {
    {"done", T_BOOL, offsetof(ChunkScanner, done), READONLY, NULL},
    {"trailers", T_OBJECT_EX, offsetof(ChunkScanner, trailers), READONLY, NULL},
    {NULL},
};

static PyGetSetDef chunks_getters[] = {
    {"ends", (getter)chunks_get_ends, NULL, NULL},
    {NULL},
};

static PyType_Slot chunks_slots[] = {
    {Py_tp_doc, (void *)chunks_doc},
    {Py_tp_new, chunks_new},
    {Py_tp_dealloc, chunks_dealloc},
    {Py_tp_traverse, chunks_traverse},
    {Py_tp_clear, chunks_clear},
    {Py_tp_methods, chunks_methods},
    {Py_tp_members, chunks_members},
    {Py_tp_getset, chunks_getters},
    {0, NULL},
};

static PyType_Spec chunks_spec = {
    .name = "weft_http_parser._twin._c.ChunkScanner",
    .basicsize = sizeof(ChunkScanner),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = chunks_slots,
};

static PyModuleDef module_def;

static PyObject *
inlet_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"role", "limits", "strictness", NULL};
    PyObject *module = PyType_GetModuleByDef(type, &module_def);
    PyObject *role, *limits, *strictness = NULL;
    const State *state;
    if (module == NULL) {
        return NULL;
    }
    state = PyModule_GetState(module);
    limits = state->limits;
    if (keywords == NULL && PyTuple_GET_SIZE(args) == 1) {
        role = PyTuple_GET_ITEM(args, 0); /* nearly always, and the long way costs as much again */
    } else if (!PyArg_ParseTupleAndKeywords(
                   args, keywords, "O|OO:Inlet", names, &role, &limits, &strictness)) {
        return NULL;
    }
    return make_inlet(state, type, role, limits, strictness);
}

static PyMethodDef inlet_methods[] = {
    {"receive", (PyCFunction)inlet_receive, METH_O, receive_doc},
    {"answered", (PyCFunction)inlet_answered, METH_NOARGS, answered_doc},
    {NULL},
};

static PyMemberDef inlet_members[] = {
    {"_role", T_OBJECT_EX, offsetof(Inlet, role), READONLY, NULL},
    {"_limits", T_OBJECT_EX, offsetof(Inlet, limits), READONLY, NULL},
    {"_scanner", T_OBJECT_EX, offsetof(Inlet, scanner), READONLY, NULL},
    {"_decoder", T_OBJECT, offsetof(Inlet, decoder), 0, NULL},
    {"_data", T_OBJECT_EX, offsetof(Inlet, data), 0, NULL},
    {"_at", T_PYSSIZET, offsetof(Inlet, at), 0, NULL},
    {"_received", T_LONGLONG, offsetof(Inlet, received), 0, NULL},
    {"_receiving", T_OBJECT_EX, offsetof(Inlet, phase), 0, NULL},
    {"_sending", T_OBJECT_EX, offsetof(Inlet, sending), 0, NULL},
    {"_method", T_OBJECT_EX, offsetof(Inlet, method), 0, NULL},
    {"_has_ended", T_BOOL, offsetof(Inlet, has_ended), 0, NULL},
    {NULL},
};

static PyType_Slot inlet_slots[] = {
    {Py_tp_doc, (void *)inlet_doc},
    {Py_tp_new, inlet_new},
    {Py_tp_dealloc, inlet_dealloc},
    {Py_tp_traverse, inlet_traverse},
    {Py_tp_clear, inlet_clear},
    {Py_tp_methods, inlet_methods},
    {Py_tp_members, inlet_members},
    {0, NULL},
};

static PyType_Spec inlet_spec = {
    .name = "weft_http_parser._twin._c.Inlet",
    .basicsize = sizeof(Inlet),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = inlet_slots,
};

static PyMethodDef module_methods[] = {
    {"render_fields", twin_render_fields, METH_O, render_fields_doc},
    {"render_request_head", (PyCFunction)(void (*)(void))twin_render_request_head, METH_FASTCALL,
        render_request_doc},
    {"render_response_head", (PyCFunction)(void (*)(void))twin_render_response_head, METH_FASTCALL,
        render_response_doc},
    {"find_delimiter", (PyCFunction)(void (*)(void))twin_find_delimiter, METH_FASTCALL,
        find_delimiter_doc},
    {NULL},
};

/* The type, added to the module; a borrowed reference that the module keeps. */
static PyTypeObject *
add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    if (type == NULL && !PyErr_Occurred()) {
        PyErr_NoMemory(); /* some versions forget to say so */
    }
    if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0) {
        Py_CLEAR(type);
    }
    return (PyTypeObject *)type;
}

static int
module_exec(PyObject *module)
{
    State *state = PyModule_GetState(module);
    PyTypeObject *type;
    if (load_state(state) < 0) {
        return -1;
    }
    state->request_head = add_type(module, &request_spec);
    state->response_head = add_type(module, &response_spec);
    if (state->request_head == NULL || state->response_head == NULL) {
        return -1;
    }
    /* A head is made once per message: its type is called without a tuple of arguments. */
    state->request_head->tp_vectorcall = head_vectorcall;
    state->response_head->tp_vectorcall = head_vectorcall;
    state->head_scanner = add_type(module, &scanner_spec);
    state->chunk_scanner = add_type(module, &chunks_spec);
    if (state->head_scanner == NULL || state->chunk_scanner == NULL) {
        return -1;
    }
    state->chunk_scanner->tp_vectorcall = chunks_vectorcall;
    type = add_type(module, &inlet_spec);
    if (type == NULL) {
        return -1;
    }
    Py_DECREF(type);
    return PyModule_AddIntConstant(module, "API", API);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    return visit_state(PyModule_GetState(module), visit, arg);
}

static int
module_clear(PyObject *module)
{
    clear_state(PyModule_GetState(module));
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
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
    .m_name = "weft_http_parser._twin._c",
    .m_doc = "Scanning and rendering heads and chunks in C.",
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
