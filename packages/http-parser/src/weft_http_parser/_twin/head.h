/* RequestHead and ResponseHead: the wire bytes and a table of offsets.

   Every text is made when it is asked for, and kept. Both types share one struct: the start
   line's two texts are method and target, or status and reason.

   The types take no part in garbage collection: a head refers to exact bytes and str, to tuples
   of bytes, and to a proxy whose mapping nobody else can reach and which holds only str. No cycle
   can pass through it, and one tracked object per message would only feed the collector. */

#ifndef WEFT_HEAD_H
#define WEFT_HEAD_H

#include "lenient.h"

typedef struct {
    uint32_t name; /* offsets count from the head's first byte */
    uint32_t value;
    uint32_t value_size;
    uint32_t name_size : 24;
    uint32_t known : 8; /* index among the well-known names, or KNOWN_NONE */
} Field;

/* What the offsets can hold; limits beyond it are cut to it. */
enum { NAME_LIMIT = (1 << 24) - 1 };
#define HEAD_LIMIT ((Py_ssize_t)UINT32_MAX - 1)

typedef struct {
    uint32_t size; /* with the empty line */
    uint32_t first, first_size;
    uint32_t second, second_size;
    uint32_t marks;
    uint64_t names; /* the bits of all names, so that most of those that are not there show */
    unsigned char minor;
    unsigned char is_folded; /* some value has line ends in it */
} Layout;

typedef struct {
    PyObject_VAR_HEAD
    const State *state; /* the module's, which the type keeps alive */
    PyObject *bytes;
    Py_ssize_t base; /* where in `bytes` the head begins */
    Layout layout;
    char persistent;
    long long framing;
    PyObject *first; /* made when asked for, NULL before */
    PyObject *second;
    PyObject *headers;
    PyObject *raw_headers;
    Field fields[];
} Head;

static inline Byte *
head_bytes(const Head *head)
{
    return (Byte *)PyBytes_AS_STRING(head->bytes) + head->base;
}

