/* The way from a head to its answer, as far as it is the usual one.

   The specification is `_py`; what is not usual is done in Python in both.

   state.h    what the module holds, and slots of Python's classes
   course.h   what a starter knows, and one request on its way
   answer.h   from a plain response to its bytes
   send.h     bytes on their way to a link
   step.h     the first step of a request
   starter.h  Starter
   respond.h  making a Response */

#include "state.h"
#include "course.h"
#include "answer.h"
#include "send.h"
#include "step.h"
#include "starter.h"
#include "respond.h"

enum { API = 2 };

PyDoc_STRVAR(starter_doc, "Starter(host, work, kinds)\n--\n\n"
                          "Starts the requests of one server.");
PyDoc_STRVAR(start_doc, "start($self, carrier, /)\n--\n\n"
                        "Take the first step of a carrier's exchange.");
PyDoc_STRVAR(receive_doc, "receive($self, carrier, data, /)\n--\n\n"
                          "The events of more bytes that are left to act on; None where all that "
                          "came is answered.");
PyDoc_STRVAR(swift_doc, "A class whose calls may be quickened.");
PyDoc_STRVAR(quicken_doc,
    "quicken(pattern, text_media, to_media, /)\n--\n\n"
    "Make calls of the pattern's class without a frame where they are usual.");

static const char *const place_kinds[] = {
#define WEFT_PLACE_KIND(kind, name) #kind,
    WEFT_PLACES(WEFT_PLACE_KIND)
#undef WEFT_PLACE_KIND
};
static const char *const place_names[] = {
#define WEFT_PLACE_NAME(kind, name) #name,
    WEFT_PLACES(WEFT_PLACE_NAME)
#undef WEFT_PLACE_NAME
};

static PyTypeObject *
find_kind(const Starter *self, const char *kind)
{
    switch (kind[0]) {
    case 'h':
        return Py_TYPE(self->host);
    case 'e':
        return Py_TYPE(self->kinds[KIND_exchange]);
    case 'c':
        return (PyTypeObject *)self->kinds[KIND_carrier];
    case 'm':
        return (PyTypeObject *)self->kinds[KIND_match];
    case 'd':
        return (PyTypeObject *)self->kinds[KIND_destination];
    default:
        return (PyTypeObject *)self->kinds[kind[2] == 'q' ? KIND_request_class : KIND_response];
    }
}

static int
find_places(Starter *self)
{
    Py_ssize_t index;
    for (index = 0; index < PLACE_COUNT; index++) {
        self->places[index] = find_slot(find_kind(self, place_kinds[index]), place_names[index]);
        if (self->places[index] == 0) {
            return -1;
        }
    }
    return 0;
}

static int
take_kinds(Starter *self, PyObject *kinds)
{
    Py_ssize_t index;
    if (!PyTuple_Check(kinds) || PyTuple_GET_SIZE(kinds) != KIND_COUNT) {
        PyErr_SetString(PyExc_TypeError, "the kinds of another version");
        return -1;
    }
    for (index = 0; index < KIND_COUNT; index++) {
        self->kinds[index] = Py_NewRef(PyTuple_GET_ITEM(kinds, index));
    }
    if (!PyType_Check(self->kinds[KIND_carrier]) || !PyType_Check(self->kinds[KIND_response]) ||
        !PyType_Check(self->kinds[KIND_request_class]) || !PyType_Check(self->kinds[KIND_match]) ||
        !PyType_Check(self->kinds[KIND_destination]) ||
        !PyDict_CheckExact(self->kinds[KIND_prefixes])) {
        PyErr_SetString(PyExc_TypeError, "kinds that are none");
        return -1;
    }
    if (self->kinds[KIND_request] != Py_None &&
        set_mould(&self->request, self->kinds[KIND_request]) < 0) {
        return -1;
    }
    if (set_mould(&self->exchange, self->kinds[KIND_exchange]) < 0 ||
        set_mould(&self->body, self->kinds[KIND_body]) < 0) {
        return -1;
    }
    self->body_data = find_slot(self->body.type, "_data");
    return self->body_data == 0 ? -1 : find_places(self);
}

