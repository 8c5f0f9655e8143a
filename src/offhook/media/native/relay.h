/* From one port to its partner: the packet is renumbered where it stands, and transcoded only when the laws differ. */
#ifndef OFFHOOK_RELAY_H
#define OFFHOOK_RELAY_H

#include "port.h"

/* `packet` may be overwritten; its payload must stand at least RTP_HEADER octets into its buffer. */
void relay(const port *from, port *to, rtp_packet *packet, payload_kind kind, uint64_t tick);

#endif
