/* FrameScanner: bytes to frames, unmasked and checked (RFC 6455 section 5).

   Everything a scanner holds is numbers and bytes, so it takes no part in garbage collection: no
   cycle can pass through it. Concurrent calls are kept apart by the object's own lock. */

#ifndef WEFT_SCAN_H
#define WEFT_SCAN_H

#include "state.h" /* before all others, as Python.h must be */

#include "mask.h"
#include "utf8.h"

enum {
    FIN = 0x80,
    RSV1 = 0x40,
    RSV2_RSV3 = 0x30,
    OPCODE = 0x0F,
    TEXT = 0x1,
    BINARY = 0x2,
    CLOSE = 0x8,
    PONG = 0xA,
    MASKED = 0x80,
    LENGTH = 0x7F,
    HEADER_LIMIT = 14,
};

/* The numbers of weft_websocket.errors.Rule that a frame can break. */
enum {
    RULE_RESERVED_BITS = 1,
    RULE_RESERVED_OPCODE = 2,
    RULE_SPLIT_CONTROL = 3,
    RULE_LONG_CONTROL = 4,
    RULE_LONE_CONTINUATION = 5,
    RULE_OPEN_MESSAGE = 6,
    RULE_MASK_MISSING = 7,
    RULE_MASK_PRESENT = 8,
    RULE_LENGTH_FORM = 9,
    RULE_LENGTH_SIGN = 10,
    RULE_MESSAGE_SIZE = 11,
    RULE_FRAGMENT_COUNT = 12,
    RULE_TEXT = 13,
};

typedef const unsigned char Byte;

/* The data message that is open: what its fragments have come to so far. */
typedef struct {
    char is_open;
    char is_checked; /* text that is not compressed */
    char is_compressed;
    Utf8 text;
    uint64_t size;
    uint64_t limit;
    Py_ssize_t fragments;
} Message;

/* A frame whose header is complete. */
typedef struct {
    char is_open;
    unsigned char first;
    unsigned char key[4]; /* zeros where nothing is masked */
    uint64_t length;
    uint64_t taken;
    uint64_t given; /* before it, by take_part(): then length and key are of the rest */
} Frame;

static const uint64_t NO_LIMIT = UINT64_MAX;

typedef struct {
    PyObject_HEAD
    State *state;
    Py_ssize_t max_message_size;
    Py_ssize_t next_limit; /* instead of it for one message; -1: as it is */
    Py_ssize_t max_fragments;
    Py_ssize_t max_batch;
    unsigned char mask_bit;
    char allows_deflate;
    char decodes_text;
    char is_closed;
    char has_more;
    int fault;
    Message message;
    Frame frame;
    PyObject *payload; /* bytes of the open frame, as many as came, or NULL */
    PyObject *rest;    /* unread bytes behind a full batch, or NULL */
    Py_ssize_t rest_at;
    unsigned char header[HEADER_LIMIT]; /* a part of a header */
    unsigned char header_size;
    Py_ssize_t finished; /* frames */
} FrameScanner;

static int
fault_of_first(const FrameScanner *self, unsigned char first)
{
    unsigned opcode = first & OPCODE;
    if (first & RSV2_RSV3) {
        return RULE_RESERVED_BITS;
    }
    if (first & RSV1 && !(self->allows_deflate && (opcode == TEXT || opcode == BINARY))) {
        return RULE_RESERVED_BITS;
    }
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
        return RULE_RESERVED_OPCODE;
    }
    if (opcode >= CLOSE) {
        return first & FIN ? 0 : RULE_SPLIT_CONTROL;
    }
    if (opcode == 0) {
        return self->message.is_open ? 0 : RULE_LONE_CONTINUATION;
    }
    return self->message.is_open ? RULE_OPEN_MESSAGE : 0;
}

static int
fault_of_second(const FrameScanner *self, unsigned char first, unsigned char second)
{
    if ((second & MASKED) != self->mask_bit) {
        return self->mask_bit ? RULE_MASK_MISSING : RULE_MASK_PRESENT;
    }
    if ((first & OPCODE) >= CLOSE) {
        return (second & LENGTH) > 125 ? RULE_LONG_CONTROL : 0;
    }
    if (self->message.is_open && self->message.fragments >= self->max_fragments) {
        return RULE_FRAGMENT_COUNT;
    }
    return 0;
}

