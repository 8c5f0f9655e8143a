/* From one port to its partner: a packet is renumbered where it stands, and transcoded when the codecs differ. */
#ifndef OFFHOOK_RELAY_H
#define OFFHOOK_RELAY_H

#include "port.h"

/* Whether packets of this kind must be read for `to`: to be transcoded, or because somebody listens there. */
bool relay_listens(const port *to, payload_kind kind);

/* A packet of audio, and what is in it where relay_listens says so. `packet` may be overwritten; its payload must stand
 * at least RTP_HEADER octets into its buffer. */
void relay_audio(const port *from, port *to, rtp_packet *packet, payload_kind kind, sound *heard, uint64_t tick);

/* A telephone-event by our clock, on the same terms. */
void relay_event(const port *from, port *to, rtp_packet *packet, uint64_t tick);

/* Comfort noise of a partner: told to a peer that agreed to it; to others it is sent as sound, from the next tick on. */
void relay_noise(const port *from, port *to, rtp_packet *packet, payload_kind kind, uint64_t tick);

#endif
