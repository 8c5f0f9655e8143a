/* Comfort noise (RFC 3389): a level and a shape, told once, that stand for what is heard between talk spurts. */
#ifndef OFFHOOK_COMFORT_NOISE_H
#define OFFHOOK_COMFORT_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMFORT_NOISE_ORDER = 12 /* reflection coefficients that are used; more tell of nothing that a telephone carries */ };

typedef struct {
    uint32_t random;
    float amplitude; /* of the white noise that goes in */
    size_t order;
    float reflection[COMFORT_NOISE_ORDER], backward[COMFORT_NOISE_ORDER + 1];
} comfort_noise;

/* Takes a payload: the level in -dBov, then the shape, which is left out when it was measured by another rate than
 * 8 kHz. An empty one changes nothing. */
void comfort_noise_hear(comfort_noise *noise, const uint8_t *payload, size_t length, bool has_shape);

int16_t comfort_noise_sample(comfort_noise *noise);

/* Writes samples, 16-bit little-endian. */
void comfort_noise_write(comfort_noise *noise, uint8_t *to, size_t count);

#endif
