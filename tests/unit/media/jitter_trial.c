/* The jitter buffer by itself: what goes in by timestamp comes out in order, whatever happened on the way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "jitter.h"

enum { FRAME = RTP_FRAME_SAMPLES, LEAD = JITTER_LEAST / FRAME };

static jitter_buffer jitter;
static uint8_t frame[2 * FRAME];

/* Every sample of a packet is its number, so that what comes out names where it came from. */
static void put(uint32_t timestamp, int16_t value, size_t count)
{
    uint8_t samples[2 * 2048];
    for (size_t at = 0; at < count; at++) {
        samples[2 * at] = (uint8_t)value;
        samples[2 * at + 1] = (uint8_t)((uint16_t)value >> 8);
    }
    jitter_put(&jitter, timestamp, samples, count);
}

static int16_t sample(size_t at)
{
    return (int16_t)(uint16_t)(frame[2 * at] | frame[2 * at + 1] << 8);
}

static void expect_whole(int16_t value)
{
    assert(jitter_take(&jitter, frame));
    for (size_t at = 0; at < FRAME; at++)
        assert(sample(at) == value);
}

static void pass_lead(void)
{
    for (int passed = 0; passed < LEAD; passed++)
        assert(!jitter_take(&jitter, frame));
}

static void in_order_over_the_turn_of_the_timestamp(void)
{
    jitter_begin(&jitter);
    uint32_t timestamp = UINT32_MAX - 5 * FRAME + 1;
    put(timestamp, 1, FRAME);
    pass_lead();
    for (int16_t number = 1; number < 20; number++) {
        put(timestamp + (uint32_t)number * FRAME, (int16_t)(number + 1), FRAME);
        expect_whole(number);
    }
}

static void any_order_and_doubles(void)
{
    jitter_begin(&jitter);
    put(1000, 1, FRAME);
    put(1000 + 2 * FRAME, 3, FRAME);
    put(1000 + FRAME, 2, FRAME);
    put(1000 + FRAME, 2, FRAME);
    pass_lead();
    expect_whole(1);
    put(1000, 9, FRAME); /* once more, and too late to matter */
    expect_whole(2);
}

static void packets_of_any_size(void)
{
    jitter_begin(&jitter);
    put(0, 1, 80);
    put(80, 1, 80);
    put(160, 2, 480);
    put(640, 3, 1);
    put(641, 3, 159);
    pass_lead();
    expect_whole(1);
    for (int turn = 0; turn < 3; turn++)
        expect_whole(2);
    expect_whole(3);
}

static void what_is_missing_fades_away(void)
{
    jitter_begin(&jitter);
    put(0, 8000, FRAME);
    pass_lead();
    expect_whole(8000);
    int16_t loudest = 8000;
    for (int gone = 0; gone < 3; gone++) {
        assert(!jitter_take(&jitter, frame));
        assert(sample(0) < loudest && sample(0) > 0);
        loudest = sample(0);
    }
    for (int gone = 0; gone < 50; gone++)
        assert(!jitter_take(&jitter, frame));
    assert(sample(0) == 0 && sample(FRAME - 1) == 0);
    assert(jitter.concealed > 0);
}

/* One that comes late by a frame: others are held back from then on, so that the next of its kind is in time. */
static void lateness_is_learnt(void)
{
    jitter_begin(&jitter);
    uint32_t due = 0;
    for (int tick = 0; tick < 200; tick++) {
        uint32_t sent = (uint32_t)tick * FRAME;
        if (tick % 5)
            put(sent, 1, FRAME);
        if (tick >= 4 && tick % 5 == 4)
            put(sent - 4 * FRAME, 1, FRAME); /* four frames later than its neighbours */
        (void)due;
        (void)jitter_take(&jitter, frame);
    }
    assert(jitter.target > JITTER_LEAST && jitter.target <= JITTER_MOST);
    uint64_t late = jitter.late;
    for (int tick = 200; tick < 400; tick++) {
        uint32_t sent = (uint32_t)tick * FRAME;
        if (tick % 5)
            put(sent, 1, FRAME);
        if (tick % 5 == 4)
            put(sent - 4 * FRAME, 1, FRAME);
        assert(jitter_take(&jitter, frame));
    }
    assert(jitter.late == late);
}

/* A sender whose clock is fast fills the buffer: a frame is left out now and then, and nothing overflows. */
static void a_fast_clock(void)
{
    jitter_begin(&jitter);
    uint32_t timestamp = 0;
    for (int tick = 0; tick < 20000; tick++) {
        put(timestamp, 1, FRAME);
        timestamp += FRAME;
        if (tick % 100 == 0) {
            put(timestamp, 1, FRAME);
            timestamp += FRAME;
        }
        (void)jitter_take(&jitter, frame);
        assert((int32_t)(jitter.end - jitter.next) < JITTER_SAMPLES / 4);
    }
}

/* Timestamps that leap, or stood still while nothing was sent: a new beginning, not silence for ever. */
static void leaps(void)
{
    jitter_begin(&jitter);
    put(0, 1, FRAME);
    for (int tick = 0; tick < 10; tick++)
        (void)jitter_take(&jitter, frame);
    put(900000, 2, FRAME);
    pass_lead();
    expect_whole(2);
    for (int tick = 0; tick < 20; tick++)
        (void)jitter_take(&jitter, frame);
    int heard = 0;
    for (int tick = 0; tick < 40; tick++) {
        put(900000 + (uint32_t)(tick + 1) * FRAME, 3, FRAME);
        heard += jitter_take(&jitter, frame);
    }
    assert(heard > 20);
}

static void hostile_packets(void)
{
    jitter_begin(&jitter);
    uint64_t state = 20261123;
    for (int turn = 0; turn < 300000; turn++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t timestamp = (uint32_t)(state >> 20);
        if (state & 1)
            timestamp %= 20000;
        put(timestamp, (int16_t)(state >> 33), (state >> 50) % 2048);
        (void)jitter_take(&jitter, frame);
    }
}

static void a_rest_is_filled_with_noise_and_not_concealed(void)
{
    static const uint8_t level[] = {40};
    enum { HUGE_PAUSE = 400 };
    jitter_begin(&jitter);
    jitter_rest(&jitter, UINT32_MAX - 100, level, sizeof level, true);
    for (int passed = 0; passed < HUGE_PAUSE; passed++) {
        assert(!jitter_take(&jitter, frame) && jitter.is_noise);
        for (size_t at = 0; at < FRAME; at++)
            assert(sample(at) <= 600 && sample(at) >= -600);
    }
    assert(jitter.concealed == 0);
    uint32_t next = jitter.next;
    put(next + 2 * FRAME, 7, FRAME);
    put(next + 4 * FRAME, 8, FRAME); /* one is missing between them, and that is a loss */
    for (int passed = 0; passed < 2; passed++)
        assert(!jitter_take(&jitter, frame) && jitter.is_noise);
    expect_whole(7);
    assert(!jitter_take(&jitter, frame) && !jitter.is_noise && jitter.concealed == FRAME);
    expect_whole(8);
    jitter_rest(&jitter, next + 5000000, level, 0, true); /* far off: it begins where sound ends */
    assert(!jitter_take(&jitter, frame) && jitter.is_noise);
}

int main(void)
{
    in_order_over_the_turn_of_the_timestamp();
    any_order_and_doubles();
    packets_of_any_size();
    what_is_missing_fades_away();
    lateness_is_learnt();
    a_fast_clock();
    leaps();
    hostile_packets();
    a_rest_is_filled_with_noise_and_not_concealed();
    return 0;
}
