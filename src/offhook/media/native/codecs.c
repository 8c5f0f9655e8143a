#include "codecs.h"

#include <string.h>

#include "g722.h"

g711_law codecs_law(payload_kind kind)
{
    return kind == PAYLOAD_PCMA ? LAW_PCMA : LAW_PCMU;
}

/* --- what is heard ---------------------------------------------------------------------------------------------- */

static size_t read_g722(codecs *codecs, const rtp_packet *packet, int16_t *to)
{
    if (2 * packet->payload_length > SOUND_WIDE_MOST)
        return 0;
    if (!codecs->g722_decoder)
        codecs->g722_decoder = g722_open_decoder();
    return codecs->g722_decoder ? g722_read(codecs->g722_decoder, packet->payload, packet->payload_length, to) : 0;
}

static size_t read_opus(codecs *codecs, const rtp_packet *packet, int16_t *to)
{
    if (packet->payload_length == 0) /* which would conceal, and go on for ever */
        return 0;
    if (!codecs->opus_decoder)
        codecs->opus_decoder = opus_open_decoder();
    if (!codecs->opus_decoder)
        return 0;
    return opus_read(codecs->opus_decoder, packet->payload, packet->payload_length, to, SOUND_WIDE_MOST);
}

static void write_narrow(const int16_t *samples, sound *to)
{
    for (size_t at = 0; at < to->count; at++) {
        to->narrow[2 * at] = (uint8_t)samples[at];
        to->narrow[2 * at + 1] = (uint8_t)((uint16_t)samples[at] >> 8);
    }
}

static bool read_wide(codecs *codecs, payload_kind kind, const rtp_packet *packet, sound *to)
{
    int16_t narrow[SOUND_WIDE_MOST / 2];
    to->is_wide = true;
    to->count = (kind == PAYLOAD_G722 ? read_g722(codecs, packet, to->wide) : read_opus(codecs, packet, to->wide)) / 2;
    halfband_narrow(&codecs->heard, to->wide, to->count, narrow);
    write_narrow(narrow, to);
    return to->count > 0;
}

bool codecs_read(codecs *codecs, payload_kind kind, const rtp_packet *packet, sound *to)
{
    if (payload_is_wide(kind))
        return read_wide(codecs, kind, packet, to);
    to->is_wide = false;
    to->count = packet->payload_length < SOUND_MOST ? packet->payload_length : SOUND_MOST;
    g711_decode(codecs_law(kind), packet->payload, to->count, to->narrow);
    return to->count > 0;
}

/* --- what is said ----------------------------------------------------------------------------------------------- */

void codecs_widen(codecs *codecs, sound *sound)
{
    if (sound->is_wide)
        return;
    int16_t narrow[SOUND_WIDE_MOST / 2];
    if (sound->count > SOUND_WIDE_MOST / 2)
        sound->count = SOUND_WIDE_MOST / 2;
    for (size_t at = 0; at < sound->count; at++)
        narrow[at] = (int16_t)(uint16_t)(sound->narrow[2 * at] | sound->narrow[2 * at + 1] << 8);
    halfband_widen(&codecs->said, narrow, sound->count, sound->wide);
    sound->is_wide = true;
}

static void close_encoder(codecs *codecs)
{
    if (codecs->encodes == PAYLOAD_OPUS)
        opus_close_encoder(codecs->encoder);
    else
        g722_close_encoder(codecs->encoder);
    codecs->encoder = NULL;
}

static void *encoder_of(codecs *codecs, payload_kind kind)
{
    if (codecs->encoder && codecs->encodes != kind)
        close_encoder(codecs);
    codecs->encodes = kind;
    if (!codecs->encoder)
        codecs->encoder = kind == PAYLOAD_OPUS ? opus_open_encoder() : g722_open_encoder();
    return codecs->encoder;
}

static size_t write_wide(codecs *codecs, payload_kind kind, const int16_t *samples, size_t *count, uint8_t *to)
{
    void *encoder = encoder_of(codecs, kind);
    if (kind == PAYLOAD_OPUS)
        *count = opus_fitting(*count);
    if (!encoder || *count == 0)
        return 0;
    return kind == PAYLOAD_OPUS ? opus_write(encoder, samples, *count, to) : g722_write(encoder, samples, *count, to);
}

size_t codecs_write(codecs *codecs, payload_kind kind, const sound *sound, size_t *from,
                    uint8_t to[CODECS_PAYLOAD_MOST])
{
    size_t left = sound->count - *from;
    if (!payload_is_wide(kind)) {
        g711_encode(codecs_law(kind), sound->narrow + 2 * *from, left, to);
        *from = sound->count;
        return left;
    }
    size_t count = 2 * left;
    size_t written = write_wide(codecs, kind, sound->wide + 2 * *from, &count, to);
    *from += count / 2;
    return written;
}

void codecs_close(codecs *codecs)
{
    g722_close_decoder(codecs->g722_decoder);
    opus_close_decoder(codecs->opus_decoder);
    close_encoder(codecs);
    memset(codecs, 0, sizeof *codecs);
}
