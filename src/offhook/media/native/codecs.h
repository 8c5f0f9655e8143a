/* The codecs of one port, both ways: octets to samples and back, G.711 by its tables, the others by their libraries. */
#ifndef OFFHOOK_CODECS_H
#define OFFHOOK_CODECS_H

#include "g711.h"
#include "halfband.h"
#include "opus.h"
#include "payload_kind.h"
#include "rtp.h"
#include "sound.h"

enum { CODECS_PAYLOAD_MOST = SOUND_MOST }; /* octets that an encoder makes at once */

/* What the libraries know of the packets before; made when it is first needed. */
typedef struct {
    void *g722_decoder, *opus_decoder;
    void *encoder; /* of: */
    payload_kind encodes;
    halfband heard, said;
} codecs;

/* The law of a kind that is G.711. */
g711_law codecs_law(payload_kind kind);

/* Reads one packet; those of wide codecs must come in order. False when there is nothing in it to be heard. */
bool codecs_read(codecs *codecs, payload_kind kind, const rtp_packet *packet, sound *to);

/* Gives a sound that has none the samples of 16 kHz, as far as there is room. */
void codecs_widen(codecs *codecs, sound *sound);

/* Writes a sound from the sample (of 8 kHz) `*from` on, which is moved; returns how many octets, 0 at the end.
 * For a wide codec the sound must be wide. */
size_t codecs_write(codecs *codecs, payload_kind kind, const sound *sound, size_t *from,
                    uint8_t to[CODECS_PAYLOAD_MOST]);

void codecs_close(codecs *codecs);

#endif
