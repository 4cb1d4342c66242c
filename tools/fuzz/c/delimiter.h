/* Target: a delimiter at the beginning of the input, looked for in what is behind it. */

#ifndef FUZZ_DELIMITER_H
#define FUZZ_DELIMITER_H

#include "ground.h"

static void
test_delimiter(const Input *input)
{
    Py_ssize_t width = 2 + input->steps[0] % 40, size = input->size - width;
    Byte *begin = data + width;
    char needle[42];
    if (size < 0) {
        return;
    }
    expose(0, input->size);
    memcpy(needle, data, (size_t)width);
    ASAN_POISON_MEMORY_REGION(data, (size_t)(width - width % 8));
    for (Py_ssize_t start = 0; start < 3; start++) {
        Py_ssize_t found = find_bytes((const char *)begin, size, start, needle, width);
        Py_ssize_t at = start;
        while (at + width <= size && memcmp(begin + at, needle, (size_t)width) != 0) {
            at++;
        }
        PROMISE(found == (at + width <= size ? at : -1));
    }
}

#endif
