/* The lines of a response head that a Strictness bears with: weft_http_parser.strictness.

   A line is first looked at as a good one, which most are; what follows here is for the others.
   Chunks and trailers never come here. */

#ifndef WEFT_LENIENT_H
#define WEFT_LENIENT_H

#include "lines.h"

static inline int
is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Whether a field says how the message is delimited, or what becomes of its connection. */
static inline int
is_steering(const State *state, Byte *name, Byte *name_end)
{
    unsigned index = find_known(state, name, (size_t)(name_end - name));
    return index != KNOWN_NONE && (state->known[index].mark & state->steering) != 0;
}

/* The lines that go on with a field whose first ended before the cursor (RFC 9112 5.2). */
static Outcome
scan_folds(Cursor *cur, Py_ssize_t limit, int allowed, const State *state, FieldLine *line)
{
    Byte *begin = line->name;
    while (cur->at < cur->stop && is_blank(*cur->at)) {
        Byte *fold = cur->at, *text = fold, *end;
        if (is_steering(state, line->name, line->name_end)) {
            return refuse(cur, REASON_LINE_FOLDING, fold);
        }
        while (text < cur->stop && is_blank(*text)) {
            text++;
        }
        end = skip_allowed(text, cur->stop, allowed);
        if (end - begin > limit) {
            return refuse(cur, REASON_FIELD_TOO_LONG, fold - begin > limit ? fold : begin + limit);
        }
        if (end == cur->stop) {
            return NEED_MORE;
        }
        if (text == end && (*end == '\r' || *end == '\n')) {
            /* Some take a line of blanks for the end of the head. */
            return refuse(cur, REASON_LINE_FOLDING, end);
        }
        Outcome outcome = scan_allowed_end(cur, end, REASON_FIELD_VALUE, allowed);
        if (outcome != COMPLETE) {
            return outcome;
        }
        line->value_end = end;
        line->is_folded = 1;
    }
    return cur->at == cur->stop ? NEED_MORE : COMPLETE;
}

static Outcome
scan_sloppy_line(Cursor *cur, Py_ssize_t limit, int allowed, const State *state, FieldLine *line)
{
    Byte *begin = cur->at, *end = skip_octets(begin, cur->stop, OCTET_TOKEN);
    Outcome outcome;
    int is_named;
    line->name = begin;
    line->name_end = end;
    line->is_folded = 0;
    if (begin < end && is_steering(state, begin, end)) {
        /* Readers disagree whether a control is a blank around the word that steers. */
        allowed &= ~(ALLOW_SPACE_BEFORE_COLON | ALLOW_CONTROLS);
    }
    if (allowed & ALLOW_SPACE_BEFORE_COLON && begin < end && end < cur->stop) {
        while (end < cur->stop && is_blank(*end)) {
            end++;
        }
    }
    is_named = begin < line->name_end && end < cur->stop && *end == ':';
    if (is_named) {
        line->value = end + 1;
        line->value_end = end = skip_allowed(end + 1, cur->stop, allowed);
    }
    if (is_over(cur, begin, end, limit, REASON_FIELD_TOO_LONG)) {
        return WRONG;
    }
    if (end == cur->stop) {
        return NEED_MORE;
    }
    if (!is_named && is_blank(*end)) {
        return refuse(cur, end > begin ? REASON_SPACE_BEFORE_COLON : REASON_LINE_FOLDING, end);
    }
    if (!is_named) {
        return refuse(cur, REASON_FIELD_NAME, end);
    }
    outcome = scan_allowed_end(cur, end, REASON_FIELD_VALUE, allowed);
    if (outcome != COMPLETE || !(allowed & ALLOW_FOLDING)) {
        return outcome;
    }
    return scan_folds(cur, limit, allowed, state, line);
}

/* RFC 9112 5, and what is allowed beyond it. With folding a line is over when a byte behind it
   is there that does not go on with it. */
static Outcome
scan_lenient_line(Cursor *cur, Py_ssize_t limit, int allowed, const State *state, FieldLine *line)
{
    Byte *begin = cur->at;
    Outcome outcome = scan_field_line(cur, limit, line);
    if (outcome == NEED_MORE) {
        return NEED_MORE;
    }
    if (outcome == COMPLETE) {
        if (!(allowed & ALLOW_FOLDING)) {
            return COMPLETE;
        }
        if (cur->at == cur->stop) {
            return NEED_MORE;
        }
        if (!is_blank(*cur->at)) {
            return COMPLETE;
        }
    }
    cur->at = begin;
    return scan_sloppy_line(cur, limit, allowed, state, line);
}

/* A fold in front of a value is no part of it. */
static inline void
trim_folds(FieldLine *line)
{
    while (line->value < line->value_end &&
           (is_blank(*line->value) || *line->value == '\r' || *line->value == '\n')) {
        line->value++;
    }
}

/* The value of a folded field as bytes: every fold and the blanks around it as one space. */
static PyObject *
unfold_value(Byte *at, size_t size)
{
    Byte *end = at + size;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    char *first, *to;
    if (bytes == NULL) {
        return NULL;
    }
    first = to = PyBytes_AS_STRING(bytes);
    while (at < end) {
        if (*at != '\r' && *at != '\n') {
            *to++ = (char)*at++;
            continue;
        }
        while (to > first && is_blank((unsigned char)to[-1])) {
            to--;
        }
        while (at < end && (is_blank(*at) || *at == '\r' || *at == '\n')) {
            at++;
        }
        *to++ = ' ';
    }
    _PyBytes_Resize(&bytes, to - first);
    return bytes;
}

#endif
