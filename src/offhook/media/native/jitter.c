#include "jitter.h"

#include <string.h>

enum {
    /* Two values that a sample never has; one that was taken out is known by the second if it comes again. */
    MISSING = INT16_MIN,
    TAKEN = INT16_MIN + 1,
    FADING = 4,          /* frames until what conceals is silent */
    WATCH = 100,         /* frames: 2 s */
    SLACK = 2 * RTP_FRAME_SAMPLES,
    LATE_IN_A_ROW = 10,  /* packets: a clock that stood still meanwhile, and is followed */
    FARTHEST = JITTER_SAMPLES / 2, /* a timestamp farther off than that is a new beginning */
};

static void clear(jitter_buffer *jitter)
{
    for (size_t at = 0; at < JITTER_SAMPLES; at++)
        jitter->samples[at] = MISSING;
}

void jitter_begin(jitter_buffer *jitter)
{
    memset(jitter, 0, sizeof *jitter);
    jitter->target = JITTER_LEAST;
    jitter->faded = FADING;
    clear(jitter);
}

static void watch_anew(jitter_buffer *jitter)
{
    jitter->shallowest = UINT32_MAX;
    jitter->watched = 0;
    jitter->was_late = false;
}

static void start_at(jitter_buffer *jitter, uint32_t timestamp)
{
    clear(jitter);
    jitter->begun = true;
    jitter->held = jitter->lost_touch = 0;
    jitter->rests = false;
    jitter->next = timestamp - jitter->target;
    jitter->end = timestamp;
    watch_anew(jitter);
}

/* Somebody came too late to be heard: let the others have more time. */
static void hold_back(jitter_buffer *jitter, uint32_t lateness)
{
    jitter->was_late = true;
    unsigned frames = (lateness + RTP_FRAME_SAMPLES - 1) / RTP_FRAME_SAMPLES;
    while (frames-- > 0 && jitter->target < JITTER_MOST) {
        jitter->target += RTP_FRAME_SAMPLES;
        jitter->held++;
    }
}

void jitter_put(jitter_buffer *jitter, uint32_t timestamp, const uint8_t *samples, size_t count)
{
    if (count == 0 || count > FARTHEST)
        return;
    int32_t ahead = (int32_t)(timestamp - jitter->next);
    if (!jitter->begun || ahead > FARTHEST - (int32_t)count || ahead < -FARTHEST) {
        start_at(jitter, timestamp);
        ahead = (int32_t)jitter->target;
    }
    size_t first = 0;
    if (ahead < 0) {
        first = (size_t)-ahead < count ? (size_t)-ahead : count;
    }
    if (first < count || jitter->samples[timestamp % JITTER_SAMPLES] == TAKEN) {
        jitter->lost_touch = 0;
    } else if (++jitter->lost_touch < LATE_IN_A_ROW) {
        jitter->late++;
        hold_back(jitter, (uint32_t)-ahead);
    } else {
        start_at(jitter, timestamp);
        first = 0;
    }
    for (size_t at = first; at < count; at++) {
        uint16_t bits = (uint16_t)(samples[2 * at] | samples[2 * at + 1] << 8);
        int16_t sample = (int16_t)bits;
        jitter->samples[(timestamp + at) % JITTER_SAMPLES] = sample > TAKEN ? sample : TAKEN + 1;
    }
    if (jitter->rest_is_open && (int32_t)(timestamp - jitter->rest_begin) > 0) {
        jitter->rest_is_open = false;
        jitter->rest_end = timestamp;
    }
    uint32_t end = timestamp + (uint32_t)count;
    if (first < count && (int32_t)(end - jitter->end) > 0)
        jitter->end = end;
}

void jitter_rest(jitter_buffer *jitter, uint32_t timestamp, const uint8_t *payload, size_t length, bool has_shape)
{
    if (!jitter->begun) {
        start_at(jitter, timestamp);
        timestamp = jitter->next;
    }
    int32_t ahead = (int32_t)(timestamp - jitter->next);
    if (ahead > FARTHEST || ahead < -FARTHEST)
        timestamp = jitter->end;
    comfort_noise_hear(&jitter->noise, payload, length, has_shape);
    if (!jitter->rests || !jitter->rest_is_open)
        jitter->rest_begin = timestamp;
    jitter->rests = jitter->rest_is_open = true;
}

