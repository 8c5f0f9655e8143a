#include "relay.h"

#include <stdalign.h>

static bool takes(const port *to)
{
    return to->agreement.agreed && to->agreement.may_send && player_is_idle(&to->player);
}

/* Both laws of G.711 are tables of one another. */
static bool is_table(const port *to, payload_kind kind)
{
    return !payload_is_wide(kind) && !payload_is_wide(to->agreement.codec);
}

static bool is_transcoded(const port *to, payload_kind kind)
{
    return kind != to->agreement.codec && !is_table(to, kind);
}

bool relay_listens(const port *to, payload_kind kind)
{
    return takes(to) && (to->tap || is_transcoded(to, kind));
}

static void send_in_place(port *to, const rtp_packet *packet)
{
    uint8_t *octets = packet->payload - RTP_HEADER;
    port_write_header(to, packet, octets);
    port_send(to, octets, RTP_HEADER + packet->payload_length);
}

/* Into as many packets as it takes: not every codec has packets of every length. Apart, so that packets of one codec do
 * not pay for the room. */
static __attribute__((noinline)) void transcode(port *to, rtp_packet *packet, sound *heard)
{
    alignas(uint64_t) uint8_t octets[RTP_HEADER + CODECS_PAYLOAD_MOST];
    payload_kind codec = to->agreement.codec;
    size_t from = 0, before = 0, written;
    if (payload_is_wide(codec))
        codecs_widen(&to->codecs, heard);
    while ((written = codecs_write(&to->codecs, codec, heard, &from, octets + RTP_HEADER)) > 0) {
        port_write_header(to, packet, octets);
        port_send(to, octets, RTP_HEADER + written);
        if (from == heard->count)
            return;
        sender_carry_on(&to->sender, (uint32_t)(from - before), packet);
        before = from;
    }
}

void relay_audio(const port *from, port *to, rtp_packet *packet, payload_kind kind, sound *heard, uint64_t tick)
{
    if (!takes(to))
        return;
    packet->payload_type = to->agreement.payload_type;
    sender_carry(&to->sender, tick, from->id, packet);
    if (to->tap && heard)
        tap_relay(to->tap, packet->timestamp, heard);
    if (is_transcoded(to, kind)) {
        if (heard)
            transcode(to, packet, heard);
        return;
    }
    if (kind != to->agreement.codec)
        g711_transcode(codecs_law(to->agreement.codec), packet->payload, packet->payload_length);
    send_in_place(to, packet);
}

void relay_event(const port *from, port *to, rtp_packet *packet, uint64_t tick)
{
    if (!takes(to) || to->agreement.telephone_event < 0)
        return;
    packet->payload_type = (uint8_t)to->agreement.telephone_event;
    if (packet->payload_length >= TELEPHONE_EVENT_PAYLOAD)
        telephone_event_stretch(packet->payload, payload_clock(to->agreement.event), 1);
    sender_carry(&to->sender, tick, from->id, packet);
    send_in_place(to, packet);
}

void relay_noise(const port *from, port *to, rtp_packet *packet, payload_kind kind, uint64_t tick)
{
    if (!takes(to))
        return;
    if (to->agreement.comfort_noise < 0) {
        to->sender.carries = false; /* what is filled in goes on from here */
        return;
    }
    if (kind != to->agreement.noise) /* a shape of another rate would be another sound; the level holds for both */
        packet->payload_length = 1;
    packet->payload_type = (uint8_t)to->agreement.comfort_noise;
    sender_carry(&to->sender, tick, from->id, packet);
    packet->marker = false; /* RFC 3389 §4 */
    if (to->tap)
        jitter_rest(&to->tap->relayed, packet->timestamp, packet->payload, packet->payload_length,
                    to->agreement.noise == PAYLOAD_NOISE);
    send_in_place(to, packet);
}
