/* Numbers that are noted while a body is taken apart, and the sequence that users get of many. */

#ifndef WEFT_NUMBERS_H
#define WEFT_NUMBERS_H

#include "state.h"

/* A growing array that begins on the stack. */
enum { LOCAL_ROOM = 128 };

typedef struct {
    int64_t *items;
    Py_ssize_t count;
    Py_ssize_t room;
    int64_t local[LOCAL_ROOM];
} Numbers;

static void
open_numbers(Numbers *numbers)
{
    numbers->items = numbers->local;
    numbers->count = 0;
    numbers->room = LOCAL_ROOM;
}

static void
close_numbers(Numbers *numbers)
{
    if (numbers->items != numbers->local) {
        PyMem_Free(numbers->items);
    }
}

static int
grow_numbers(Numbers *numbers)
{
    size_t room = (size_t)numbers->room * 2;
    int64_t *items = PyMem_Malloc(room * sizeof(*items));
    if (items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(items, numbers->items, (size_t)numbers->count * sizeof(*items));
    close_numbers(numbers);
    numbers->items = items;
    numbers->room = (Py_ssize_t)room;
    return 0;
}

static inline int
add_number(Numbers *numbers, int64_t number)
{
    if (numbers->count == numbers->room && grow_numbers(numbers) < 0) {
        return -1;
    }
    numbers->items[numbers->count++] = number;
    return 0;
}

/* The ends as a sequence of int; of many chunks as one that takes eight bytes for each. */
static PyObject *
pack_ends(const State *state, const Numbers *ends)
{
    PyObject *raw, *view, *numbers;
    raw = PyBytes_FromStringAndSize(
        (const char *)ends->items, ends->count * (Py_ssize_t)sizeof(*ends->items));
    view = raw == NULL ? NULL : PyMemoryView_FromObject(raw);
    Py_XDECREF(raw);
    numbers = view == NULL
                  ? NULL
                  : PyObject_CallMethodOneArg(view, state->cast_name, state->number_format);
    Py_XDECREF(view);
    return numbers;
}

#endif
