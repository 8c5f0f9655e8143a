/* A jitter buffer: samples by their RTP timestamp, taken out 20 ms at a time. Order, doubles and sizes of packets do not
 * matter; what is missing is concealed, and what the peer left out, because nobody spoke, is comfort noise. It holds back as much as the packets' lateness has shown to be needed. */
#ifndef OFFHOOK_JITTER_H
#define OFFHOOK_JITTER_H

#include "comfort_noise.h"
#include "rtp.h"

enum {
    JITTER_SAMPLES = 8192, /* 1.024 s; a power of two, so that positions go on over the turn of the timestamp */
    JITTER_LEAST = 2 * RTP_FRAME_SAMPLES,  /* held back at first, and when nothing has been late for long */
    JITTER_MOST = 10 * RTP_FRAME_SAMPLES,
};

typedef struct {
    int16_t samples[JITTER_SAMPLES]; /* or that there is none */
    int16_t last[RTP_FRAME_SAMPLES]; /* the last frame that was whole, to conceal with */
    bool begun;
    uint32_t next, end;   /* timestamps: of the sample that goes out next, and after the last that has come */
    uint32_t target;      /* samples to be held back */
    unsigned held;        /* frames to wait, for the sake of those that came too late */
    unsigned faded;       /* frames that have been concealed in a row */
    uint32_t shallowest;  /* the least that was buffered ... */
    unsigned watched;     /* ... in so many frames */
    bool was_late;        /* anything, meanwhile */
    unsigned lost_touch;  /* packets in a row that were too late whole */
    comfort_noise noise;
    bool rests, rest_is_open;        /* the peer lets noise stand for what it does not send ... */
    uint32_t rest_begin, rest_end; /* ... from here, and to there unless it is open */
    bool is_noise;                  /* the last frame was nothing else */
    uint64_t late;      /* packets that came for nothing */
    uint64_t concealed; /* samples */
} jitter_buffer;

void jitter_begin(jitter_buffer *jitter);

/* Takes a packet's samples, 16-bit little-endian. */
void jitter_put(jitter_buffer *jitter, uint32_t timestamp, const uint8_t *samples, size_t count);

/* Takes a packet of comfort noise: from its time on nothing is missing, until samples come. */
void jitter_rest(jitter_buffer *jitter, uint32_t timestamp, const uint8_t *payload, size_t length, bool has_shape);

/* Gives the next 20 ms, 16-bit little-endian; false when none of it has come. */
bool jitter_take(jitter_buffer *jitter, uint8_t frame[2 * RTP_FRAME_SAMPLES]);

#endif
