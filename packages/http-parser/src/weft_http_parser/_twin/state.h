/* What one copy of the module holds: fetched in the exec slot and only read afterwards.

   That is what makes the module fit for several interpreters and for a build without the GIL:
   nothing here is static and mutable, the multidict library locks its own objects, and the
   objects of this module that change lock themselves; so does the table of recent names. */

#ifndef WEFT_STATE_H
#define WEFT_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <multidict_capi.h>

#include "recent.h"

/* The critical sections of 3.13; before it there is always the GIL. */
#ifndef Py_BEGIN_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(op) {
#define Py_END_CRITICAL_SECTION() }
#endif

/* The members of weft_http_parser.errors.Reason that the loops here can find. */
#define WEFT_REASONS(X)           \
    X(BARE_CR)                    \
    X(BARE_LF)                    \
    X(EMPTY_LINES)                \
    X(METHOD)                     \
    X(TARGET)                     \
    X(VERSION_SYNTAX)             \
    X(VERSION)                    \
    X(STATUS)                     \
    X(REASON_PHRASE)              \
    X(FIELD_NAME)                 \
    X(FIELD_VALUE)                \
    X(SPACE_BEFORE_COLON)         \
    X(LINE_FOLDING)               \
    X(HOST_MISSING)               \
    X(HOST_REPEATED)              \
    X(HOST_INVALID)               \
    X(LINE_TOO_LONG)              \
    X(FIELD_TOO_LONG)             \
    X(TOO_MANY_FIELDS)            \
    X(HEAD_TOO_LARGE)             \
    X(BODY_TOO_LARGE)             \
    X(CHUNK_SIZE)                 \
    X(CHUNK_EXTENSION)            \
    X(CHUNK_END)                  \
    X(CHUNK_LINE_TOO_LONG)        \
    X(CHUNK_EXTENSIONS_TOO_LARGE) \
    X(TOO_MANY_TRAILERS)          \
    X(TRAILERS_TOO_LARGE)

#define WEFT_REASON_MEMBER(name) REASON_##name,
typedef enum { WEFT_REASONS(WEFT_REASON_MEMBER) REASON_COUNT } Reason;
#undef WEFT_REASON_MEMBER

/* Marks of a head, as in weft_http_parser.names; the exec slot checks that they agree. */
#define WEFT_MARKS(X)      \
    X(HOST, 0)             \
    X(CONTENT_LENGTH, 1)   \
    X(CONNECTION, 3)       \
    X(UPGRADE, 4)          \
    X(EXPECT, 5)           \
    X(CONTENT_ENCODING, 6) \
    X(HTTP_10, 30)         \
    X(OTHER_TARGET, 31)

#define WEFT_MARK_MEMBER(name, bit) static const uint32_t MARK_##name = (uint32_t)1 << bit;
WEFT_MARKS(WEFT_MARK_MEMBER)
#undef WEFT_MARK_MEMBER

/* A well-known field name, prepared in the two spellings that peers send. */
enum { KNOWN_SLOTS = 512, KNOWN_LIMIT = 255, KNOWN_SIZE = 40, KNOWN_NONE = 255 };

typedef struct {
    PyObject *name;  /* an istr, spelled as registered */
    PyObject *small; /* an istr in lower case */
    uint32_t mark;   /* its mark, or 0 */
    unsigned char size;
    char spelled[KNOWN_SIZE];
    char lower[KNOWN_SIZE];
} Known;

enum { METHOD_SLOTS = 64, METHOD_LIMIT = 32, METHOD_SIZE = 12, METHOD_NONE = 255 };

typedef struct {
    PyObject *name; /* the constant of weft_http_parser.names */
    unsigned char size;
    char text[METHOD_SIZE];
} Method;

/* The attributes that scanners read of their Limits and Strictness. */
#define WEFT_SETTINGS(X)         \
    X(line)                      \
    X(field)                     \
    X(fields)                    \
    X(head)                      \
    X(empty_lines)               \
    X(chunk_line)                \
    X(chunk_extensions)          \
    X(trailer_fields)            \
    X(trailers)                  \
    X(body)                      \
    X(allows_bare_lf)            \
    X(allows_line_folding)       \
    X(allows_space_before_colon) \
    X(allows_bare_status)        \
    X(allows_controls)

#define WEFT_SETTING_MEMBER(name) SETTING_##name,
typedef enum { WEFT_SETTINGS(WEFT_SETTING_MEMBER) SETTING_COUNT } Setting;
#undef WEFT_SETTING_MEMBER

/* What an inlet calls of the class over it. */
#define WEFT_CALLS(X) \
    X(_receive_more)  \
    X(_begin_message) \
    X(_take_body)     \
    X(_end_body)      \
    X(_answered)      \
    X(_fail)

#define WEFT_CALL_MEMBER(name) CALL##name,
typedef enum { WEFT_CALLS(WEFT_CALL_MEMBER) CALL_COUNT } Call;
#undef WEFT_CALL_MEMBER

/* The phases that an inlet knows; the rest is the business of the class over it. */
#define WEFT_PHASES(X) \
    X(IDLE)            \
    X(BODY)            \
    X(LAST_BODY)       \
    X(DONE)            \
    X(LAST)

#define WEFT_PHASE_MEMBER(name) PHASE_##name,
typedef enum { WEFT_PHASES(WEFT_PHASE_MEMBER) PHASE_COUNT } Phase;
#undef WEFT_PHASE_MEMBER

