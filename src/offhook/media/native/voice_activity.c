#include "voice_activity.h"

#include <math.h>
#include <string.h>

enum {
    POINTS = 256,
    HALVINGS = 8,
    NEEDED = 10,  /* frames of sound within the window: 200 ms */
    HANGOVER = 12, /* frames that voice lasts when there is no sound any more */
    SETTLING = 8, /* frames before the noise of a line is known */
};

static const float SOFTEST = -54;    /* dBFS of a frame that may be sound */
static const float EMPTY = -78;      /* dBFS in a band: less is nothing */
static const float BIAS = 2;         /* the least of smoothed powers lies below their mean */
static const float STANDS_OUT = 2.6f; /* dB above the noise, on average of all bands */
static const float MOST_ABOVE = 15;  /* dB that one band may bring in */
static const float MOST_MOTION = 6;
static const float MOVES = 1.8f;   /* dB from one frame to the next but one, on average of bands and window */
static const float STANDS = 0.8f;  /* voice is over when it moves less */
static const float ECHO = 30;        /* dB that an echo loses at least */
static const float SMOOTHING = 0.7f;

static const uint8_t EDGES[VOICE_BANDS + 1] = {3, 8, 14, 22, 32, 45, 61, 80, 112}; /* of 31.25 Hz each */

static float window[VOICE_FRAME], cosine[POINTS / 2], sine[POINTS / 2];
static uint8_t reversed[POINTS];

void voice_activity_prepare(void)
{
    for (int at = 0; at < VOICE_FRAME; at++)
        window[at] = (float)(0.5 - 0.5 * cos(2 * M_PI * (at + 0.5) / VOICE_FRAME));
    for (int at = 0; at < POINTS / 2; at++) {
        cosine[at] = (float)cos(2 * M_PI * at / POINTS);
        sine[at] = (float)-sin(2 * M_PI * at / POINTS);
    }
    for (int at = 0; at < POINTS; at++)
        for (int bit = 0; bit < HALVINGS; bit++)
            if (at & 1 << bit)
                reversed[at] |= (uint8_t)(1 << (HALVINGS - 1 - bit));
}

void voice_activity_begin(voice_activity *voice)
{
    memset(voice, 0, sizeof *voice);
    for (int stretch = 0; stretch < VOICE_STRETCHES; stretch++)
        for (int band = 0; band < VOICE_BANDS; band++)
            voice->least[stretch][band] = INFINITY;
    for (int at = 0; at < VOICE_WINDOW; at++)
        voice->said[at] = -INFINITY;
}

/* --- the spectrum ----------------------------------------------------------------------------------------------- */

static float sample_at(const uint8_t *samples, int at)
{
    return (float)(int16_t)(uint16_t)(samples[2 * at] | samples[2 * at + 1] << 8);
}

static void transform(float real[POINTS], float imaginary[POINTS])
{
    for (int half = 1; half < POINTS; half *= 2)
        for (int from = 0; from < POINTS; from += 2 * half)
            for (int at = 0; at < half; at++) {
                int turn = at * (POINTS / 2 / half), one = from + at, other = one + half;
                float x = real[other] * cosine[turn] - imaginary[other] * sine[turn];
                float y = real[other] * sine[turn] + imaginary[other] * cosine[turn];
                real[other] = real[one] - x;
                imaginary[other] = imaginary[one] - y;
                real[one] += x;
                imaginary[one] += y;
            }
}

static void find_power(const uint8_t *samples, float power[POINTS / 2])
{
    /* Such that a sine that just fills the range has a power of 1 in all. */
    const float full = 32768.0f * 32768 / 4 * POINTS * (VOICE_FRAME * 3 / 8);
    float real[POINTS] = {0}, imaginary[POINTS] = {0};
    for (int at = 0; at < VOICE_FRAME; at++)
        real[reversed[at]] = window[at] * sample_at(samples, at);
    transform(real, imaginary);
    for (int at = 0; at < POINTS / 2; at++)
        power[at] = (real[at] * real[at] + imaginary[at] * imaginary[at]) / full;
}

static float level(float power)
{
    return power > 1e-12f ? 10 * log10f(power) : -120;
}

static float least(float one, float other)
{
    return one < other ? one : other;
}

static float most(float one, float other)
{
    return one > other ? one : other;
}

static float sum(const float *power, int from, int to)
{
    float all = 0;
    for (int at = from; at < to; at++)
        all += power[at];
    return all;
}

