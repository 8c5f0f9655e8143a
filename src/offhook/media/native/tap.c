#include "tap.h"

#include <stdlib.h>
#include <string.h>

tap *tap_open(size_t wanted)
{
    tap *opened = calloc(1, sizeof *opened);
    if (!opened)
        return NULL;
    jitter_begin(&opened->heard);
    jitter_begin(&opened->relayed);
    opened->wanted = wanted;
    return opened;
}

void tap_close(tap *tap)
{
    free(tap);
}

void tap_hear(tap *tap, uint32_t timestamp, const sound *heard)
{
    tap->is_received = true;
    if (heard)
        jitter_put(&tap->heard, timestamp, heard->narrow, heard->count);
}

void tap_relay(tap *tap, uint32_t timestamp, const sound *heard)
{
    jitter_put(&tap->relayed, timestamp, heard->narrow, heard->count);
}

void tap_play(tap *tap, const uint8_t *samples)
{
    tap->is_played = true;
    if (samples)
        memcpy(tap->played, samples, sizeof tap->played);
    else
        memset(tap->played, 0, sizeof tap->played);
}

bool tap_tick(tap *tap)
{
    if (tap->count == TAP_FRAMES) {
        tap->first = (tap->first + 1) % TAP_FRAMES;
        tap->count--;
        tap->lost++;
    }
    tap_frame *frame = &tap->frames[(tap->first + tap->count++) % TAP_FRAMES];
    (void)jitter_take(&tap->heard, frame->inbound);
    (void)jitter_take(&tap->relayed, frame->outbound);
    if (tap->is_played)
        memcpy(frame->outbound, tap->played, sizeof tap->played);
    frame->is_noise = tap->heard.is_noise;
    frame->is_received = tap->is_received || frame->is_noise;
    tap->is_received = tap->is_played = false;
    if (tap->is_told || tap->count < tap->wanted)
        return false;
    tap->is_told = true;
    return true;
}

bool tap_take(tap *tap, tap_frame *frame)
{
    if (tap->count == 0) {
        tap->is_told = false;
        return false;
    }
    *frame = tap->frames[tap->first];
    tap->first = (tap->first + 1) % TAP_FRAMES;
    tap->count--;
    return true;
}
