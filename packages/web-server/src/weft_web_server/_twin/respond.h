/* Swift: a class over Response whose calls with the usual arguments make no frame. */

#ifndef WEFT_RESPOND_H
#define WEFT_RESPOND_H

#include "state.h"

typedef struct {
    PyObject *text, *body, *status, *content_type;
} Given;

static inline int
may_be_none(const State *state, PyObject *name)
{
    PyObject *const *names = state->names;
    return name == names[NAME_text] || name == names[NAME_body] || name == names[NAME_headers] ||
           name == names[NAME_reason] || name == names[NAME_content_type] ||
           name == names[NAME_charset];
}

/* Sort the arguments; 0 where there are others than the usual, or of other types. */
static int
sort_arguments(const State *state, PyObject *const *args, PyObject *keywords, Given *given)
{
    Py_ssize_t index, count = PyTuple_GET_SIZE(keywords);
    for (index = 0; index < count; index++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, index), *value = args[index];
        if (value == Py_None && may_be_none(state, name)) {
            continue; /* the same as not given */
        }
        if (name == state->names[NAME_text] && PyUnicode_CheckExact(value)) {
            given->text = value;
        } else if (name == state->names[NAME_body] && PyBytes_CheckExact(value)) {
            given->body = value;
        } else if (name == state->names[NAME_status] && PyLong_CheckExact(value)) {
            given->status = value;
        } else if (name == state->names[NAME_content_type] && PyUnicode_CheckExact(value)) {
            given->content_type = value;
        } else {
            return 0;
        }
    }
    return (given->text == NULL) != (given->body == NULL) &&
           (given->body == NULL || given->content_type == NULL);
}

static int
fill_response(const State *state, PyObject *response, const Given *given)
{
    PyObject *media = Py_None, *body = given->body;
    if (given->text != NULL) {
        body = PyUnicode_AsUTF8String(given->text);
        if (given->content_type == NULL) {
            media = Py_NewRef(state->text_media);
        } else {
            media = PyObject_CallOneArg(state->to_media, given->content_type);
        }
    } else {
        Py_INCREF(body);
        Py_INCREF(media);
    }
    if (body != NULL && media != NULL) {
        set_slot(response, state->response_body, body);
        set_slot(response, state->response_media, media);
        if (given->status != NULL) {
            set_slot(response, state->response_status, given->status);
        }
    }
    Py_XDECREF(body);
    Py_XDECREF(media);
    return body == NULL || media == NULL ? -1 : 0;
}

/* As the type is called otherwise. */
static PyObject *
call_slowly(PyObject *type, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    PyObject *made = NULL, *tuple = PyTuple_New(count), *dict = PyDict_New();
    Py_ssize_t index, named = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    for (index = 0; tuple != NULL && index < count; index++) {
        PyTuple_SET_ITEM(tuple, index, Py_NewRef(args[index]));
    }
    for (index = 0; dict != NULL && index < named; index++) {
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(keywords, index), args[count + index]) < 0) {
            Py_CLEAR(dict);
        }
    }
    if (tuple != NULL && dict != NULL) {
        made = PyType_Type.tp_call(type, tuple, dict);
    }
    Py_XDECREF(tuple);
    Py_XDECREF(dict);
    return made;
}

static PyModuleDef module_def;

static PyObject *
response_vectorcall(PyObject *type, PyObject *const *args, size_t flags, PyObject *keywords)
{
    PyObject *response, *module;
    Given given = {NULL, NULL, NULL, NULL};
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    const State *state;
    module = PyType_GetModuleByDef((PyTypeObject *)type, &module_def);
    if (module == NULL) {
        return NULL;
    }
    state = PyModule_GetState(module);
    if (count > 0 || keywords == NULL || (PyTypeObject *)type != state->whole.type ||
        !sort_arguments(state, args, keywords, &given)) {
        return call_slowly(type, args, count, keywords);
    }
    response = make_like(&state->whole);
    if (response != NULL && fill_response(state, response, &given) < 0) {
        Py_CLEAR(response);
    }
    return response;
}

/* quicken(pattern, text_media, to_media): the class of `pattern` is called this way from now on.
 */
static PyObject *
quicken(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    State *state = PyModule_GetState(module);
    PyTypeObject *type;
    if (count != 3 || !PyUnicode_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "quicken() takes a pattern, a text and a function");
        return NULL;
    }
    type = Py_TYPE(args[0]);
    if (!PyType_IsSubtype(type, state->swift) || set_mould(&state->whole, args[0]) < 0) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "only a Swift class can be quickened");
        }
        return NULL;
    }
    state->response_media = find_slot(type, "_media");
    state->response_body = find_slot(type, "_body");
    state->response_status = find_slot(type, "_status");
    if (PyErr_Occurred()) {
        return NULL;
    }
    Py_XSETREF(state->text_media, Py_NewRef(args[1]));
    Py_XSETREF(state->to_media, Py_NewRef(args[2]));
    type->tp_vectorcall = response_vectorcall;
    Py_RETURN_NONE;
}

#endif
