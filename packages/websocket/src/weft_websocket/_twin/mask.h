/* RFC 6455 5.3: payload exclusive-or key. Knows no Python object. */

#ifndef WEFT_MASK_H
#define WEFT_MASK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define WEFT_SSE2 1
#endif

/* The four key bytes as they lie in memory, beginning with the one for payload byte `phase`. */
static inline uint32_t
rotate_key(const unsigned char key[4], size_t phase)
{
    unsigned char turned[4];
    uint32_t word;
    for (size_t i = 0; i < 4; i++) {
        turned[i] = key[(phase + i) & 3];
    }
    memcpy(&word, turned, 4);
    return word;
}

/* target = source ^ key; the two may be the same bytes. `word` is a rotated key. */
static inline void
apply_mask(unsigned char *target, const unsigned char *source, size_t size, uint32_t word)
{
    const uint64_t wide = (uint64_t)word << 32 | word;
    unsigned char bytes[8];
    uint64_t block;
    size_t at = 0;
#if defined(__AVX2__)
    const __m256i mask = _mm256_set1_epi32((int)word);
    for (; at + 32 <= size; at += 32) {
        __m256i data = _mm256_loadu_si256((const __m256i *)(source + at));
        _mm256_storeu_si256((__m256i *)(target + at), _mm256_xor_si256(data, mask));
    }
#elif defined(WEFT_SSE2)
    const __m128i mask = _mm_set1_epi32((int)word);
    for (; at + 16 <= size; at += 16) {
        __m128i data = _mm_loadu_si128((const __m128i *)(source + at));
        _mm_storeu_si128((__m128i *)(target + at), _mm_xor_si128(data, mask));
    }
#endif
    for (; at + 8 <= size; at += 8) {
        memcpy(&block, source + at, 8);
        block ^= wide;
        memcpy(target + at, &block, 8);
    }
    memcpy(bytes, &wide, 8);
    for (size_t i = 0; at < size; at++, i++) {
        target[at] = source[at] ^ bytes[i];
    }
}

#endif
