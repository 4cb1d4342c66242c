/* Target: one scanner over pipelined messages. */

#ifndef FUZZ_MESSAGES_H
#define FUZZ_MESSAGES_H

#include "ground.h"

typedef struct {
    Head *found[MOST_HEADS];
    Py_ssize_t ends[MOST_HEADS];
    Py_ssize_t count;
    Py_ssize_t start; /* of the message behind the last head */
    Failure fault;
} Heads;

/* As scan() of Python: a fault becomes an exception. */
static PyObject *
scan_from(HeadScanner *scanner, const Source *source, Py_ssize_t start)
{
    Fault fault = NO_FAULT;
    PyObject *head = scan_source(scanner, source, start, &fault);
    if (fault.reason != REASON_COUNT) {
        PROMISE(head == NULL && !PyErr_Occurred());
        raise_fault(state, &fault);
    }
    return head;
}

/* Every head that is whole in what can be seen. 0 when no more is to come. */
static int
scan_all(HeadScanner *scanner, const Source *source, Heads *heads)
{
    while (heads->count < MOST_HEADS) {
        PyObject *head = scan_from(scanner, source, heads->start);
        if (head == NULL) {
            heads->fault = take_fault(heads->start);
            return 0;
        }
        if (head == Py_None) {
            Py_DECREF(head);
            return 1;
        }
        PROMISE(scanner->end > heads->start && scanner->end <= source->size);
        heads->found[heads->count] = (Head *)head;
        heads->start = heads->ends[heads->count] = scanner->end;
        heads->count++;
    }
    return 0;
}

static void
drop_heads(Heads *heads)
{
    for (Py_ssize_t i = 0; i < heads->count; i++) {
        Py_DECREF(heads->found[i]);
    }
}

static void
compare_heads(const Heads *left, const Heads *right)
{
    PROMISE(left->count == right->count && left->start == right->start);
    PROMISE(left->fault.reason == right->fault.reason);
    PROMISE(left->fault.reason == NULL || left->fault.offset == right->fault.offset);
    for (Py_ssize_t i = 0; i < left->count; i++) {
        const Head *one = left->found[i], *other = right->found[i];
        const Layout *a = &one->layout, *b = &other->layout;
        PROMISE(left->ends[i] == right->ends[i] && Py_SIZE(one) == Py_SIZE(other));
        PROMISE(a->size == b->size && a->first == b->first && a->first_size == b->first_size &&
                a->second == b->second && a->second_size == b->second_size &&
                a->marks == b->marks && a->minor == b->minor);
        PROMISE(memcmp(head_bytes(one), head_bytes(other), a->size) == 0);
        PROMISE(memcmp(one->fields, other->fields, (size_t)Py_SIZE(one) * sizeof(Field)) == 0);
    }
}

/* Fields lie in the head, in order, and the head where it ended in the input. */
static void
check_layout(const Head *head, Py_ssize_t end)
{
    const Layout *layout = &head->layout;
    uint32_t at = layout->second + layout->second_size;
    PROMISE((Py_ssize_t)layout->size <= end);
    PROMISE(memcmp(head_bytes(head), data + end - layout->size, layout->size) == 0);
    PROMISE(at < layout->size);
    for (Py_ssize_t i = 0; i < Py_SIZE(head); i++) {
        const Field *field = &head->fields[i];
        PROMISE(field->name > at && field->name_size > 0);
        PROMISE(field->value > field->name + field->name_size);
        at = field->value + field->value_size;
        PROMISE(at < layout->size);
    }
}

/* A head made of what a head shows is that head again. */
static void
rebuild_head(Head *head, int is_request)
{
    PyObject *values[VALUES], *made;
    values[0] = is_request ? head_get_method(head, NULL) : head_get_status(head, NULL);
    values[1] = head_get_second(head, NULL);
    values[2] = head_get_version(head, NULL);
    values[3] = head_get_headers(head, NULL);
    PROMISE(values[0] != NULL && values[1] != NULL && values[2] != NULL && values[3] != NULL);
    made = head_from_values(Py_TYPE(head), values);
    PROMISE(made != NULL);
    PROMISE(Py_SIZE(made) == Py_SIZE(head));
    PROMISE(((Head *)made)->layout.marks == head->layout.marks);
    for (Py_ssize_t i = 0; i < Py_SIZE(head); i++) {
        const Field *one = &head->fields[i], *other = &((Head *)made)->fields[i];
        PROMISE(one->name_size == other->name_size && one->value_size == other->value_size);
        PROMISE(memcmp(head_bytes(head) + one->value, head_bytes((Head *)made) + other->value,
                    one->value_size) == 0);
    }
    Py_DECREF(made);
    for (int i = 0; i < VALUES; i++) {
        Py_DECREF(values[i]);
    }
}

