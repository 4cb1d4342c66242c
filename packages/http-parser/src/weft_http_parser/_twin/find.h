/* A delimiter in the data of a multipart body.

   bytes.find() skips ahead by what the last byte of its window tells, which is slow where the
   delimiter is short and where a sender chooses delimiter and data to fit each other. Here every
   block is looked at whole, by a loop that compilers turn into vectors, so that all data cost the
   same. */

#ifndef WEFT_FIND_H
#define WEFT_FIND_H

#include "state.h"

enum { FIND_BLOCK = 256 };

/* One more copy for wider vectors, chosen when the module is loaded. Not under a sanitizer, which
   is not ready yet when the choice is made, and not without optimisation. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEFT_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WEFT_WIDE
#endif

/* Whether the first and the last byte of a delimiter stand at their distance within a block. */
static inline __attribute__((always_inline)) int
block_may_hold(const char *at, Py_ssize_t distance, char first, char last)
{
    unsigned char hit = 0;
    for (int i = 0; i < FIND_BLOCK; i++)
        hit |= (unsigned char)((at[i] == first) & (at[i + distance] == last));
    return hit;
}

/* The index of `needle`, of two bytes at least, from `start` on; -1 where it is not. */
WEFT_WIDE static Py_ssize_t
find_bytes(
    const char *data, Py_ssize_t size, Py_ssize_t start, const char *needle, Py_ssize_t width)
{
    const Py_ssize_t distance = width - 1;
    const Py_ssize_t end = size - distance; /* behind the last place where it could begin */
    const char first = needle[0], last = needle[distance];
    while (start < end) {
        Py_ssize_t stop = end;
        if (end - start >= FIND_BLOCK) {
            stop = start + FIND_BLOCK;
            if (!block_may_hold(data + start, distance, first, last)) {
                start = stop;
                continue;
            }
        }
        for (; start < stop; start++)
            if (data[start] == first && data[start + distance] == last &&
                memcmp(data + start, needle, (size_t)width) == 0)
                return start;
    }
    return -1;
}

static PyObject *
twin_find_delimiter(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(args[0]) || !PyBytes_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "find_delimiter() takes bytes, bytes and an index");
        return NULL;
    }
    const Py_ssize_t start = PyLong_AsSsize_t(args[2]);
    if (start == -1 && PyErr_Occurred())
        return NULL;
    const Py_ssize_t width = PyBytes_GET_SIZE(args[1]);
    if (start < 0 || width < 2) {
        PyErr_SetString(PyExc_ValueError, "an index below 0, or a delimiter below two bytes");
        return NULL;
    }
    return PyLong_FromSsize_t(find_bytes(PyBytes_AS_STRING(args[0]), PyBytes_GET_SIZE(args[0]),
        start, PyBytes_AS_STRING(args[1]), width));
}

#endif