/* Whether the 16 or 64 bit length, as far as it is there, is minimal and positive. */
static int
fault_of_length(Byte *extended, size_t available, size_t size)
{
    static const unsigned char zeros[6];
    if (size == 2 && available >= 2 && extended[0] == 0 && extended[1] < 126) {
        return RULE_LENGTH_FORM;
    }
    if (size != 8 || available == 0) {
        return 0;
    }
    if (extended[0] & 0x80) {
        return RULE_LENGTH_SIGN;
    }
    return available >= 6 && memcmp(extended, zeros, 6) == 0 ? RULE_LENGTH_FORM : 0;
}

/* A compressed message may be an eighth and 64 bytes longer, as incompressible data grows. */
static uint64_t
limit_of(const FrameScanner *self, int is_compressed)
{
    Py_ssize_t allowed = self->next_limit < 0 ? self->max_message_size : self->next_limit;
    uint64_t limit = (uint64_t)allowed;
    if (allowed == 0) {
        return NO_LIMIT;
    }
    return is_compressed ? limit + limit / 8 + 64 : limit;
}

/* Whether the announced length fits, before anything is kept for it. */
static int
fault_of_message(const FrameScanner *self, unsigned char first, uint64_t length)
{
    uint64_t size = 0, limit;
    if ((first & OPCODE) >= CLOSE) {
        return 0;
    }
    limit = limit_of(self, first & RSV1);
    if (self->message.is_open) {
        size = self->message.size;
        limit = self->message.limit;
    }
    return size + length > limit ? RULE_MESSAGE_SIZE : 0; /* both below 2**63 */
}

/* Add the frame to its message, which the first frame of one opens. */
static void
count_frame(FrameScanner *self, unsigned char first, uint64_t length)
{
    Message *message = &self->message;
    if ((first & OPCODE) >= CLOSE) {
        return;
    }
    if (!message->is_open) {
        memset(message, 0, sizeof(*message));
        message->is_open = 1;
        message->is_checked = (first & OPCODE) == TEXT && !(first & RSV1);
        message->is_compressed = (first & RSV1) != 0;
        message->limit = limit_of(self, first & RSV1);
        self->next_limit = -1;
    }
    message->size += length;
    message->fragments++;
}

/* Open the frame when its header is complete, and return the header's size; 0 when bytes are
   missing or wrong. */
static size_t
read_header(FrameScanner *self, Byte *at, size_t available)
{
    size_t size = 2, key_size = self->mask_bit ? 4 : 0;
    uint64_t length;
    if (available == 0 || (self->fault = fault_of_first(self, at[0])) || available < 2 ||
        (self->fault = fault_of_second(self, at[0], at[1]))) {
        return 0;
    }
    length = at[1] & LENGTH;
    if (length > 125) {
        size = length == 126 ? 4 : 10;
        self->fault = fault_of_length(at + 2, available - 2, size - 2);
        if (self->fault || available < size) {
            return 0;
        }
        length = 0;
        for (size_t i = 2; i < size; i++) {
            length = length << 8 | at[i];
        }
    }
    self->fault = fault_of_message(self, at[0], length);
    if (self->fault || available < size + key_size) {
        return 0;
    }
    memset(&self->frame, 0, sizeof(self->frame));
    self->frame.is_open = 1;
    self->frame.first = at[0];
    self->frame.length = length;
    memcpy(self->frame.key, at + size, key_size);
    count_frame(self, at[0], length);
    return size + key_size;
}

/* The same with a part of the header kept from an earlier call. Returns how many of the new bytes
   belong to the header. */
static size_t
resume_header(FrameScanner *self, Byte *at, size_t available)
{
    size_t used = 0, size;
    if (self->header_size == 0) {
        used = read_header(self, at, available);
        if (used == 0 && !self->fault) {
            memcpy(self->header, at, available); /* less than a header's longest form */
            self->header_size = (unsigned char)available;
            return available;
        }
        return used;
    }
    while (used < available && !self->frame.is_open && !self->fault) {
        self->header[self->header_size++] = at[used++];
        size = read_header(self, self->header, self->header_size);
        if (size != 0) {
            self->header_size = 0;
        }
    }
    return used;
}

/* Room for `more` bytes of payload, at most twice what arrived and never over the frame. */
static int
grow_payload(FrameScanner *self, size_t more)
{
    uint64_t needed = self->frame.taken + more;
    uint64_t room = self->payload == NULL ? 0 : (uint64_t)PyBytes_GET_SIZE(self->payload);
    if (needed <= room) {
        return 0;
    }
    room = needed * 2 < self->frame.length ? needed * 2 : self->frame.length;
    if (room > (uint64_t)PY_SSIZE_T_MAX / 2) {
        PyErr_NoMemory();
        return -1;
    }
    if (self->payload == NULL) {
        self->payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
        return self->payload == NULL ? -1 : 0;
    }
    return _PyBytes_Resize(&self->payload, (Py_ssize_t)room);
}

