#include "g711.h"

static uint8_t octet_by_sample[2][1 << 16]; /* indexed by the sample's bits */
static int16_t sample_by_octet[2][256];
static uint8_t octet_by_octet[2][256]; /* [to law][octet of the other] */

static uint8_t encode_ulaw(int sample)
{
    enum { BIAS = 0x84, CLIP = 32635 };
    int sign = sample < 0 ? 0x80 : 0;
    int magnitude = (sample < 0 ? -sample : sample);
    magnitude = (magnitude > CLIP ? CLIP : magnitude) + BIAS;
    int segment = 7;
    while (segment > 0 && !(magnitude & (0x80 << segment)))
        segment--;
    return (uint8_t) ~(sign | segment << 4 | (magnitude >> (segment + 3) & 0x0f));
}

static uint8_t encode_alaw(int sample)
{
    int sign = sample < 0 ? 0 : 0x80;
    int magnitude = (sample < 0 ? ~sample : sample) >> 3; /* 12 bits: A-law knows 13 with the sign */
    int segment = 7;
    while (segment > 0 && !(magnitude & (0x10 << segment)))
        segment--;
    int step = segment < 2 ? magnitude >> 1 & 0x0f : magnitude >> segment & 0x0f;
    return (uint8_t)((sign | segment << 4 | step) ^ 0x55);
}

static int16_t decode_ulaw(uint8_t octet)
{
    octet = (uint8_t)~octet;
    int magnitude = (((octet & 0x0f) << 3) + 0x84) << (octet >> 4 & 7);
    return (int16_t)(octet & 0x80 ? 0x84 - magnitude : magnitude - 0x84);
}

static int16_t decode_alaw(uint8_t octet)
{
    octet ^= 0x55;
    int segment = octet >> 4 & 7;
    int magnitude = ((octet & 0x0f) << 4) + 8;
    if (segment > 0)
        magnitude = (magnitude + 0x100) << (segment - 1);
    return (int16_t)(octet & 0x80 ? magnitude : -magnitude);
}

void g711_prepare(void)
{
    for (int bits = 0; bits < 1 << 16; bits++) {
        octet_by_sample[LAW_PCMU][bits] = encode_ulaw((int16_t)(uint16_t)bits);
        octet_by_sample[LAW_PCMA][bits] = encode_alaw((int16_t)(uint16_t)bits);
    }
    for (int octet = 0; octet < 256; octet++) {
        sample_by_octet[LAW_PCMU][octet] = decode_ulaw((uint8_t)octet);
        sample_by_octet[LAW_PCMA][octet] = decode_alaw((uint8_t)octet);
        octet_by_octet[LAW_PCMU][octet] = encode_ulaw(sample_by_octet[LAW_PCMA][octet]);
        octet_by_octet[LAW_PCMA][octet] = encode_alaw(sample_by_octet[LAW_PCMU][octet]);
    }
}

void g711_encode(g711_law law, const uint8_t *samples, size_t count, uint8_t *to)
{
    for (size_t at = 0; at < count; at++)
        to[at] = octet_by_sample[law][samples[2 * at] | samples[2 * at + 1] << 8];
}

void g711_decode(g711_law law, const uint8_t *octets, size_t count, uint8_t *to)
{
    for (size_t at = 0; at < count; at++) {
        uint16_t bits = (uint16_t)sample_by_octet[law][octets[at]];
        to[2 * at] = (uint8_t)bits;
        to[2 * at + 1] = (uint8_t)(bits >> 8);
    }
}

void g711_transcode(g711_law law, uint8_t *octets, size_t count)
{
    for (size_t at = 0; at < count; at++)
        octets[at] = octet_by_octet[law][octets[at]];
}

uint8_t g711_silence(g711_law law)
{
    return octet_by_sample[law][0];
}