static int
find_loop(Starter *self)
{
    PyObject *factory;
    PyObject *find = import_name("asyncio", "get_running_loop");
    self->loop = find == NULL ? NULL : PyObject_CallNoArgs(find);
    Py_XDECREF(find);
    if (self->loop == NULL) {
        return -1;
    }
    factory = PyObject_CallMethod(self->loop, "get_task_factory", NULL);
    if (factory == NULL) {
        return -1;
    }
    self->has_factory = factory != Py_None;
    Py_DECREF(factory);
    self->context = PyContext_CopyCurrent();
    return self->context == NULL ? -1 : 0;
}

static PyObject *
starter_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"host", "work", "kinds", NULL};
    PyObject *host, *work, *kinds;
    Starter *self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOO:Starter", names, &host, &work, &kinds)) {
        return NULL;
    }
    self = (Starter *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = PyType_GetModuleState(type);
    self->host = Py_NewRef(host);
    self->work = Py_NewRef(work);
    self->nothing = PyBytes_FromStringAndSize(NULL, 0);
    if (self->nothing == NULL || take_kinds(self, kinds) < 0 || find_loop(self) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int
starter_traverse(Starter *self, visitproc visit, void *arg)
{
    Py_ssize_t index;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->host);
    Py_VISIT(self->work);
    Py_VISIT(self->loop);
    Py_VISIT(self->context);
    Py_VISIT(self->spare);
    for (index = 0; index < KIND_COUNT; index++) {
        Py_VISIT(self->kinds[index]);
    }
    if (visit_mould(&self->exchange, visit, arg) != 0 ||
        visit_mould(&self->body, visit, arg) != 0) {
        return -1;
    }
    return visit_mould(&self->request, visit, arg);
}

/* Only what may be part of a circle, and what its methods do without. */
static int
starter_clear(Starter *self)
{
    Py_CLEAR(self->spare);
    return 0;
}

static void
starter_dealloc(Starter *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_ssize_t index;
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->spare);
    Py_CLEAR(self->host);
    Py_CLEAR(self->work);
    Py_CLEAR(self->loop);
    Py_CLEAR(self->context);
    Py_CLEAR(self->prefix);
    for (index = 0; index < 3; index++) {
        Py_CLEAR(self->prefix_of[index]);
    }
    Py_CLEAR(self->swept);
    Py_CLEAR(self->deadline);
    Py_CLEAR(self->nothing);
    for (index = 0; index < KIND_COUNT; index++) {
        Py_CLEAR(self->kinds[index]);
    }
    clear_mould(&self->exchange);
    clear_mould(&self->request);
    clear_mould(&self->body);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef starter_methods[] = {
    {"start", (PyCFunction)starter_start, METH_O, start_doc},
    {"receive", (PyCFunction)(void (*)(void))starter_receive, METH_FASTCALL, receive_doc},
    {NULL},
};

static PyType_Slot starter_slots[] = {
    {Py_tp_doc, (void *)starter_doc},
    {Py_tp_new, starter_new},
    {Py_tp_dealloc, starter_dealloc},
    {Py_tp_traverse, starter_traverse},
    {Py_tp_clear, starter_clear},
    {Py_tp_methods, starter_methods},
    {0, NULL},
};

static PyType_Spec starter_spec = {
    .name = "weft_web_server._twin._c.Starter",
    .basicsize = sizeof(Starter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = starter_slots,
};

static PyType_Slot swift_slots[] = {
    {Py_tp_doc, (void *)swift_doc},
    {0, NULL},
};

static PyType_Spec swift_spec = {
    .name = "weft_web_server._twin._c.Swift",
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = swift_slots,
};

static PyMethodDef module_methods[] = {
    {"quicken", (PyCFunction)(void (*)(void))quicken, METH_FASTCALL, quicken_doc},
    {NULL},
};

static PyTypeObject *
add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    if (type == NULL && !PyErr_Occurred()) {
        PyErr_NoMemory(); /* some versions forget to say so */
    }
    if (type != NULL && PyModule_AddType(module, (PyTypeObject *)type) < 0) {
        Py_CLEAR(type);
    }
    return (PyTypeObject *)type;
}

static int
module_exec(PyObject *module)
{
    State *state = PyModule_GetState(module);
    if (load_state(state) < 0) {
        return -1;
    }
    state->starter = add_type(module, &starter_spec);
    state->swift = add_type(module, &swift_spec);
    if (state->starter == NULL || state->swift == NULL) {
        return -1;
    }
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
    .m_name = "weft_web_server._twin._c",
    .m_doc = "From a head to its answer in C.",
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