/* 0 at the first byte that errs, or at a message's end within a character. */
static int
check_text(FrameScanner *self, Byte *piece, size_t size)
{
    Message *message = &self->message;
    const Frame *frame = &self->frame;
    if (!message->is_checked || (frame->first & OPCODE) >= CLOSE) {
        return 1;
    }
    if (utf8_check(&message->text, piece, size) != size) {
        return 0;
    }
    return !(frame->first & FIN) || frame->taken < frame->length || message->text.missing == 0;
}

/* The text of a whole message in one frame. NULL without an exception when it is not UTF-8.
   ASCII, which most text is, is unmasked straight into the string that is returned. */
static PyObject *
unmask_text(Byte *source, size_t size, uint32_t word)
{
    PyObject *raw, *text;
    if (size == 0) {
        return PyUnicode_New(0, 127);
    }
    raw = PyUnicode_New((Py_ssize_t)size, 127);
    if (raw == NULL) {
        return NULL;
    }
    apply_mask(PyUnicode_DATA(raw), source, size, word);
    if (size > 1 && !has_high_bit(PyUnicode_DATA(raw), size)) {
        return raw;
    }
    text = PyUnicode_DecodeUTF8(PyUnicode_DATA(raw), (Py_ssize_t)size, "strict");
    Py_DECREF(raw);
    if (text == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
    }
    return text;
}

/* The payload of a whole plain frame. NULL without an exception when its text is not UTF-8. */
static PyObject *
take_plain(FrameScanner *self, Byte *source)
{
    Frame *frame = &self->frame;
    size_t size = (size_t)frame->length;
    uint32_t word = rotate_key(frame->key, 0);
    Utf8 text = {0, 0, 0};
    PyObject *payload;
    if (frame->first == (FIN | TEXT) && self->decodes_text) {
        return unmask_text(source, size, word);
    }
    payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (payload == NULL) {
        return NULL;
    }
    apply_mask((unsigned char *)PyBytes_AS_STRING(payload), source, size, word);
    if (frame->first == (FIN | TEXT) &&
        (utf8_check(&text, (Byte *)PyBytes_AS_STRING(payload), size) != size || text.missing)) {
        Py_CLEAR(payload);
    }
    return payload;
}

/* The payload of a frame that lies whole in what was just fed. NULL with `fault` or an exception.
 */
static PyObject *
take_whole(FrameScanner *self, Byte *source)
{
    Frame *frame = &self->frame;
    size_t size = (size_t)frame->length;
    uint32_t word = rotate_key(frame->key, 0);
    PyObject *payload;
    frame->taken = frame->length;
    if (self->decodes_text && frame->first == (FIN | TEXT)) {
        payload = unmask_text(source, size, word);
        self->fault = payload == NULL && !PyErr_Occurred() ? RULE_TEXT : 0;
        return payload;
    }
    payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (payload == NULL) {
        return NULL;
    }
    apply_mask((unsigned char *)PyBytes_AS_STRING(payload), source, size, word);
    if (!check_text(self, (Byte *)PyBytes_AS_STRING(payload), size)) {
        self->fault = RULE_TEXT;
        Py_CLEAR(payload);
    }
    return payload;
}

/* So many more bytes of the payload are in their place, unmasked. The payload once all are: NULL
   before, and with `fault` or an exception. */
static PyObject *
take_filled(FrameScanner *self, size_t size)
{
    Frame *frame = &self->frame;
    unsigned char *target = (unsigned char *)PyBytes_AS_STRING(self->payload) + frame->taken;
    PyObject *payload;
    frame->taken += size;
    if (!check_text(self, target, size)) {
        self->fault = RULE_TEXT;
        return NULL;
    }
    if (frame->taken < frame->length) {
        return NULL;
    }
    payload = self->payload; /* exactly as long as the frame: grow_payload() capped it */
    self->payload = NULL;
    if (self->decodes_text && frame->first == (FIN | TEXT)) {
        PyObject *text = PyUnicode_FromStringAndSize(
            PyBytes_AS_STRING(payload), PyBytes_GET_SIZE(payload)); /* checked as it came */
        Py_SETREF(payload, text);
    }
    return payload;
}

/* The same as take_whole() for a frame that comes in pieces. */
static PyObject *
take_piece(FrameScanner *self, Byte *source, size_t size)
{
    Frame *frame = &self->frame;
    if (grow_payload(self, size) < 0) {
        return NULL;
    }
    apply_mask((unsigned char *)PyBytes_AS_STRING(self->payload) + frame->taken, source, size,
        rotate_key(frame->key, (size_t)(frame->taken & 3)));
    return take_filled(self, size);
}

