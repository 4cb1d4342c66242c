/* The C twin under libFuzzer: one input, taken whole and in pieces, must come to one result.

   ground.h      the interpreter, the twin's objects, the memory of inputs
   messages.h    target: heads
   bodies.h      target: chunks
   rendering.h   target: heads out of texts
   delimiter.h   target: the delimiter of a multipart body

   The format of an input is in inputs.py. */

#include "ground.h"
#include "messages.h"
#include "bodies.h"
#include "rendering.h"
#include "delimiter.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    start_interpreter();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Input input;
    if (size < HEADER || size - HEADER > MOST_DATA) {
        return -1;
    }
    input.kind = bytes[0] & 3;
    input.flags = bytes[0] >> 2 & 3;
    input.strictness = input.kind == 1 ? bytes[0] >> 4 & 7 : 0;
    input.limits = bytes[1] % LIMITS;
    input.steps[0] = bytes[2];
    input.steps[1] = bytes[3];
    input.size = (Py_ssize_t)(size - HEADER);
    expose(0, input.size);
    memcpy(room + MARGIN, bytes + HEADER, size - HEADER);
    if (input.kind == 2 && bytes[0] & 0x80) {
        test_delimiter(&input);
    } else if (input.kind == 2) {
        test_chunks(&input);
    } else if (input.kind == 3) {
        test_rendering(&input);
    } else {
        test_heads(&input);
    }
    PROMISE(!PyErr_Occurred());
    return 0;
}