/* Limits that heads are checked against; each is the largest value that still passes. */
typedef struct {
    Py_ssize_t line;
    Py_ssize_t field;
    Py_ssize_t fields;
    Py_ssize_t head;
    Py_ssize_t empty_lines;
} HeadLimits;

typedef struct {
    Py_ssize_t line;
    Py_ssize_t extensions;
    Py_ssize_t field;
    Py_ssize_t trailer_fields;
    Py_ssize_t trailers;
    int64_t body;
} ChunkLimits;

typedef struct {
    MultiDict_CAPI *multidict;
    PyTypeObject *mappings[4]; /* MultiDict, CIMultiDict and their proxies */
    PyTypeObject *istr;
    PyTypeObject *request_head;
    PyTypeObject *response_head;
    PyTypeObject *head_scanner;
    PyTypeObject *chunk_scanner;
    PyObject *protocol_error;
    PyObject *reasons[REASON_COUNT];
    PyObject *versions[2];   /* HTTP_10, HTTP_11 */
    PyObject *render_fields; /* the specification's functions, which refuse in detail */
    PyObject *render_request_head;
    PyObject *render_response_head;
    PyObject *server; /* the role */
    PyObject *phases[PHASE_COUNT];
    PyObject *end;     /* the event without trailers */
    PyObject *nothing; /* no bytes */
    PyObject *no_text;
    /* What nearly every connection has, so that its attributes are read once. */
    PyObject *limits, *strictness;
    HeadLimits head_limits;
    ChunkLimits chunk_limits;
    Py_ssize_t ahead;  /* how many bytes may be held behind a message */
    uint32_t steering; /* marks of the fields that steer a message */
    uint32_t framing;  /* and of what makes a request more than a head */
    Known known[KNOWN_LIMIT];
    unsigned char known_slots[KNOWN_SLOTS]; /* KNOWN_NONE or an index */
    Method methods[METHOD_LIMIT];
    unsigned char method_slots[METHOD_SLOTS];
    PyObject *settings[SETTING_COUNT]; /* their names, interned */
    /* Interned too: the interpreter's cache of lookups would hold one more name each time. */
    PyObject *cast_name, *lower_name, *number_format, *events_name;
    PyObject *calls[CALL_COUNT];
    Recent *recent;
} State;

/* Length, ends and middle, without the case; the registered names meet twice at most. */
static inline unsigned
hash_name(Byte *name, size_t size)
{
    unsigned first = name[0] | 0x20, middle = name[size / 2] | 0x20, last = name[size - 1] | 0x20;
    return ((unsigned)size * 29 + first * 9 + last * 13 + middle) & (KNOWN_SLOTS - 1);
}

/* One bit of 64 for a name, whatever its case. */
static inline uint64_t
name_bit(unsigned hash)
{
    return (uint64_t)1 << (hash & 63);
}

/* The index of a well-known name, whatever its case, or KNOWN_NONE. */
static inline unsigned
find_hashed(const State *state, unsigned slot, Byte *name, size_t size)
{
    for (;; slot = (slot + 1) & (KNOWN_SLOTS - 1)) {
        unsigned index = state->known_slots[slot];
        if (index == KNOWN_NONE) {
            return KNOWN_NONE;
        }
        if (state->known[index].size == size &&
            equals_folded(name, state->known[index].lower, size)) {
            return index;
        }
    }
}

static inline unsigned
find_known(const State *state, Byte *name, size_t size)
{
    return find_hashed(state, hash_name(name, size), name, size);
}

static inline unsigned
hash_method(Byte *name, size_t size)
{
    return ((unsigned)size * 7 + name[0] + name[size - 1] * 3u) & (METHOD_SLOTS - 1);
}

static inline unsigned
find_method(const State *state, Byte *name, size_t size)
{
    unsigned slot = hash_method(name, size);
    for (;; slot = (slot + 1) & (METHOD_SLOTS - 1)) {
        unsigned index = state->method_slots[slot];
        if (index == METHOD_NONE) {
            return METHOD_NONE;
        }
        if (state->methods[index].size == size &&
            memcmp(name, state->methods[index].text, size) == 0) {
            return index;
        }
    }
}

/* What was wrong with the input, and where; REASON_COUNT while nothing is. */
typedef struct {
    Reason reason;
    Py_ssize_t offset;
} Fault;

static const Fault NO_FAULT = {.reason = REASON_COUNT};

static void
raise_fault(const State *state, const Fault *fault)
{
    PyObject *error = PyObject_CallFunction(
        state->protocol_error, "On", state->reasons[fault->reason], fault->offset);
    if (error != NULL) {
        PyErr_SetObject(state->protocol_error, error);
        Py_DECREF(error);
    }
}

/* The bytes of a bytes or bytearray argument. */
typedef struct {
    Byte *bytes;
    Py_ssize_t size;
    PyObject *exact; /* borrowed: the argument if it is exactly bytes */
    Py_buffer view;
} Source;

static int
open_source(Source *source, PyObject *arg)
{
    source->exact = NULL;
    source->view.obj = NULL;
    if (PyBytes_CheckExact(arg)) {
        source->bytes = (Byte *)PyBytes_AS_STRING(arg);
        source->size = PyBytes_GET_SIZE(arg);
        source->exact = arg;
        return 0;
    }
    if (PyObject_GetBuffer(arg, &source->view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    source->bytes = source->view.buf;
    source->size = source->view.len;
    return 0;
}

static void
close_source(Source *source)
{
    if (source->view.obj != NULL) {
        PyBuffer_Release(&source->view);
    }
}

#endif
