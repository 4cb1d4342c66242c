/* The lines of heads and trailer sections, byte for byte (RFC 9112 sections 2 to 5).

   A line is looked at from its first byte to the first that cannot be there. So the outcome for a
   beginning of some input never differs from that for the whole: more is needed, or the same byte
   is wrong. Knows no Python object. */

#ifndef WEFT_LINES_H
#define WEFT_LINES_H

#include "state.h"

typedef enum { WRONG = -1, NEED_MORE = 0, COMPLETE = 1 } Outcome;

/* Where the loop stands, and after WRONG what was wrong where. */
typedef struct {
    Byte *at;
    Byte *stop;
    Byte *fault;
    Reason reason;
} Cursor;

/* The parts of a line that was complete. */
typedef struct {
    Byte *name, *name_end;
    Byte *value, *value_end;
    int is_folded; /* the value has line ends in it, see lenient.h */
} FieldLine;

typedef struct {
    Byte *first, *first_end;   /* method; status */
    Byte *second, *second_end; /* target; reason phrase */
    int minor;
} StartLine;

static inline Outcome
refuse(Cursor *cur, Reason reason, Byte *fault)
{
    cur->reason = reason;
    cur->fault = fault;
    return WRONG;
}

/* A limit is passed by the first byte that lies beyond it. */
static inline int
is_over(Cursor *cur, Byte *begin, Byte *end, Py_ssize_t limit, Reason reason)
{
    if (end - begin <= limit) {
        return 0;
    }
    refuse(cur, reason, begin + limit);
    return 1;
}

/* Move behind the CRLF that should stand at `end`; `reason` is for what stands there instead. */
static inline Outcome
scan_line_end(Cursor *cur, Byte *end, Reason reason)
{
    if (*end != '\r') {
        return refuse(cur, *end == '\n' ? REASON_BARE_LF : reason, end);
    }
    if (end + 1 == cur->stop) {
        return NEED_MORE;
    }
    if (end[1] != '\n') {
        return refuse(cur, REASON_BARE_CR, end + 1);
    }
    cur->at = end + 2;
    return COMPLETE;
}

/* What a Strictness bears with in response heads: weft_http_parser.strictness. */
enum {
    ALLOW_BARE_LF = 1,
    ALLOW_FOLDING = 2,
    ALLOW_SPACE_BEFORE_COLON = 4,
    ALLOW_BARE_STATUS = 8,
    ALLOW_CONTROLS = 16,
};

/* The same, where LF alone may be allowed. */
static inline Outcome
scan_allowed_end(Cursor *cur, Byte *end, Reason reason, int allowed)
{
    if (allowed & ALLOW_BARE_LF && *end == '\n') {
        cur->at = end + 1;
        return COMPLETE;
    }
    return scan_line_end(cur, end, reason);
}

/* The first byte that a value must not hold, where controls may be allowed. */
static inline Byte *
skip_allowed(Byte *at, Byte *stop, int allowed)
{
    at = skip_value(at, stop);
    if (allowed & ALLOW_CONTROLS) {
        while (at < stop && *at != '\0' && *at != '\r' && *at != '\n') {
            at++;
        }
    }
    return at;
}

/* RFC 9112 5: name, colon, value. */
WEFT_INLINE Outcome
scan_field_line(Cursor *cur, Py_ssize_t limit, FieldLine *line)
{
    Byte *begin = cur->at, *end = skip_octets(begin, cur->stop, OCTET_TOKEN);
    int is_named = begin < end && end < cur->stop && *end == ':';
    line->name = begin;
    line->name_end = end;
    line->is_folded = 0;
    if (is_named) {
        line->value = end + 1;
        line->value_end = end = skip_value(end + 1, cur->stop);
    }
    if (is_over(cur, begin, end, limit, REASON_FIELD_TOO_LONG)) {
        return WRONG;
    }
    if (end == cur->stop) {
        return NEED_MORE;
    }
    if (is_named) {
        return scan_line_end(cur, end, REASON_FIELD_VALUE);
    }
    if (*end == ' ' || *end == '\t') {
        /* 5.2 and 5.1: both were used to hide a field from one of two readers. */
        return refuse(cur, end > begin ? REASON_SPACE_BEFORE_COLON : REASON_LINE_FOLDING, end);
    }
    return refuse(cur, REASON_FIELD_NAME, end);
}

/* The end of the longest beginning of a version at at..stop. */
static inline Byte *
skip_version(Byte *at, Byte *stop)
{
    static const char pattern[] = "HTTP/0.0";
    for (const char *expected = pattern; at < stop && *expected != '\0'; at++, expected++) {
        if (*expected == '0' ? !octet_is_digit(*at) : *at != (unsigned char)*expected) {
            break;
        }
    }
    return at;
}

/* COMPLETE leaves the cursor behind the version, where a byte lies. `line` is where the line
   began. */
static inline Outcome
scan_version(Cursor *cur, Byte *line, Py_ssize_t limit, StartLine *parts)
{
    Byte *begin = cur->at, *end = skip_version(begin, cur->stop);
    if (is_over(cur, line, end, limit, REASON_LINE_TOO_LONG)) {
        return WRONG;
    }
    if (end == begin + 8 && (end[-3] != '1' || end[-1] > '1')) {
        return refuse(cur, REASON_VERSION, end - 1);
    }
    if (end == cur->stop) {
        return NEED_MORE;
    }
    if (end < begin + 8) {
        return refuse(cur, REASON_VERSION_SYNTAX, end);
    }
    parts->minor = end[-1] - '0';
    cur->at = end;
    return COMPLETE;
}

