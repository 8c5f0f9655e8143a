/* What passes through one port, for listeners: both directions as samples, 20 ms by 20 ms and of the same moments. */
#ifndef OFFHOOK_TAP_H
#define OFFHOOK_TAP_H

#include "jitter.h"
#include "sound.h"

enum { TAP_FRAMES = 128 /* 2.56 s; when nobody fetches for longer, the oldest are lost and counted */ };

typedef struct {
    uint8_t inbound[2 * RTP_FRAME_SAMPLES], outbound[2 * RTP_FRAME_SAMPLES];
    bool is_received; /* packets of the peer came in these 20 ms, or it rests */
    bool is_noise;    /* that is all that is inbound */
} tap_frame;

typedef struct {
    jitter_buffer heard;   /* the peer */
    jitter_buffer relayed; /* the peer of the port that this one is joined to */
    bool is_received;
    bool is_played;
    uint8_t played[2 * RTP_FRAME_SAMPLES]; /* by ourselves, in this tick */
    tap_frame frames[TAP_FRAMES];
    size_t first, count;
    size_t wanted; /* so many are worth telling */
    bool is_told;  /* and have been */
    uint64_t lost;
} tap;

/* NULL when memory is out. */
tap *tap_open(size_t wanted);
void tap_close(tap *tap);

/* What is in the peer's packet, NULL for a key, and in one that is relayed to it. */
void tap_hear(tap *tap, uint32_t timestamp, const sound *heard);
void tap_relay(tap *tap, uint32_t timestamp, const sound *heard);

/* What this tick sends: samples, or NULL for silence. */
void tap_play(tap *tap, const uint8_t *samples);

/* Ends a tick; true when enough frames wait for the first time. */
bool tap_tick(tap *tap);

/* Takes the oldest frame; false when there is none. */
bool tap_take(tap *tap, tap_frame *frame);

#endif
