#include "halfband.h"

#include <math.h>
#include <string.h>

enum { SIDE = (HALFBAND_REACH + 1) / 2 /* coefficients that are not 0, beside the middle one, which is a half */ };

static float coefficients[SIDE]; /* of the samples 1, 3, 5 ... away */

/* The modified Bessel function of the first kind and order 0. */
static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 30; k++) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

void halfband_prepare(void)
{
    const double beta = 5.65; /* Kaiser's: 60 dB */
    for (int side = 0; side < SIDE; side++) {
        int away = 2 * side + 1;
        double window = bessel(beta * sqrt(1 - pow((double)away / (HALFBAND_REACH + 1), 2))) / bessel(beta);
        coefficients[side] = (float)((side % 2 ? -1 : 1) / (M_PI * away) * window);
    }
}

static int16_t rounded(float sample)
{
    return sample >= INT16_MAX ? INT16_MAX : sample <= INT16_MIN ? INT16_MIN : (int16_t)lrintf(sample);
}

/* What surrounds `at` at odd distances, `step` places lying between two of them. */
static float surroundings(const float *before, const float *after, ptrdiff_t step)
{
    float sum = 0;
    for (int side = 0; side < SIDE; side++)
        sum += coefficients[side] * (before[-side * step] + after[side * step]);
    return sum;
}

void halfband_narrow(halfband *filter, const int16_t *wide, size_t count, int16_t *to)
{
    float line[HALFBAND_PAST + HALFBAND_MOST];
    memcpy(line, filter->past, sizeof filter->past);
    for (size_t at = 0; at < 2 * count; at++)
        line[HALFBAND_PAST + at] = wide[at];
    for (size_t at = 0; at < count; at++) {
        const float *middle = line + HALFBAND_REACH + 2 * at;
        to[at] = rounded(0.5f * *middle + surroundings(middle - 1, middle + 1, 2));
    }
    memcpy(filter->past, line + 2 * count, sizeof filter->past);
}

void halfband_widen(halfband *filter, const int16_t *narrow, size_t count, int16_t *to)
{
    enum { PAST = 2 * SIDE - 1 }; /* of 8 kHz */
    float line[PAST + HALFBAND_MOST / 2];
    memcpy(line, filter->past, PAST * sizeof *line);
    for (size_t at = 0; at < count; at++)
        line[PAST + at] = narrow[at];
    for (size_t at = 0; at < count; at++) {
        const float *before = line + SIDE - 1 + at;
        to[2 * at] = rounded(*before);
        to[2 * at + 1] = rounded(2 * surroundings(before, before + 1, 1));
    }
    memcpy(filter->past, line + count, PAST * sizeof *line);
}
