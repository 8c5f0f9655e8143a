/* What a payload type stands for on one port. */
#ifndef OFFHOOK_PAYLOAD_KIND_H
#define OFFHOOK_PAYLOAD_KIND_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    PAYLOAD_UNWANTED,
    PAYLOAD_PCMU,
    PAYLOAD_PCMA,
    PAYLOAD_EVENT,
    PAYLOAD_EVENT_48000, /* the same by Opus's clock */
    PAYLOAD_G722,
    PAYLOAD_OPUS,
    PAYLOAD_NOISE,
    PAYLOAD_NOISE_16000, /* whose shape is of that rate; its clock is that of the audio, as a stream has but one */
} payload_kind;

static inline bool payload_is_event(payload_kind kind)
{
    return kind == PAYLOAD_EVENT || kind == PAYLOAD_EVENT_48000;
}

static inline bool payload_is_noise(payload_kind kind)
{
    return kind == PAYLOAD_NOISE || kind == PAYLOAD_NOISE_16000;
}

/* Whether it holds sound of 16 kHz. */
static inline bool payload_is_wide(payload_kind kind)
{
    return kind == PAYLOAD_G722 || kind == PAYLOAD_OPUS;
}

/* How much faster than 8 kHz its RTP clock runs: that of G.722 does not (RFC 3551 §4.5.2), that of Opus always does
 * (RFC 7587 §4.1). */
static inline uint32_t payload_clock(payload_kind kind)
{
    return kind == PAYLOAD_OPUS || kind == PAYLOAD_EVENT_48000 ? 6 : 1;
}

#endif