/* One word of a request line, begin..end, and the space behind it. */
static inline Outcome
end_word(Cursor *cur, Byte *begin, Byte *end, Reason reason)
{
    if (end == cur->stop) {
        return NEED_MORE;
    }
    if (end == begin || *end != ' ') {
        return refuse(cur, reason, end);
    }
    cur->at = end + 1;
    return COMPLETE;
}

/* RFC 9112 3: method, target, version. */
static inline Outcome
scan_request_line(Cursor *cur, Py_ssize_t limit, StartLine *parts)
{
    Byte *line = cur->at;
    Outcome outcome;
    parts->first = line;
    parts->first_end = skip_octets(line, cur->stop, OCTET_TOKEN);
    if (is_over(cur, line, parts->first_end, limit, REASON_LINE_TOO_LONG)) {
        return WRONG;
    }
    outcome = end_word(cur, parts->first, parts->first_end, REASON_METHOD);
    if (outcome != COMPLETE) {
        return outcome;
    }
    parts->second = cur->at;
    parts->second_end = skip_target(cur->at, cur->stop);
    if (is_over(cur, line, parts->second_end, limit, REASON_LINE_TOO_LONG)) {
        return WRONG;
    }
    outcome = end_word(cur, parts->second, parts->second_end, REASON_TARGET);
    if (outcome != COMPLETE) {
        return outcome;
    }
    outcome = scan_version(cur, line, limit, parts);
    return outcome == COMPLETE ? scan_line_end(cur, cur->at, REASON_VERSION_SYNTAX) : outcome;
}

/* The end of the longest beginning of a status code at at..stop. */
static inline Byte *
skip_status(Byte *at, Byte *stop)
{
    Byte *end = at;
    while (end < stop && end < at + 3 && octet_is_digit(*end) && (end > at || *end != '0')) {
        end++;
    }
    return end;
}

/* RFC 9112 4: version, status, a space and a reason phrase that may be empty. */
static inline Outcome
scan_status_line(Cursor *cur, Py_ssize_t limit, int allowed, StartLine *parts)
{
    Byte *line = cur->at, *end;
    Reason reason = REASON_STATUS;
    int has_space;
    Outcome outcome = scan_version(cur, line, limit, parts);
    if (outcome != COMPLETE) {
        return outcome;
    }
    if (*cur->at != ' ') {
        return refuse(cur, REASON_VERSION_SYNTAX, cur->at);
    }
    parts->first = cur->at + 1;
    end = parts->first_end = skip_status(parts->first, cur->stop);
    parts->second = parts->second_end = end;
    has_space = end == parts->first + 3 && end < cur->stop && *end == ' ';
    if (has_space) {
        parts->second = end + 1;
        end = parts->second_end = skip_allowed(end + 1, cur->stop, allowed);
        reason = REASON_REASON_PHRASE;
    }
    if (is_over(cur, line, end, limit, REASON_LINE_TOO_LONG)) {
        return WRONG;
    }
    if (end == cur->stop) {
        return NEED_MORE;
    }
    if (end < parts->first + 3 || !(has_space || allowed & ALLOW_BARE_STATUS)) {
        return refuse(cur, REASON_STATUS, end);
    }
    return scan_allowed_end(cur, end, reason, allowed);
}

/* The value of a field without the blanks around it. */
static inline void
trim_value(FieldLine *line)
{
    while (line->value < line->value_end && (*line->value == ' ' || *line->value == '\t')) {
        line->value++;
    }
    while (line->value < line->value_end &&
           (line->value_end[-1] == ' ' || line->value_end[-1] == '\t')) {
        line->value_end--;
    }
}

/* RFC 3986 3.2.2: the end of the longest registered name, or of an address when `colons`. */
static inline Byte *
skip_host(Byte *at, Byte *end, int colons)
{
    while (at < end) {
        if (*at == '%' && end - at >= 3 && octet_hex(at[1]) >= 0 && octet_hex(at[2]) >= 0) {
            at += 3;
        } else if (octet_is(*at, OCTET_HOST) || (colons && *at == ':')) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

static inline Byte *
skip_hex(Byte *at, Byte *end)
{
    while (at < end && octet_hex(*at) >= 0) {
        at++;
    }
    return at;
}

/* RFC 3986 3.2.2: the bracket behind an address at `at`, or NULL. IPv6 is known by its bytes. */
static inline Byte *
find_bracket(Byte *at, Byte *end)
{
    if (at < end && (*at | 0x20) == 'v') {
        Byte *dot = skip_hex(at + 1, end), *close;
        if (dot == at + 1 || dot == end || *dot != '.') {
            return NULL;
        }
        close = skip_host(dot + 1, end, 1);
        return close > dot + 1 && close < end && *close == ']' ? close : NULL;
    }
    at = skip_hex(at, end);
    if (at == end || *at != ':') {
        return NULL;
    }
    while (at < end && (octet_hex(*at) >= 0 || *at == ':' || *at == '.')) {
        at++;
    }
    return at < end && *at == ']' ? at : NULL;
}

/* RFC 9110 7.2: a host and maybe a port, or nothing at all. */
static inline int
is_host(Byte *at, Byte *end)
{
    Byte *first = at;
    if (at < end && *at == '[') {
        Byte *close = find_bracket(at + 1, end);
        if (close == NULL) {
            return 0;
        }
        at = close + 1;
    } else {
        at = skip_host(at, end, 0);
    }
    if (at == first) {
        return at == end; /* RFC 9110 4.2.1: no port without a host */
    }
    if (at < end && *at == ':') {
        for (at++; at < end && octet_is_digit(*at); at++) {
        }
    }
    return at == end;
}

#endif
