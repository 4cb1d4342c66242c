/* Frames to send: header, payload and mask in one buffer (RFC 6455 5.2 and 5.3). */

#ifndef WEFT_RENDER_H
#define WEFT_RENDER_H

#include "scan.h"

/* Put the header of a frame before `target`'s payload; returns its size without the key. */
static size_t
put_header(unsigned char *target, unsigned char first, uint64_t length, unsigned char mask_bit)
{
    size_t size = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
    target[0] = first;
    target[1] = mask_bit | (unsigned char)(size == 2 ? length : size == 4 ? 126 : 127);
    for (size_t i = size; i > 2; i--) {
        target[i - 1] = (unsigned char)length;
        length >>= 8;
    }
    return size;
}

/* The four bytes of a key argument, which may be None. 1 with a key, 0 without, -1 failed. */
static int
read_key(PyObject *arg, unsigned char key[4])
{
    Py_buffer view;
    int size_is_right;
    memset(key, 0, 4);
    if (arg == Py_None) {
        return 0;
    }
    if (PyObject_GetBuffer(arg, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    size_is_right = view.len == 4;
    if (size_is_right) {
        memcpy(key, view.buf, 4);
    }
    PyBuffer_Release(&view);
    if (!size_is_right) {
        PyErr_SetString(PyExc_ValueError, "a masking key has four bytes");
        return -1;
    }
    return 1;
}

static int
read_first(PyObject *arg, unsigned char *first)
{
    long value = PyLong_AsLong(arg);
    if (value == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (value < 0 || value > 255) {
        PyErr_SetString(PyExc_ValueError, "bytes must be in range(0, 256)");
        return -1;
    }
    *first = (unsigned char)value;
    return 0;
}

static int
check_count(const char *name, Py_ssize_t given, Py_ssize_t expected)
{
    if (given != expected) {
        PyErr_Format(
            PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, expected, given);
        return -1;
    }
    return 0;
}

static PyObject *
twin_mask(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    unsigned char key[4];
    Py_buffer data;
    PyObject *masked;
    if (check_count("mask", count, 2) < 0) {
        return NULL;
    }
    switch (read_key(args[1], key)) {
    case 0:
        PyErr_SetString(PyExc_TypeError, "a masking key is bytes");
        return NULL;
    case -1:
        return NULL;
    }
    if (PyObject_GetBuffer(args[0], &data, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    masked = PyBytes_FromStringAndSize(NULL, data.len);
    if (masked != NULL) {
        apply_mask((unsigned char *)PyBytes_AS_STRING(masked), data.buf, (size_t)data.len,
            rotate_key(key, 0));
    }
    PyBuffer_Release(&data);
    return masked;
}

static PyObject *
twin_render_header(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    unsigned char header[HEADER_LIMIT], key[4], first;
    unsigned long long length;
    int has_key;
    size_t size;
    if (check_count("render_header", count, 3) < 0 || read_first(args[0], &first) < 0) {
        return NULL;
    }
    length = PyLong_AsUnsignedLongLong(args[1]);
    if (length == (unsigned long long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    has_key = read_key(args[2], key);
    if (has_key < 0) {
        return NULL;
    }
    size = put_header(header, first, length, has_key ? MASKED : 0);
    if (has_key) {
        memcpy(header + size, key, 4);
        size += 4;
    }
    return PyBytes_FromStringAndSize((const char *)header, (Py_ssize_t)size);
}

static PyObject *
render_bytes(unsigned char first, Byte *payload, Py_ssize_t length, const unsigned char *key)
{
    unsigned char header[HEADER_LIMIT], *target;
    size_t size = put_header(header, first, (uint64_t)length, key != NULL ? MASKED : 0);
    PyObject *frame;
    if (key != NULL) {
        memcpy(header + size, key, 4);
        size += 4;
    }
    if (length > PY_SSIZE_T_MAX - HEADER_LIMIT) {
        return PyErr_NoMemory();
    }
    frame = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size + length);
    if (frame == NULL) {
        return NULL;
    }
    target = (unsigned char *)PyBytes_AS_STRING(frame);
    memcpy(target, header, size);
    if (key == NULL) {
        memcpy(target + size, payload, (size_t)length);
    } else {
        apply_mask(target + size, payload, (size_t)length, rotate_key(key, 0));
    }
    return frame;
}

/* A frame of text or of any buffer; `key` is NULL where nothing is masked. */
static PyObject *
render_payload(unsigned char first, PyObject *payload, const unsigned char *key)
{
    PyObject *encoded, *frame;
    Py_buffer data;
    if (PyUnicode_Check(payload) && PyUnicode_IS_COMPACT_ASCII(payload)) {
        return render_bytes(first, PyUnicode_DATA(payload), PyUnicode_GET_LENGTH(payload), key);
    }
    if (PyUnicode_Check(payload)) {
        encoded = PyUnicode_AsUTF8String(payload);
        if (encoded == NULL) {
            return NULL;
        }
        frame = render_bytes(
            first, (Byte *)PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded), key);
        Py_DECREF(encoded);
        return frame;
    }
    if (PyObject_GetBuffer(payload, &data, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    frame = render_bytes(first, data.buf, data.len, key);
    PyBuffer_Release(&data);
    return frame;
}

static PyObject *
twin_render_frame(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    unsigned char key[4], first;
    int has_key;
    if (check_count("render_frame", count, 3) < 0 || read_first(args[0], &first) < 0) {
        return NULL;
    }
    has_key = read_key(args[2], key);
    if (has_key < 0) {
        return NULL;
    }
    return render_payload(first, args[1], has_key ? key : NULL);
}

#endif
