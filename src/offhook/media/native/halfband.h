/* From 16 kHz to 8 kHz and back: one filter that keeps what telephones carry, up to 3.4 kHz. */
#ifndef OFFHOOK_HALFBAND_H
#define OFFHOOK_HALFBAND_H

#include <stddef.h>
#include <stdint.h>

enum {
    HALFBAND_REACH = 23, /* samples of 16 kHz to either side */
    HALFBAND_PAST = 2 * HALFBAND_REACH,
    HALFBAND_MOST = 1920, /* samples of 16 kHz at once */
};

/* The samples of before. */
typedef struct {
    float past[HALFBAND_PAST];
} halfband;

/* Makes the coefficients; call once before anything else here. */
void halfband_prepare(void);

/* Makes `count` samples of twice as many. */
void halfband_narrow(halfband *filter, const int16_t *wide, size_t count, int16_t *to);

/* Makes twice as many of `count` samples. */
void halfband_widen(halfband *filter, const int16_t *narrow, size_t count, int16_t *to);

#endif
