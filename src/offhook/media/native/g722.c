#include "g722.h"

enum { RATE = 64000, WIDE = 0 /* no options: 16 kHz, and each code in an octet of its own */ };

static g722_library spandsp;

void g722_use(const g722_library *library)
{
    spandsp = *library;
}

bool g722_is_usable(void)
{
    return spandsp.encode != NULL;
}

void *g722_open_encoder(void)
{
    return spandsp.encode_init(NULL, RATE, WIDE);
}

void *g722_open_decoder(void)
{
    return spandsp.decode_init(NULL, RATE, WIDE);
}

void g722_close_encoder(void *encoder)
{
    if (encoder)
        spandsp.encode_free(encoder);
}

void g722_close_decoder(void *decoder)
{
    if (decoder)
        spandsp.decode_free(decoder);
}

size_t g722_write(void *encoder, const int16_t *samples, size_t count, uint8_t *to)
{
    int written = spandsp.encode(encoder, to, samples, (int)count);
    return written > 0 ? (size_t)written : 0;
}

size_t g722_read(void *decoder, const uint8_t *octets, size_t length, int16_t *to)
{
    int made = spandsp.decode(decoder, to, octets, (int)length);
    return made > 0 ? (size_t)made : 0;
}
