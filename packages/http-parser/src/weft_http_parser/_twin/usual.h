/* The usual request: what a server asks of every one, and how the body of most is framed. */

#ifndef WEFT_USUAL_H
#define WEFT_USUAL_H

#include "head.h"

/* Whether a field that comes once has exactly this value, whatever its case. */
static int
says_once(const Head *head, const char *name, size_t name_size, const char *value, size_t size)
{
    Py_ssize_t count = Py_SIZE(head);
    Py_ssize_t index = find_field(head, (Byte *)name, name_size, 0);
    return index < count && head->fields[index].value_size == size &&
           is_same_folded(head_bytes(head) + head->fields[index].value, (Byte *)value, size) &&
           find_field(head, (Byte *)name, name_size, index + 1) == count;
}

/* What a Content-Length that comes once says; -1 where it is anything but at most 18 digits. */
static long long
read_length(const Head *head)
{
    static const char name[] = "content-length";
    Py_ssize_t count = Py_SIZE(head);
    Py_ssize_t index = find_field(head, (Byte *)name, sizeof(name) - 1, 0);
    const Field *field = &head->fields[index];
    long long length = 0;
    if (index == count || field->value_size == 0 || field->value_size > 18 ||
        find_field(head, (Byte *)name, sizeof(name) - 1, index + 1) < count) {
        return -1;
    }
    for (uint32_t at = 0; at < field->value_size; at++) {
        unsigned digit = head_bytes(head)[field->value + at] - (unsigned)'0';
        if (digit > 9) {
            return -1;
        }
        length = length * 10 + digit;
    }
    return length;
}

/* The length of the body of a request that stays; -1 for all that is framed in another way, or
   not simply: those are judged by the specification. */
static long long
find_usual_length(const Head *head)
{
    static const char name[] = "connection", stays[] = "keep-alive";
    uint32_t marks = head->layout.marks & head->state->framing;
    if (marks & ~(MARK_CONNECTION | MARK_CONTENT_LENGTH) || head->layout.is_folded) {
        return -1;
    }
    if (marks & MARK_CONNECTION &&
        !says_once(head, name, sizeof(name) - 1, stays, sizeof(stays) - 1)) {
        return -1;
    }
    return marks & MARK_CONTENT_LENGTH ? read_length(head) : 0;
}

/* What a server asks of every request, as one number; as in weft_http_parser.heads. */
static PyObject *
head_get_traits(Head *self, void *closure)
{
    static const uint32_t marks[] = {
        MARK_HTTP_10, MARK_EXPECT, MARK_CONTENT_ENCODING, MARK_OTHER_TARGET};
    static const char method[] = "HEAD";
    const Layout *layout = &self->layout;
    long traits = (self->persistent ? 0 : 16) | (self->framing == 0 ? 0 : 32);
    for (int i = 0; i < 4; i++) {
        traits |= layout->marks & marks[i] ? 1 << i : 0;
    }
    if (layout->first_size == sizeof(method) - 1 &&
        memcmp(head_bytes(self) + layout->first, method, sizeof(method) - 1) == 0) {
        traits |= 64;
    }
    return PyLong_FromLong(traits);
}

#endif