static inline int
is_ascii(Byte *text, size_t size)
{
    uint64_t word, all = 0;
    for (; size >= sizeof(word); text += sizeof(word), size -= sizeof(word)) {
        memcpy(&word, text, sizeof(word));
        all |= word;
    }
    for (; size > 0; text++, size--) {
        all |= *text;
    }
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

/* Most texts are short and ASCII, for which the general decoder takes twice as long. */
static inline PyObject *
decode_text(Byte *text, size_t size)
{
    PyObject *decoded;
    if (size < 2 || !is_ascii(text, size)) {
        return PyUnicode_DecodeUTF8((const char *)text, (Py_ssize_t)size, "surrogateescape");
    }
    decoded = PyUnicode_New((Py_ssize_t)size, 127);
    if (decoded != NULL) {
        memcpy(PyUnicode_DATA(decoded), text, size);
    }
    return decoded;
}

/* Whether a value is folded: nothing else puts LF into one. */
static inline int
is_folded(const Head *head, const Field *field)
{
    return head->layout.is_folded &&
           memchr(head_bytes(head) + field->value, '\n', field->value_size) != NULL;
}

static PyObject *
folded_value(const Head *head, const Field *field)
{
    PyObject *text, *bytes = unfold_value(head_bytes(head) + field->value, field->value_size);
    if (bytes == NULL) {
        return NULL;
    }
    text = decode_text((Byte *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
    return text;
}

static inline PyObject *
field_value(const Head *head, const Field *field)
{
    if (is_folded(head, field)) {
        return folded_value(head, field);
    }
    return decode_text(head_bytes(head) + field->value, field->value_size);
}

/* Set a slot that is still empty; whoever comes second uses what the first one made. */
static PyObject *
keep(Head *head, PyObject **slot, PyObject *made)
{
    PyObject *kept;
    if (made == NULL) {
        return NULL;
    }
    Py_BEGIN_CRITICAL_SECTION(head);
    if (*slot == NULL) {
        *slot = Py_NewRef(made);
    }
    kept = Py_NewRef(*slot);
    Py_END_CRITICAL_SECTION();
    Py_DECREF(made);
    return kept;
}

static inline PyObject *
kept(Head *head, PyObject **slot)
{
    PyObject *value;
    Py_BEGIN_CRITICAL_SECTION(head);
    value = Py_XNewRef(*slot);
    Py_END_CRITICAL_SECTION();
    return value;
}

static PyObject *
head_get_method(Head *self, void *closure)
{
    Byte *text = head_bytes(self) + self->layout.first;
    size_t size = self->layout.first_size;
    unsigned index = find_method(self->state, text, size);
    PyObject *method;
    if (index != METHOD_NONE) {
        return Py_NewRef(self->state->methods[index].name);
    }
    method = kept(self, &self->first);
    return method != NULL ? method : keep(self, &self->first, decode_text(text, size));
}

/* The target of a request, the reason phrase of a response. */
static PyObject *
head_get_second(Head *self, void *closure)
{
    PyObject *text = kept(self, &self->second);
    if (text != NULL) {
        return text;
    }
    text = decode_text(head_bytes(self) + self->layout.second, self->layout.second_size);
    return keep(self, &self->second, text);
}

static PyObject *
head_get_status(Head *self, void *closure)
{
    Byte *digits = head_bytes(self) + self->layout.first;
    return PyLong_FromLong((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
}

static PyObject *
head_get_version(Head *self, void *closure)
{
    return Py_NewRef(self->state->versions[self->layout.minor]);
}

static PyObject *
head_get_raw(Head *self, void *closure)
{
    Py_ssize_t size = (Py_ssize_t)self->layout.size;
    if (size == PyBytes_GET_SIZE(self->bytes)) {
        return Py_NewRef(self->bytes);
    }
    return PyBytes_FromStringAndSize((const char *)head_bytes(self), size);
}

/* The key of a field whose name nobody registered: an istr from the second time on. */
static PyObject *
other_key(const State *state, Byte *name, size_t size)
{
    PyObject *text, *key;
    uint32_t hash;
    int comes_again;
    if (size > RECENT_SIZE) {
        return decode_text(name, size);
    }
    hash = hash_spelling(name, size);
    key = find_recent(state->recent, hash, name, size, &comes_again);
    if (key != NULL) {
        return key;
    }
    text = decode_text(name, size);
    if (text == NULL || !comes_again) {
        return text;
    }
    key = IStr_FromUnicode(state->multidict, text);
    Py_DECREF(text);
    if (key != NULL) {
        keep_recent(state->recent, hash, name, size, key);
    }
    return key;
}

/* The key of a field: a prepared istr where it is spelled as registered or in lower case. */
static PyObject *
field_key(const Head *head, const Field *field)
{
    Byte *name = head_bytes(head) + field->name;
    if (field->known != KNOWN_NONE) {
        const Known *known = &head->state->known[field->known];
        if (memcmp(name, known->spelled, field->name_size) == 0) {
            return Py_NewRef(known->name);
        }
        if (memcmp(name, known->lower, field->name_size) == 0) {
            return Py_NewRef(known->small);
        }
    }
    return other_key(head->state, name, field->name_size);
}

static int
add_field(const Head *head, const Field *field, PyObject *mapping)
{
    PyObject *value, *key = field_key(head, field);
    int result = -1;
    if (key == NULL) {
        return -1;
    }
    value = field_value(head, field);
    if (value != NULL) {
        result = MultiDict_Add(head->state->multidict, mapping, key, value);
        Py_DECREF(value);
    }
    Py_DECREF(key);
    return result;
}

static PyObject *
make_headers(const Head *head)
{
    MultiDict_CAPI *multidict = head->state->multidict;
    PyObject *proxy = NULL, *mapping = CIMultiDict_New(multidict, Py_SIZE(head));
    if (mapping == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < Py_SIZE(head); i++) {
        if (add_field(head, &head->fields[i], mapping) < 0) {
            goto done;
        }
    }
    proxy = CIMultiDictProxy_New(multidict, mapping);
done:
    Py_DECREF(mapping);
    return proxy;
}

static PyObject *
head_get_headers(Head *self, void *closure)
{
    PyObject *headers = kept(self, &self->headers);
    return headers != NULL ? headers : keep(self, &self->headers, make_headers(self));
}

static PyObject *
make_pair(Byte *name, size_t name_size, Byte *value, size_t value_size)
{
    PyObject *pair = PyTuple_New(2);
    PyObject *left = PyBytes_FromStringAndSize((const char *)name, (Py_ssize_t)name_size);
    PyObject *right = PyBytes_FromStringAndSize((const char *)value, (Py_ssize_t)value_size);
    if (pair == NULL || left == NULL || right == NULL) {
        Py_XDECREF(pair);
        Py_XDECREF(left);
        Py_XDECREF(right);
        return NULL;
    }
    PyTuple_SET_ITEM(pair, 0, left);
    PyTuple_SET_ITEM(pair, 1, right);
    return pair;
}

static PyObject *
make_folded_pair(const Head *head, const Field *field)
{
    Byte *bytes = head_bytes(head);
    PyObject *pair, *value = unfold_value(bytes + field->value, field->value_size);
    if (value == NULL) {
        return NULL;
    }
    pair = make_pair(bytes + field->name, field->name_size, (Byte *)PyBytes_AS_STRING(value),
        (size_t)PyBytes_GET_SIZE(value));
    Py_DECREF(value);
    return pair;
}

static PyObject *
make_raw_headers(const Head *head)
{
    Byte *bytes = head_bytes(head);
    PyObject *pair, *pairs = PyTuple_New(Py_SIZE(head));
    for (Py_ssize_t i = 0; pairs != NULL && i < Py_SIZE(head); i++) {
        const Field *field = &head->fields[i];
        pair = is_folded(head, field) ? make_folded_pair(head, field)
                                      : make_pair(bytes + field->name, field->name_size,
                                            bytes + field->value, field->value_size);
        if (pair == NULL) {
            Py_CLEAR(pairs);
        } else {
            PyTuple_SET_ITEM(pairs, i, pair);
        }
    }
    return pairs;
}

static PyObject *
head_get_raw_headers(Head *self, void *closure)
{
    PyObject *pairs = kept(self, &self->raw_headers);
    return pairs != NULL ? pairs : keep(self, &self->raw_headers, make_raw_headers(self));
}

static inline int
is_same_folded(Byte *left, Byte *right, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char folded = left[i] | 0x20;
        if (left[i] != right[i] && (folded != (right[i] | 0x20) || folded < 'a' || folded > 'z')) {
            return 0;
        }
    }
    return 1;
}

/* The first field of this name from `index` on; the number of fields when there is none. */
static Py_ssize_t
find_field(const Head *head, Byte *name, size_t size, Py_ssize_t index)
{
    Byte *bytes = head_bytes(head);
    if (size == 0 || !(head->layout.names & name_bit(hash_name(name, size)))) {
        return Py_SIZE(head);
    }
    for (; index < Py_SIZE(head); index++) {
        const Field *field = &head->fields[index];
        if (field->name_size == size && is_same_folded(bytes + field->name, name, size)) {
            break;
        }
    }
    return index;
}

/* A name to look for: ASCII as it is, other text by way of str.lower(), which can end in ASCII.
   `held` keeps the bytes. */
static int
read_name(const State *state, PyObject *arg, Byte **name, size_t *size, PyObject **held)
{
    PyObject *lower;
    *held = NULL;
    if (!PyUnicode_Check(arg)) {
        PyErr_Format(PyExc_TypeError, "a field name is str, not '%.100s'", Py_TYPE(arg)->tp_name);
        return -1;
    }
    if (PyUnicode_IS_ASCII(arg)) {
        *name = PyUnicode_DATA(arg);
        *size = (size_t)PyUnicode_GET_LENGTH(arg);
        return 0;
    }
    lower = PyObject_CallMethodNoArgs(arg, state->lower_name);
    if (lower == NULL) {
        return -1;
    }
    *held = PyUnicode_AsEncodedString(lower, "utf-8", "surrogateescape");
    Py_DECREF(lower);
    if (*held == NULL) {
        return -1;
    }
    *name = (Byte *)PyBytes_AS_STRING(*held);
    *size = (size_t)PyBytes_GET_SIZE(*held);
    return 0;
}

static PyObject *
head_get(Head *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    Py_ssize_t given = count, index;
    PyObject *fallback = Py_None, *held, *value;
    Byte *name;
    size_t size;
    if (keywords != NULL && PyTuple_GET_SIZE(keywords) == 1 && count == 1 &&
        PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "default") == 0) {
        given = 2;
    } else if ((keywords != NULL && PyTuple_GET_SIZE(keywords) != 0) || count < 1 || count > 2) {
        PyErr_SetString(PyExc_TypeError, "get() takes a name and maybe a default");
        return NULL;
    }
    if (given == 2) {
        fallback = args[1];
    }
    if (read_name(self->state, args[0], &name, &size, &held) < 0) {
        return NULL;
    }
    index = find_field(self, name, size, 0);
    Py_XDECREF(held);
    value = index == Py_SIZE(self) ? Py_NewRef(fallback) : field_value(self, &self->fields[index]);
    return value;
}

static PyObject *
head_get_all(Head *self, PyObject *arg)
{
    PyObject *held, *value, *values = NULL;
    Py_ssize_t index;
    Byte *name;
    size_t size;
    if (read_name(self->state, arg, &name, &size, &held) < 0) {
        return NULL;
    }
    values = PyList_New(0);
    for (index = 0; values != NULL; index++) {
        index = find_field(self, name, size, index);
        if (index == Py_SIZE(self)) {
            break;
        }
        value = field_value(self, &self->fields[index]);
        if (value == NULL || PyList_Append(values, value) < 0) {
            Py_CLEAR(values);
        }
        Py_XDECREF(value);
    }
    Py_XDECREF(held);
    return values;
}

/* Whether a comma-separated value lists the word, which is lower-case letters. */
static int
lists_word(Byte *at, Byte *end, const char *word, size_t size)
{
    while (at <= end) {
        Byte *comma = memchr(at, ',', (size_t)(end - at));
        FieldLine item = {.value = at, .value_end = comma != NULL ? comma : end};
        trim_value(&item);
        if ((size_t)(item.value_end - item.value) == size &&
            is_same_folded(item.value, (Byte *)word, size)) {
            return 1;
        }
        if (comma == NULL) {
            break;
        }
        at = comma + 1;
    }
    return 0;
}

/* RFC 9110 7.8: Upgrade is there and Connection names it; in HTTP/1.0 both mean nothing. */
static PyObject *
head_get_wants_upgrade(Head *self, void *closure)
{
    static const char name[] = "connection", word[] = "upgrade";
    uint32_t both = MARK_UPGRADE | MARK_CONNECTION;
    if ((self->layout.marks & (both | MARK_HTTP_10)) != both) {
        Py_RETURN_FALSE;
    }
    for (Py_ssize_t index = 0;; index++) {
        index = find_field(self, (Byte *)name, sizeof(name) - 1, index);
        if (index == Py_SIZE(self)) {
            Py_RETURN_FALSE;
        }
        Byte *value = head_bytes(self) + self->fields[index].value;
        if (lists_word(value, value + self->fields[index].value_size, word, sizeof(word) - 1)) {
            Py_RETURN_TRUE;
        }
    }
}

/* RFC 9110 10.1.1: the peer waits for a 100 before it sends its body. */
static PyObject *
head_get_expects_continue(Head *self, void *closure)
{
    static const char name[] = "expect", word[] = "100-continue";
    const Field *field;
    if (!(self->layout.marks & MARK_EXPECT) || self->layout.marks & MARK_HTTP_10) {
        Py_RETURN_FALSE;
    }
    field = &self->fields[find_field(self, (Byte *)name, sizeof(name) - 1, 0)];
    return PyBool_FromLong(
        field->value_size == sizeof(word) - 1 &&
        is_same_folded(head_bytes(self) + field->value, (Byte *)word, sizeof(word) - 1));
}

static PyObject *
request_repr(Head *self)
{
    PyObject *text = NULL, *method = head_get_method(self, NULL);
    PyObject *target = head_get_second(self, NULL);
    if (method != NULL && target != NULL) {
        text = PyUnicode_FromFormat("<RequestHead %U %R>", method, target);
    }
    Py_XDECREF(method);
    Py_XDECREF(target);
    return text;
}

static PyObject *
response_repr(Head *self)
{
    PyObject *text = NULL, *status = head_get_status(self, NULL);
    PyObject *reason = head_get_second(self, NULL);
    if (status != NULL && reason != NULL) {
        text = PyUnicode_FromFormat("<ResponseHead %S %R>", status, reason);
    }
    Py_XDECREF(status);
    Py_XDECREF(reason);
    return text;
}

static void
head_dealloc(Head *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_DECREF(self->bytes);
    Py_XDECREF(self->first);
    Py_XDECREF(self->second);
    Py_XDECREF(self->headers);
    Py_XDECREF(self->raw_headers);
    PyObject_Free(self);
    Py_DECREF(type);
}

#endif
