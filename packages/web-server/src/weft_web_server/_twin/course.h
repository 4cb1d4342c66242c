/* What a starter knows, and one request on its way. */

#ifndef WEFT_COURSE_H
#define WEFT_COURSE_H

#include "state.h"

/* The slots of a server, an exchange, a carrier and a response that are read and written here. */
#define WEFT_PLACES(X)        \
    X(host, is_draining)      \
    X(host, is_logging)       \
    X(host, stamp)            \
    X(host, now)              \
    X(exchange, carrier)      \
    X(exchange, head)         \
    X(exchange, match)        \
    X(exchange, endpoint)     \
    X(exchange, task)         \
    X(exchange, phase)        \
    X(exchange, persistent)   \
    X(exchange, body)         \
    X(exchange, is_whole)     \
    X(exchange, response)     \
    X(request, _head)         \
    X(request, exchange)      \
    X(carrier, exchange)      \
    X(carrier, phase)         \
    X(carrier, deadline)      \
    X(carrier, core)          \
    X(carrier, link)          \
    X(carrier, _out)          \
    X(carrier, _is_clogged)   \
    X(carrier, _is_receiving) \
    X(response, _status)      \
    X(response, _reason)      \
    X(response, _media)       \
    X(response, _headers)     \
    X(response, _cookies)     \
    X(response, _wishes)      \
    X(response, _body)        \
    X(match, value)           \
    X(destination, inside)    \
    X(destination, handler)   \
    X(destination, is_plain)

#define WEFT_PLACE_MEMBER(kind, name) PLACE_##kind##_##name,
typedef enum { WEFT_PLACES(WEFT_PLACE_MEMBER) PLACE_COUNT } Place;
#undef WEFT_PLACE_MEMBER

/* What a server tells of its classes, in the order of the fields of `api.Kinds`. */
typedef enum {
    KIND_exchange, /* one to make others like */
    KIND_body,     /* the same: of a request whose body came with its head */
    KIND_request,  /* the same, or None where its class has a constructor of its own */
    KIND_request_class,
    KIND_carrier, /* classes */
    KIND_response,
    KIND_prefixes, /* (status, reason, media type): a head up to the length */
    KIND_octets,   /* the media type of bytes */
    KIND_idle,     /* phases of a carrier */
    KIND_busy,
    KIND_ready,
    KIND_open, /* phases of an exchange */
    KIND_ended,
    KIND_never, /* a deadline */
    KIND_keep_alive,
    KIND_resolve,
    KIND_find, /* the table that is asked in the usual case, or None */
    KIND_match,
    KIND_destination, /* classes */
    KIND_log_access,  /* what is told of each answer while the server keeps a log */
    KIND_COUNT
} Kind;

typedef struct {
    PyObject_HEAD
    const State *state;
    PyObject *host;
    PyObject *work;
    PyObject *loop;
    PyObject *context;
    PyObject *spare; /* a task for the next request, or NULL */
    PyObject *kinds[KIND_COUNT];
    PyObject *prefix_of[3], *prefix; /* the last one that was found, and what for */
    PyObject *swept, *deadline;      /* the deadline of idle carriers, as of that sweep */
    char has_factory;
    PyObject *nothing; /* no bytes */
    Mould exchange, request, body;
    Py_ssize_t body_data;
    Py_ssize_t places[PLACE_COUNT];
} Starter;

#define AT(object, kind, name) SLOT(object, self->places[PLACE_##kind##_##name])
#define PUT(object, kind, name, value) set_slot(object, self->places[PLACE_##kind##_##name], value)

/* What a step has come to. */
typedef enum {
    STEP_FAILED = -1, /* an exception is set */
    STEP_LEFT,        /* all else is done, or a task does it */
    STEP_ANSWERED     /* with `Answer.bytes`; what follows is the carrier's affair */
} Step;

enum { JOIN_SIZE = 32768, GATHERED_SIZE = 65536, DIGITS = 20 };

/* Traits of a head, see weft_http_parser.RequestHead. */
enum {
    TRAIT_HTTP_10 = 1,
    TRAIT_EXPECT = 2,
    TRAIT_CODED = 4,
    TRAIT_OTHER_TARGET = 8,
    TRAIT_LAST = 16,
    TRAIT_BODY = 32,
    TRAIT_HEAD = 64,
};

/* One request on its way. */
typedef struct {
    PyObject *carrier;
    PyObject *exchange;
    PyObject *request;
    PyObject *task;
    PyObject *context;
    PyObject *bytes;      /* the answer, where it is plain */
    PyObject *started_at; /* NULL where no log is kept */
    long traits;          /* of the head */
} Course;

#endif
