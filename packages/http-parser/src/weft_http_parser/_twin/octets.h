/* Classes of bytes and the searches over them. Knows no Python object. */

#ifndef WEFT_OCTETS_H
#define WEFT_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define WEFT_SSE2 1
#endif

/* For what a loop is made of: a second caller must not move it out of the first. Whoever counts
   branches defines it otherwise, or each would count once for every caller. */
#if defined(WEFT_INLINE)
#elif defined(_MSC_VER)
#define WEFT_INLINE static __forceinline
#else
#define WEFT_INLINE static inline __attribute__((always_inline))
#endif

typedef const unsigned char Byte;

enum {
    OCTET_TOKEN = 1,  /* RFC 9110 5.6.2: tchar */
    OCTET_VALUE = 2,  /* RFC 9110 5.5: VCHAR, obs-text, SP, HTAB */
    OCTET_TARGET = 4, /* RFC 9112 3.2: VCHAR, and obs-text as browsers send it */
    OCTET_HOST = 8,   /* RFC 3986 3.2.2: unreserved and sub-delims */
};

/* One row for sixteen bytes: the sum of the classes above. */
static const unsigned char OCTETS[256] = {
    /* clang-format off */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 15, 6, 3, 15, 7, 15, 15, 14, 14, 15, 15, 14, 15, 15, 6,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 14, 6, 14, 6, 6,
    6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 6, 6, 7, 15,
    7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 7, 6, 15, 0,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    /* clang-format on */
};

static inline int
octet_is(unsigned char byte, int classes)
{
    return OCTETS[byte] & classes;
}

static inline int
octet_is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

/* -1 for a byte that is no hexadecimal digit. */
static inline int
octet_hex(unsigned char byte)
{
    if (octet_is_digit(byte)) {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The first byte in at..end that is not of the class, or end. */
static inline Byte *
skip_octets(Byte *at, Byte *end, int classes)
{
    while (at < end && octet_is(*at, classes)) {
        at++;
    }
    return at;
}

#ifdef WEFT_SSE2
static inline unsigned
first_bit(unsigned mask)
{
#ifdef _MSC_VER
    unsigned long index;
    _BitScanForward(&index, mask);
    return (unsigned)index;
#else
    return (unsigned)__builtin_ctz(mask);
#endif
}

/* One bit per byte of sixteen that no field value holds: CTL but HTAB. */
static inline unsigned
control_mask(__m128i bytes)
{
    const __m128i last = _mm_set1_epi8(0x1F);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last), bytes);
    __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del));
}

/* The same for a request target, which has neither blanks nor a fragment. */
static inline unsigned
blank_mask(__m128i bytes)
{
    const __m128i last = _mm_set1_epi8(0x20);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last), bytes);
    __m128i hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'));
    __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, hash), del));
}
#endif

/* The first byte in at..end that a field value must not hold, or end. */
static inline Byte *
skip_value(Byte *at, Byte *end)
{
#ifdef WEFT_SSE2
    for (; end - at >= 16; at += 16) {
        unsigned mask = control_mask(_mm_loadu_si128((const __m128i *)at));
        if (mask != 0) {
            return at + first_bit(mask);
        }
    }
#endif
    return skip_octets(at, end, OCTET_VALUE);
}

/* The first byte in at..end that a request target must not hold, or end. */
static inline Byte *
skip_target(Byte *at, Byte *end)
{
#ifdef WEFT_SSE2
    for (; end - at >= 16; at += 16) {
        unsigned mask = blank_mask(_mm_loadu_si128((const __m128i *)at));
        if (mask != 0) {
            return at + first_bit(mask);
        }
    }
#endif
    return skip_octets(at, end, OCTET_TARGET);
}

/* Equal but for the case of ASCII letters. `lower` holds lower-case letters, digits and "-",
   `name` holds token bytes: among these, setting one bit folds the case and nothing else. */
static inline int
equals_folded(Byte *name, const char *lower, size_t size)
{
    const uint64_t fold = 0x2020202020202020u;
    uint64_t left, right;
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        memcpy(&left, name + at, 8);
        memcpy(&right, lower + at, 8);
        if ((left | fold) != right) {
            return 0;
        }
    }
    for (; at < size; at++) {
        if ((name[at] | 0x20) != lower[at]) {
            return 0;
        }
    }
    return 1;
}

#endif