/* Whether nothing is to be expected at a time. */
static bool is_rest(const jitter_buffer *jitter, uint32_t timestamp)
{
    return jitter->rests && (int32_t)(timestamp - jitter->rest_begin) >= 0 &&
           (jitter->rest_is_open || (int32_t)(timestamp - jitter->rest_end) < 0);
}

/* What stands in for a missing sample: the last frame, softer each time. */
static int16_t stand_in(const jitter_buffer *jitter, size_t at)
{
    return (int16_t)(jitter->last[at] * (FADING - (int)jitter->faded) / FADING);
}

static void write_sample(uint8_t *frame, size_t at, int16_t sample)
{
    uint16_t bits = (uint16_t)sample;
    frame[2 * at] = (uint8_t)bits;
    frame[2 * at + 1] = (uint8_t)(bits >> 8);
}

/* A buffer that never runs low holds more back than is needed: a frame is left out. */
static void adapt(jitter_buffer *jitter)
{
    int32_t depth = (int32_t)(jitter->end - jitter->next);
    uint32_t buffered = depth > 0 ? (uint32_t)depth : 0;
    if (buffered < jitter->shallowest)
        jitter->shallowest = buffered;
    if (++jitter->watched < WATCH)
        return;
    if (!jitter->was_late && jitter->target > JITTER_LEAST)
        jitter->target -= RTP_FRAME_SAMPLES;
    if (jitter->shallowest > jitter->target + SLACK) {
        for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++)
            jitter->samples[(jitter->next + at) % JITTER_SAMPLES] = MISSING;
        jitter->next += RTP_FRAME_SAMPLES;
    }
    watch_anew(jitter);
}

bool jitter_take(jitter_buffer *jitter, uint8_t frame[2 * RTP_FRAME_SAMPLES])
{
    size_t found = 0, rested = 0;
    bool is_held = jitter->held > 0;
    if (is_held)
        jitter->held--;
    if (jitter->begun && !is_held)
        adapt(jitter);
    if (jitter->faded < FADING)
        jitter->faded++;
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++) {
        int16_t sample = MISSING;
        if (jitter->begun && !is_held) {
            int16_t *place = &jitter->samples[(jitter->next + at) % JITTER_SAMPLES];
            sample = *place == TAKEN ? MISSING : *place;
            *place = sample == MISSING ? MISSING : TAKEN;
        }
        found += sample != MISSING;
        if (sample == MISSING && !is_held && is_rest(jitter, jitter->next + (uint32_t)at)) {
            sample = comfort_noise_sample(&jitter->noise);
            rested++;
        }
        write_sample(frame, at, sample != MISSING ? sample : stand_in(jitter, at));
    }
    if (jitter->begun && !is_held)
        jitter->next += RTP_FRAME_SAMPLES;
    /* A peer may rest for longer than timestamps can be told apart. */
    if (jitter->rests && jitter->rest_is_open && (int32_t)(jitter->next - jitter->rest_begin) > 0)
        jitter->rest_begin = jitter->next;
    if (jitter->rests && !jitter->rest_is_open && (int32_t)(jitter->next - jitter->rest_end) >= 0)
        jitter->rests = false;
    jitter->is_noise = rested == RTP_FRAME_SAMPLES;
    if (rested > 0)
        jitter->faded = FADING;
    if (found == RTP_FRAME_SAMPLES) {
        for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++)
            jitter->last[at] = (int16_t)(uint16_t)(frame[2 * at] | frame[2 * at + 1] << 8);
        jitter->faded = 0;
    } else if (jitter->begun) {
        jitter->concealed += RTP_FRAME_SAMPLES - found - rested;
    }
    return found > 0;
}
