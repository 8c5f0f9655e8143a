/* Keys as tones (ITU-T Q.23, Q.24): two frequencies at once, for peers that have no telephone-event. Knows no RTP. */
#ifndef OFFHOOK_DTMF_H
#define OFFHOOK_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DTMF_ROWS = 4,
    DTMF_TONES = 8,   /* four rows and four columns */
    DTMF_MOST = 160,
    DTMF_BLOCK = 102, /* samples, 12.75 ms: resolves the frequencies, and two fit into any tone of 40 ms */
};

typedef struct {
    float before[DTMF_TONES], last[DTMF_TONES]; /* of the Goertzel filters */
    float energy;
    unsigned filled; /* samples of the present block */
    char candidate;  /* what the last block was, 0 for no key */
    float newest, earlier; /* the energy of the last block, and of the one before that */
    char held;       /* the key that is down, or 0 */
    float total, peak; /* the energy of all its blocks, and of the loudest */
    unsigned blocks; /* that it has been down for */
    unsigned missed; /* blocks in a row without it */
    uint64_t heard_us; /* when samples came last */
} dtmf_listener;

typedef struct {
    char digit;
    double duration; /* seconds */
} dtmf_key;

/* Takes 16-bit little-endian samples at 8 kHz, at most DTMF_MOST at once, so that no two keys end in them; a key that was
 * let go goes into `key`. */
bool dtmf_hear(dtmf_listener *listener, const uint8_t *samples, size_t count, uint64_t now_us, dtmf_key *key);

/* Lets go of a key whose packets have stopped. */
bool dtmf_expire(dtmf_listener *listener, uint64_t now_us, dtmf_key *key);

#endif
