#include "opus.h"

enum {
    RATE = 16000,
    CHANNELS = 1,
    /* opus_defines.h */
    APPLICATION_VOIP = 2048,
    SET_COMPLEXITY = 4010,
    SET_INBAND_FEC = 4012,
    SET_PACKET_LOSS = 4014,
    COMPLEXITY = 5, /* of 10: half the CPU of the best, and hard to tell from it in speech */
    LOSS = 5,       /* per cent: so much that each packet repeats the one before at a low rate */
};

static opus_library libopus;

void opus_use(const opus_library *library)
{
    libopus = *library;
}

bool opus_is_usable(void)
{
    return libopus.encode != NULL;
}

void *opus_open_encoder(void)
{
    int error;
    void *encoder = libopus.encoder_create(RATE, CHANNELS, APPLICATION_VOIP, &error);
    if (!encoder)
        return NULL;
    libopus.encoder_ctl(encoder, SET_COMPLEXITY, COMPLEXITY);
    libopus.encoder_ctl(encoder, SET_INBAND_FEC, 1);
    libopus.encoder_ctl(encoder, SET_PACKET_LOSS, LOSS);
    return encoder;
}

void *opus_open_decoder(void)
{
    int error;
    return libopus.decoder_create(RATE, CHANNELS, &error);
}

void opus_close_encoder(void *encoder)
{
    if (encoder)
        libopus.encoder_destroy(encoder);
}

void opus_close_decoder(void *decoder)
{
    if (decoder)
        libopus.decoder_destroy(decoder);
}

size_t opus_fitting(size_t count)
{
    static const size_t sizes[] = {960, 640, 320, 160, 80, 40}; /* 60, 40, 20, 10, 5, 2.5 ms */
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++)
        if (sizes[at] <= count)
            return sizes[at];
    return 0;
}

size_t opus_write(void *encoder, const int16_t *samples, size_t count, uint8_t to[OPUS_PAYLOAD_MOST])
{
    int32_t written = libopus.encode(encoder, samples, (int)count, to, OPUS_PAYLOAD_MOST);
    return written > 0 ? (size_t)written : 0;
}

size_t opus_read(void *decoder, const uint8_t *octets, size_t length, int16_t *to, size_t room)
{
    int made = libopus.decode(decoder, octets, (int32_t)length, to, (int)room, 0);
    return made > 0 ? (size_t)made : 0;
}
