#include "dtmf.h"

#include "elapsed.h"

enum {
    RELEASE = 2,             /* blocks without the key: shorter interruptions do not make two keys of one (Q.24) */
    STOPPED_US = 100 * 1000, /* no samples for so long: silence is not sent, or the peer is gone */
};

/* 2 cos(2 pi f / 8000) for 697, 770, 852 and 941 Hz, 1209, 1336, 1477 and 1633 Hz. */
static const float COEFFICIENTS[DTMF_TONES] = {1.7077378f, 1.6452810f, 1.5686870f, 1.4782046f,
                                               1.1641040f, 0.9963702f, 0.7986184f, 0.5685328f};
static const char KEYS[] = "123A456B789C*0#D";

/* -39 dBFS for each of the two: what a block of a tone this loud leaves in its filter. */
static const float LEAST = 365.0f * 365.0f * DTMF_BLOCK * DTMF_BLOCK / 4;
static const float TWIST = 12.6f;   /* 11 dB, either way: 8 dB, and what the louder one leaves in the other's filter */
static const float APART = 6.3f;    /* 8 dB over the other rows, and the other columns */
static const float SHORTEST = 2.4f; /* blocks, 30.6 ms: Q.24 takes 40 ms for a key and 23 ms for none */
static const float PURITY = 0.7f;   /* of all energy: off by 1.5 %, tones keep four fifths, by 3.5 % half; voices rarely have it */

static float power(const dtmf_listener *listener, int tone)
{
    float before = listener->before[tone], last = listener->last[tone];
    return before * before + last * last - COEFFICIENTS[tone] * before * last;
}

/* The loudest of a group; -1 when it does not stand out. */
static int loudest(const float *powers)
{
    int best = 0;
    for (int at = 1; at < DTMF_ROWS; at++)
        if (powers[at] > powers[best])
            best = at;
    if (powers[best] < LEAST)
        return -1;
    for (int at = 0; at < DTMF_ROWS; at++)
        if (at != best && powers[at] * APART > powers[best])
            return -1;
    return best;
}

/* Which key a whole block is, or 0. */
static char judge(const dtmf_listener *listener)
{
    float powers[DTMF_TONES];
    for (int tone = 0; tone < DTMF_TONES; tone++)
        powers[tone] = power(listener, tone);
    int row = loudest(powers), column = loudest(powers + DTMF_ROWS);
    if (row < 0 || column < 0)
        return 0;
    float low = powers[row], high = powers[DTMF_ROWS + column];
    if (low > high * TWIST || high > low * TWIST)
        return 0;
    /* Two clean tones have as much in their filters as half the block's length times its energy. */
    if (low + high < PURITY * listener->energy * DTMF_BLOCK / 2)
        return 0;
    return KEYS[DTMF_ROWS * row + column];
}

/* A tone begins and ends somewhere in a block: what the blocks at its ends have of its energy is part of it. */
static void add_block(dtmf_listener *listener, float energy)
{
    listener->total += energy < listener->peak ? energy : listener->peak;
}

/* False when it was too short for a key. */
static bool release(dtmf_listener *listener, dtmf_key *key)
{
    *key = (dtmf_key){.digit = listener->held, .duration = listener->blocks * (DTMF_BLOCK / 8000.0)};
    listener->held = 0;
    return listener->total >= SHORTEST * listener->peak;
}

static void hold(dtmf_listener *listener, char heard, float energy)
{
    listener->held = heard;
    listener->peak = energy > listener->newest ? energy : listener->newest;
    listener->total = 0;
    listener->blocks = 2;
    listener->missed = 0;
    add_block(listener, listener->earlier);
    add_block(listener, listener->newest);
    add_block(listener, energy);
}

/* Two blocks alike are a key that is down. */
static bool settle(dtmf_listener *listener, char heard, float energy, dtmf_key *key)
{
    bool is_released = false;
    if (listener->held && heard == listener->held) {
        listener->blocks += 1 + listener->missed;
        listener->missed = 0;
        listener->peak = energy > listener->peak ? energy : listener->peak;
        add_block(listener, energy);
    } else if (listener->held) {
        if (listener->missed++ == 0)
            add_block(listener, energy);
        if (listener->missed == RELEASE || (heard && heard == listener->candidate))
            is_released = release(listener, key);
    }
    if (!listener->held && heard && heard == listener->candidate)
        hold(listener, heard, energy);
    listener->candidate = heard;
    listener->earlier = listener->newest;
    listener->newest = energy;
    return is_released;
}

static void clear(dtmf_listener *listener)
{
    for (int tone = 0; tone < DTMF_TONES; tone++)
        listener->before[tone] = listener->last[tone] = 0;
    listener->energy = 0;
    listener->filled = 0;
}

static void filter(dtmf_listener *listener, float sample)
{
    for (int tone = 0; tone < DTMF_TONES; tone++) {
        float next = sample + COEFFICIENTS[tone] * listener->last[tone] - listener->before[tone];
        listener->before[tone] = listener->last[tone];
        listener->last[tone] = next;
    }
    listener->energy += sample * sample;
}

bool dtmf_hear(dtmf_listener *listener, const uint8_t *samples, size_t count, uint64_t now_us, dtmf_key *key)
{
    bool is_released = false;
    listener->heard_us = now_us;
    for (size_t at = 0; at < count; at++) {
        uint16_t bits = (uint16_t)(samples[2 * at] | samples[2 * at + 1] << 8);
        filter(listener, (float)(int16_t)bits);
        if (++listener->filled < DTMF_BLOCK)
            continue;
        char heard = judge(listener);
        float energy = listener->energy;
        clear(listener);
        is_released |= settle(listener, heard, energy, key);
    }
    return is_released;
}

bool dtmf_expire(dtmf_listener *listener, uint64_t now_us, dtmf_key *key)
{
    return listener->held && elapsed_us(now_us, listener->heard_us) >= STOPPED_US && release(listener, key);
}
