/* RFC 3629: is this UTF-8, in pieces of any size? Knows no Python object.

   Between two pieces the state is the sequence begun: how many bytes it still needs, and the
   range of the next one, which is what keeps out overlong forms, surrogates and what lies behind
   U+10FFFF. */

#ifndef WEFT_UTF8_H
#define WEFT_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    unsigned char missing; /* continuation bytes still to come */
    unsigned char low;     /* the range of the next one */
    unsigned char high;
} Utf8;

/* Begin a sequence; 0 when no sequence begins with this byte. */
static inline int
utf8_begin(Utf8 *state, unsigned char lead)
{
    state->low = 0x80;
    state->high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        state->missing = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        state->missing = 2;
        state->low = lead == 0xE0 ? 0xA0 : 0x80;  /* overlong below */
        state->high = lead == 0xED ? 0x9F : 0xBF; /* surrogates above */
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        state->missing = 3;
        state->low = lead == 0xF0 ? 0x90 : 0x80;  /* overlong below */
        state->high = lead == 0xF4 ? 0x8F : 0xBF; /* above U+10FFFF */
    } else {
        return 0;
    }
    return 1;
}

/* Whether any of the bytes is no ASCII. */
static inline int
has_high_bit(const unsigned char *text, size_t size)
{
    uint64_t block, seen = 0;
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        memcpy(&block, text + at, 8);
        seen |= block;
    }
    for (; at < size; at++) {
        seen |= text[at];
    }
    return (seen & 0x8080808080808080u) != 0;
}

/* The index of the first byte that cannot be part of UTF-8, or `size`. */
static inline size_t
utf8_check(Utf8 *state, const unsigned char *text, size_t size)
{
    const uint64_t high_bits = 0x8080808080808080u;
    uint64_t block;
    size_t at = 0;
    while (at < size) {
        if (state->missing == 0) {
            while (at + 8 <= size && (memcpy(&block, text + at, 8), (block & high_bits) == 0)) {
                at += 8;
            }
            while (at < size && text[at] < 0x80) {
                at++;
            }
            if (at == size) {
                break;
            }
            if (!utf8_begin(state, text[at])) {
                return at;
            }
        } else {
            if (text[at] < state->low || text[at] > state->high) {
                return at;
            }
            state->missing--;
            state->low = 0x80;
            state->high = 0xBF;
        }
        at++;
    }
    return size;
}

#endif