/* Nearly all that is there is one tone of either group of DTMF. */
static bool is_key(const float *power, float all)
{
    static const uint8_t groups[2][2] = {{20, 33}, {36, 55}};
    float tones = 0;
    for (int group = 0; group < 2; group++) {
        int top = groups[group][0];
        for (int at = top; at < groups[group][1]; at++)
            if (power[at] > power[top])
                top = at;
        float tone = sum(power, top - 3, top + 4);
        if (tone < 0.05f * all)
            return false;
        tones += tone;
    }
    return tones > 0.85f * all;
}

/* --- the noise of the line -------------------------------------------------------------------------------------- */

static void next_stretch(voice_activity *voice)
{
    if (++voice->filled < VOICE_STRETCH)
        return;
    voice->filled = 0;
    voice->stretch = (voice->stretch + 1) % VOICE_STRETCHES;
    for (int band = 0; band < VOICE_BANDS; band++)
        voice->least[voice->stretch][band] = INFINITY;
}

/* Takes the power of a band, and gives how loud its noise is. */
static float follow_noise(voice_activity *voice, int band, float power)
{
    float *smooth = &voice->smooth[band];
    *smooth = voice->frames == 0 ? power : SMOOTHING * *smooth + (1 - SMOOTHING) * power;
    float now = level(*smooth), softest = INFINITY;
    float *newest = &voice->least[voice->stretch][band];
    *newest = least(*newest, now);
    for (int stretch = 0; stretch < VOICE_STRETCHES; stretch++)
        softest = least(softest, voice->least[stretch][band]);
    return voice->frames < SETTLING ? EMPTY : most(softest + BIAS, EMPTY);
}

/* --- the verdict ------------------------------------------------------------------------------------------------ */

/* The median: something that begins to sound moves then, and may stand still after it. */
static float motion_of(const voice_activity *voice)
{
    float sorted[VOICE_WINDOW];
    for (int count = 0; count < VOICE_WINDOW; count++) {
        int at = count;
        for (; at > 0 && sorted[at - 1] > voice->motion[count]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = voice->motion[count];
    }
    return sorted[VOICE_WINDOW / 2];
}

static bool is_echo(const voice_activity *voice, float loudness)
{
    for (int at = 0; at < VOICE_WINDOW; at++)
        if (loudness < voice->said[at] - ECHO)
            return true;
    return false;
}

static float loudness_of(const uint8_t *samples)
{
    float power = 0;
    for (int at = 0; at < VOICE_FRAME; at++)
        power += sample_at(samples, at) * sample_at(samples, at);
    return level(2 * power / VOICE_FRAME / 32768 / 32768);
}

static voice_verdict judge(voice_activity *voice, bool is_active)
{
    voice->active = (voice->active << 1 | is_active) & ((1u << VOICE_WINDOW) - 1);
    voice->since_active = is_active ? 0 : voice->since_active + 1;
    float motion = motion_of(voice);
    if (!voice->is_voice)
        voice->is_voice = is_active && __builtin_popcount(voice->active) >= NEEDED && motion >= MOVES;
    else if (voice->since_active > HANGOVER || (voice->since_active == 0 && motion < STANDS))
        voice->is_voice = false;
    return voice->is_voice ? VOICE_SPOKEN : is_active ? VOICE_SOUND : VOICE_NONE;
}

voice_verdict voice_activity_hear(voice_activity *voice, const uint8_t *heard, const uint8_t *said, bool is_noise)
{
    float power[POINTS / 2], all = 0, flutter = 0, sway = 0;
    unsigned place = voice->frames % VOICE_WINDOW;
    voice->said[place] = loudness_of(said);
    find_power(heard, power);
    for (int band = 0; band < VOICE_BANDS; band++) {
        float in_band = sum(power, EDGES[band], EDGES[band + 1]);
        float noise = follow_noise(voice, band, in_band);
        float above = most(level(in_band) - noise, 0), smooth = most(level(voice->smooth[band]) - noise, 0);
        float *before = &voice->above[voice->frames % 2][band];
        float *smooth_before = &voice->smooth_above[voice->frames % VOICE_LAG][band];
        all += least(above, MOST_ABOVE);
        flutter += least(fabsf(above - *before), MOST_MOTION);
        sway += least(fabsf(smooth - *smooth_before), MOST_MOTION);
        *before = above;
        *smooth_before = smooth;
    }
    next_stretch(voice);
    voice->motion[place] = is_noise ? 0 : least(flutter, sway) / VOICE_BANDS;
    voice->frames++;
    float in_all = sum(power, EDGES[0], EDGES[VOICE_BANDS]), loudness = level(in_all);
    return judge(voice, !is_noise && all / VOICE_BANDS > STANDS_OUT && loudness > SOFTEST && !is_echo(voice, loudness) &&
                            !is_key(power, in_all));
}
