#include "relay.h"

static bool takes(const port *to, payload_kind kind)
{
    if (!to->agreement.agreed || !to->agreement.may_send || !player_is_idle(&to->player))
        return false;
    return kind != PAYLOAD_EVENT || to->agreement.telephone_event >= 0;
}

void relay(const port *from, port *to, rtp_packet *packet, payload_kind kind, uint64_t tick)
{
    if (!takes(to, kind))
        return;
    if (kind == PAYLOAD_EVENT) {
        packet->payload_type = (uint8_t)to->agreement.telephone_event;
    } else {
        packet->payload_type = to->agreement.payload_type;
        g711_law law = kind == PAYLOAD_PCMA ? LAW_PCMA : LAW_PCMU;
        if (law != to->agreement.law)
            g711_transcode(to->agreement.law, packet->payload, packet->payload_length);
    }
    sender_carry(&to->sender, tick, from->id, packet);
    if (to->tap && kind != PAYLOAD_EVENT)
        tap_relay(to->tap, to->agreement.law, packet);
    uint8_t *octets = packet->payload - RTP_HEADER;
    rtp_write_header(octets, packet);
    port_send(to, octets, RTP_HEADER + packet->payload_length);
}
