#include "comfort_noise.h"

#include <math.h>

enum { LEVELS = 0x7f };

/* Of uniform noise: the amplitude is the square root of three times its RMS, and 0 dBov is a full square wave. */
static float white_amplitude(uint8_t level)
{
    return sqrtf(3) * 32768 * powf(10, -(float)level / 20);
}

void comfort_noise_hear(comfort_noise *noise, const uint8_t *payload, size_t length, bool has_shape)
{
    if (length == 0)
        return;
    float power = 1; /* that the lattice adds */
    size_t order = has_shape ? length - 1 : 0;
    noise->order = order < COMFORT_NOISE_ORDER ? order : COMFORT_NOISE_ORDER;
    for (size_t at = 0; at < noise->order; at++) {
        /* RFC 3389 §3.2; its 255 would be more than 1, and swing for ever. */
        float reflection = 258 * ((float)payload[1 + at] - 127) / 32768;
        noise->reflection[at] = reflection > 0.99f ? 0.99f : reflection < -0.99f ? -0.99f : reflection;
        power *= 1 - noise->reflection[at] * noise->reflection[at];
    }
    noise->amplitude = white_amplitude(payload[0] & LEVELS) * sqrtf(power);
}

static float next_random(comfort_noise *noise) /* -1 to 1, by a linear congruence: nobody needs to be surprised */
{
    noise->random = noise->random * 1664525 + 1013904223;
    return (float)(int32_t)noise->random / 2147483648.0f;
}

int16_t comfort_noise_sample(comfort_noise *noise)
{
    float forward = noise->amplitude * next_random(noise);
    for (size_t at = noise->order; at-- > 0;) {
        forward -= noise->reflection[at] * noise->backward[at];
        noise->backward[at + 1] = noise->backward[at] + noise->reflection[at] * forward;
    }
    noise->backward[0] = forward;
    return (int16_t)(forward > INT16_MAX ? INT16_MAX : forward < INT16_MIN ? INT16_MIN : forward);
}

void comfort_noise_write(comfort_noise *noise, uint8_t *to, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        uint16_t bits = (uint16_t)comfort_noise_sample(noise);
        to[2 * at] = (uint8_t)bits;
        to[2 * at + 1] = (uint8_t)(bits >> 8);
    }
}