/* Everything that is made when it is asked for, twice: made, then kept. */
static void
show_head(Head *head, int is_request, int rebuild)
{
    PyObject *pairs, *all;
    for (int i = 0; i < 2; i++) {
        drop(head_get_version(head, NULL));
        drop(head_get_raw(head, NULL));
        drop(head_get_headers(head, NULL));
        drop(is_request ? head_get_method(head, NULL) : head_get_status(head, NULL));
        drop(head_get_second(head, NULL));
    }
    drop(head_get_wants_upgrade(head, NULL));
    if (is_request) {
        drop(head_get_expects_continue(head, NULL));
    }
    drop(is_request ? request_repr(head) : response_repr(head));
    pairs = head_get_raw_headers(head, NULL);
    PROMISE(pairs != NULL && PyTuple_GET_SIZE(pairs) == Py_SIZE(head));
    Py_DECREF(pairs);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(lookups); i++) {
        PyObject *name = PyTuple_GET_ITEM(lookups, i), *first = head_get(head, &name, 1, NULL);
        all = head_get_all(head, name);
        PROMISE(first != NULL && all != NULL);
        PROMISE((first == Py_None) == (PyObject_Length(all) == 0));
        Py_DECREF(first);
        Py_DECREF(all);
    }
    if (rebuild) {
        rebuild_head(head, is_request);
    }
}

/* What a fresh look at one message makes of its first bytes. */
static Failure
scan_beginning(HeadScanner *scanner, Py_ssize_t start, Py_ssize_t stop)
{
    Source source = expose(0, stop);
    Failure fault = {NULL, 0};
    PyObject *head;
    drop(scanner_reset(scanner, NULL));
    head = scan_from(scanner, &source, start);
    if (head == NULL) {
        return take_fault(start);
    }
    PROMISE(head == Py_None);
    Py_DECREF(head);
    return fault;
}

static void
test_heads(const Input *input)
{
    PyObject *chosen = input->kind == 0 ? request_scanners[input->limits]
                                        : response_scanners[input->strictness][input->limits];
    HeadScanner *scanner = (HeadScanner *)chosen;
    Heads whole = {.count = 0}, pieces = {.count = 0};
    Source source = expose(0, input->size);
    PyObject *exact = NULL;
    unsigned turn = 0;
    Py_ssize_t stop = 0;
    int more = 1;
    if (input->flags & FLAG_EXACT) {
        exact = PyBytes_FromStringAndSize((const char *)data, input->size);
        source.bytes = (Byte *)PyBytes_AS_STRING(exact);
        source.exact = exact;
    }
    drop(scanner_reset(scanner, NULL));
    scan_all(scanner, &source, &whole);
    drop(scanner_reset(scanner, NULL));
    do {
        stop = next_stop(input, stop, &turn);
        source = expose(0, stop);
        more = scan_all(scanner, &source, &pieces);
    } while (more && stop < input->size);
    expose(0, input->size);
    compare_heads(&whole, &pieces);
    for (Py_ssize_t i = 0; i < whole.count; i++) {
        check_layout(whole.found[i], whole.ends[i]);
        if (i < 4) {
            show_head(whole.found[i], input->kind == 0,
                input->flags & FLAG_REBUILD && input->strictness == 0);
        }
    }
    if (whole.fault.reason != NULL) {
        Py_ssize_t offset = whole.fault.offset;
        Failure same;
        PROMISE(offset >= whole.start && offset < input->size);
        PROMISE(scan_beginning(scanner, whole.start, offset).reason == NULL);
        same = scan_beginning(scanner, whole.start, offset + 1);
        PROMISE(same.reason == whole.fault.reason && same.offset == offset);
    }
    drop_heads(&whole);
    drop_heads(&pieces);
    Py_XDECREF(exact);
}

#endif