/* What the list of feed() holds for a frame: a message where it is a whole one in plain bytes,
   else (first, payload). Steals the payload. */
static PyObject *
make_item(const FrameScanner *self, unsigned char first, PyObject *payload)
{
    const State *state = self->state;
    PyObject *number, *pair;
    if (first == (FIN | BINARY)) {
        return make_message(state->message_type, state->binary_kind, payload, state->empty);
    }
    if (first == (FIN | TEXT)) {
        return make_message(self->decodes_text ? state->message_type : state->bytes_message_type,
            state->text_kind, payload, state->empty);
    }
    number = PyLong_FromLong(first);
    pair = number == NULL ? NULL : PyTuple_Pack(2, number, payload);
    Py_XDECREF(number);
    Py_DECREF(payload);
    return pair;
}

/* Add the frame to the list and close it. Steals the payload. */
static int
finish_frame(FrameScanner *self, PyObject *frames, PyObject *payload)
{
    unsigned char first = self->frame.first;
    PyObject *item = make_item(self, first, payload);
    int failed = item == NULL || PyList_Append(frames, item) < 0;
    Py_XDECREF(item);
    self->frame.is_open = 0;
    self->finished++;
    if ((first & OPCODE) < CLOSE && first & FIN) {
        self->message.is_open = 0;
    }
    self->is_closed = (first & OPCODE) == CLOSE;
    return failed ? -1 : 0;
}

/* Frames out of at..end until a batch is full. The first byte not read, or NULL with an
   exception. */
static Byte *
scan_frames(FrameScanner *self, PyObject *frames, Byte *at, Byte *end)
{
    PyObject *payload;
    uint64_t missing;
    while (PyList_GET_SIZE(frames) < self->max_batch && !self->is_closed) {
        if (!self->frame.is_open) {
            at += resume_header(self, at, (size_t)(end - at));
            if (!self->frame.is_open) {
                return at; /* bytes are missing, or wrong */
            }
        }
        missing = self->frame.length - self->frame.taken;
        if (self->frame.taken == 0 && missing <= (uint64_t)(end - at)) {
            payload = take_whole(self, at);
        } else {
            missing = missing < (uint64_t)(end - at) ? missing : (uint64_t)(end - at);
            payload = missing == 0 ? NULL : take_piece(self, at, (size_t)missing);
        }
        if (payload == NULL) {
            return PyErr_Occurred() ? NULL : at + missing;
        }
        at += missing;
        if (finish_frame(self, frames, payload) < 0) {
            return NULL;
        }
    }
    return at;
}

/* The frame of which a part has come: its number and a measure of that part; None between two. */
static PyObject *
scanner_get_half(FrameScanner *self, void *unused)
{
    const Frame *frame = &self->frame;
    uint64_t came =
        frame->is_open ? HEADER_LIMIT + frame->given + frame->taken : self->header_size;
    if (came == 0) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("nK", self->finished, (unsigned long long)came);
}

/* What a read nearly always is: one whole message in one plain frame, and nothing beside it. NULL
   without an exception for everything else, which is left untouched to the long way. */
static PyObject *
scan_one(FrameScanner *self, Byte *at, size_t size)
{
    size_t start = self->mask_bit ? 6 : 2, length;
    PyObject *payload;
    if (size < start || (at[0] != (FIN | TEXT) && at[0] != (FIN | BINARY)) || self->fault ||
        self->is_closed || self->frame.is_open || self->message.is_open || self->header_size ||
        self->rest != NULL || self->max_batch < 1 || self->next_limit >= 0) {
        return NULL;
    }
    length = at[1] ^ self->mask_bit; /* over 127 where the mask bit is wrong */
    if (length == 126) {
        start += 2;
        length = (size_t)at[2] << 8 | (size < start ? 0 : at[3]);
        if (length < 126) {
            return NULL;
        }
    } else if (length > 126) {
        return NULL;
    }
    if (start + length != size ||
        (self->max_message_size && length > (size_t)self->max_message_size)) {
        return NULL;
    }
    memset(&self->frame, 0, sizeof(self->frame));
    self->frame.first = at[0];
    self->frame.length = length;
    if (self->mask_bit) {
        memcpy(self->frame.key, at + start - 4, 4);
    }
    payload = take_plain(self, at + start);
    return payload == NULL ? NULL : make_item(self, at[0], payload);
}

#endif
