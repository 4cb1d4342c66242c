/* Target: heads and field lines out of texts, which stand between bytes 0x1F: the two of the start
   line first, then names and values. */

#ifndef FUZZ_RENDERING_H
#define FUZZ_RENDERING_H

#include "messages.h"

enum { SEPARATOR = 0x1F, MOST_TEXTS = 2 + 2 * 60 };

static Py_ssize_t
read_texts(const Input *input, PyObject **texts)
{
    Byte *at = data, *end = data + input->size;
    Py_ssize_t count = 0;
    while (count < MOST_TEXTS) {
        Byte *stop = at;
        while (stop < end && *stop != SEPARATOR) {
            stop++;
        }
        texts[count] = decode_text(at, (size_t)(stop - at));
        PROMISE(texts[count++] != NULL);
        if (stop == end) {
            break;
        }
        at = stop + 1;
    }
    return count;
}

/* The fields in one of five containers. */
static PyObject *
make_fields(PyObject **texts, Py_ssize_t count, unsigned container)
{
    PyObject *fields, *list = PyList_New(0);
    for (Py_ssize_t i = 0; i + 1 < count; i += 2) {
        PyObject *pair = PyTuple_Pack(2, texts[i], texts[i + 1]);
        PROMISE(append_steal(list, pair) == 0);
    }
    switch (container % 5) {
    case 0:
        return list;
    case 1:
        fields = PyList_AsTuple(list);
        break;
    case 2:
        fields = PyObject_CallOneArg((PyObject *)&PyDict_Type, list);
        break;
    default:
        fields = PyObject_CallOneArg(multidicts[container % 5 - 3], list);
        break;
    }
    PROMISE(fields != NULL);
    Py_DECREF(list);
    return fields;
}

/* Every CR and LF belongs to the end of one of so many lines. */
static void
check_lines(PyObject *rendered, Py_ssize_t expected)
{
    Byte *bytes = (Byte *)PyBytes_AS_STRING(rendered);
    Py_ssize_t lines = 0, size = PyBytes_GET_SIZE(rendered);
    for (Py_ssize_t i = 0; i < size; i++) {
        PROMISE((bytes[i] == '\n') == (i > 0 && bytes[i - 1] == '\r'));
        lines += bytes[i] == '\n';
    }
    PROMISE(lines == expected && (size == 0 || bytes[size - 1] == '\n'));
}

/* NULL where it was refused, which only some errors may do. */
static PyObject *
allow_refusal(PyObject *rendered)
{
    if (rendered == NULL) {
        PROMISE(PyErr_ExceptionMatches(refusals));
        PyErr_Clear();
    }
    return rendered;
}

/* A status out of digits; any other text stays what it is. */
static void
read_status(PyObject **text)
{
    PyObject *number = PyLong_FromUnicodeObject(*text, 10);
    if (number == NULL) {
        PyErr_Clear();
    } else {
        Py_SETREF(*text, number);
    }
}

/* What was rendered is one head with these fields, and so is the head made of the values. */
static void
check_head(PyObject *rendered, PyObject *made, PyObject *lines, Py_ssize_t fields)
{
    PROMISE((rendered == NULL) == (made == NULL));
    PROMISE(rendered == NULL || lines != NULL);
    if (rendered == NULL) {
        return;
    }
    check_lines(rendered, fields + 2);
    PROMISE(Py_SIZE(made) == fields);
    PROMISE(PyObject_RichCompareBool(((Head *)made)->bytes, rendered, Py_EQ) == 1);
}

static void
test_rendering(const Input *input)
{
    PyObject *texts[MOST_TEXTS], *values[VALUES], *rendered, *lines, *made;
    int is_request = input->flags & FLAG_EXACT;
    Py_ssize_t count, fields;
    Writer writer;
    expose(0, input->size);
    count = read_texts(input, texts);
    if (!is_request) {
        read_status(&texts[0]);
    }
    values[0] = texts[0];
    values[1] = texts[count > 1 ? 1 : 0];
    values[2] = state->versions[input->flags & FLAG_REBUILD ? 0 : 1];
    values[3] = make_fields(texts + 2, count - 2, input->steps[0]);
    fields = PyObject_Length(values[3]);
    rendered =
        allow_refusal(is_request ? render_request(state, values) : render_response(state, values));
    made = allow_refusal(
        head_from_values(is_request ? state->request_head : state->response_head, values));
    open_writer(&writer, state);
    lines = allow_refusal(end_rendering(
        &writer, put_fields(&writer, values[3]), state->render_fields, &values[3], 1));
    check_head(rendered, made, lines, fields);
    if (lines != NULL) {
        check_lines(lines, fields);
    }
    if (made != NULL) {
        show_head((Head *)made, is_request, 0);
    }
    Py_XDECREF(rendered);
    Py_XDECREF(made);
    Py_XDECREF(lines);
    Py_DECREF(values[3]);
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_DECREF(texts[i]);
    }
}

#endif
