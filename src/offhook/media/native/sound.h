/* What one packet holds, as samples: at 8 kHz, and at 16 kHz beside it where somebody has them. */
#ifndef OFFHOOK_SOUND_H
#define OFFHOOK_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SOUND_MOST = 2048,      /* samples at 8 kHz: as many as a datagram has octets of G.711 */
    SOUND_WIDE_MOST = 1920, /* samples at 16 kHz: 120 ms, the longest packet of Opus */
};

typedef struct {
    size_t count; /* at 8 kHz; twice as many at 16 kHz */
    bool is_wide;
    uint8_t narrow[2 * SOUND_MOST]; /* 16-bit little-endian */
    int16_t wide[SOUND_WIDE_MOST];
} sound;

#endif
