/* What comes to a port: opened, counted, read, and handed to whoever listens. */

#include "port.h"

#include <stdalign.h>

#include "relay.h"
#include "socket.h"

static void tell_digits(const port *port, const key_press *pressed, int count, event_ring *events)
{
    for (int at = 0; at < count; at++) {
        event told = {.kind = EVENT_DIGIT, .port = port->id};
        told.digit = pressed[at].digit;
        told.duration = pressed[at].duration;
        event_ring_push(events, &told);
    }
}

static void tell_tone(const port *port, const dtmf_key *key, event_ring *events)
{
    event told = {.kind = EVENT_DIGIT, .port = port->id};
    told.digit = key->digit;
    told.duration = key->duration;
    told.is_tone = true;
    event_ring_push(events, &told);
}

static void listen_for_tones(port *port, const sound *heard, const moment *moment)
{
    for (size_t at = 0; at < heard->count; at += DTMF_MOST) {
        size_t left = heard->count - at, count = left < DTMF_MOST ? left : DTMF_MOST;
        dtmf_key key;
        if (dtmf_hear(&port->tones, heard->narrow + 2 * at, count, moment->now_us, &key))
            tell_tone(port, &key, moment->events);
    }
}

static void settle(port *port, const moment *moment)
{
    if (port->latch.state == LATCH_SETTLED) {
        socket_wire(port->rtp_socket, &port->latch.remote);
        port->is_wired = true;
    }
    event told = {.kind = EVENT_BEGUN, .port = port->id};
    told.remote = port->latch.remote;
    event_ring_push(moment->events, &told);
}

static void count_sequence(port *port, const rtp_packet *packet)
{
    uint32_t lost = rtp_source_lost(&port->source);
    rtp_source_receive(&port->source, packet);
    if (port->source.received == 1) /* another SSRC, or one that has begun its numbers anew */
        port->lost_before += lost;
}

/* Of no use, but not lost either. */
static void count_unwanted(port *port, const rtp_packet *packet, const address *source)
{
    port->unwanted++;
    if (port->source.begun && port->source.ssrc == packet->ssrc && address_equal(&port->latch.remote, source))
        count_sequence(port, packet);
}

static void count_arrival(port *port, const rtp_packet *packet, payload_kind kind, uint64_t now_us)
{
    count_sequence(port, packet);
    if (!payload_is_event(kind) && !payload_is_noise(kind)) /* those come when it pleases the peer */
        rtp_source_measure(&port->source, packet->timestamp, now_us);
    port->received++;
    port->heard_us = now_us;
    port->silence_told = false;
}

static bool open_packet(port *port, uint8_t *octets, size_t *length, bool is_control)
{
    switch (srtp_open(&port->srtp, octets, length, is_control)) {
    case SRTP_OPENED:
        return true;
    case SRTP_REPLAYED:
        port->replayed++;
        return false;
    case SRTP_UNAUTHENTICATED:
        port->unauthenticated++;
        return false;
    }
    return false;
}

/* Everything in here goes by one clock; all packets of a stream go by that of its audio, those of keys too. */
static void read_clock(port *port, payload_kind kind, rtp_packet *packet)
{
    if (!payload_is_event(kind) && !payload_is_noise(kind))
        port->clock_rate = payload_clock(kind);
    packet->timestamp = rtp_clock_read(&port->clock, port->clock_rate, packet->timestamp);
    if (kind == PAYLOAD_EVENT_48000 && packet->payload_length >= TELEPHONE_EVENT_PAYLOAD)
        telephone_event_stretch(packet->payload, 1, payload_clock(kind));
}

static void take_keys(port *port, const rtp_packet *packet, const moment *moment)
{
    key_press pressed[2];
    int count = key_listener_receive(&port->keys, packet, moment->now_us, pressed);
    tell_digits(port, pressed, count, moment->events);
    if (port->tap)
        tap_hear(port->tap, packet->timestamp, NULL);
}

/* Once each packet, and in order: what is late or doubled would make two keys of one, and confuses a codec that goes by
 * what was before. */
static bool is_news(port *port, const rtp_packet *packet)
{
    if (packet->sequence != port->source.max_sequence || packet->sequence == port->newest_sequence)
        return false;
    port->newest_sequence = packet->sequence;
    return true;
}

static bool is_listened_to(const port *port, payload_kind kind)
{
    return port->agreement.telephone_event < 0 || port->tap || port->member ||
           (port->partner && relay_listens(port->partner, kind));
}

static void take_audio(port *port, rtp_packet *packet, payload_kind kind, const moment *moment)
{
    bool is_new = is_news(port, packet);
    if (is_new)
        port->rests = false;
    bool is_read = is_listened_to(port, kind) && (is_new || !payload_is_wide(kind));
    sound heard;
    if (is_read && codecs_read(&port->codecs, kind, packet, &heard)) {
        if (is_new && port->agreement.telephone_event < 0)
            listen_for_tones(port, &heard, moment);
        if (port->tap)
            tap_hear(port->tap, packet->timestamp, &heard);
        if (port->member)
            mix_hear(port->member, packet->timestamp, &heard);
        if (port->partner)
            relay_audio(port, port->partner, packet, kind, &heard, moment->tick);
    } else if (port->partner && !relay_listens(port->partner, kind)) {
        relay_audio(port, port->partner, packet, kind, NULL, moment->tick);
    }
}

static void take_noise(port *port, rtp_packet *packet, payload_kind kind, uint64_t tick)
{
    bool has_shape = kind == PAYLOAD_NOISE;
    if (!is_news(port, packet) || packet->payload_length == 0)
        return;
    port->rests = true;
    comfort_noise_hear(&port->noise, packet->payload, packet->payload_length, has_shape);
    if (port->tap)
        jitter_rest(&port->tap->heard, packet->timestamp, packet->payload, packet->payload_length, has_shape);
    if (port->member)
        jitter_rest(&port->member->heard, packet->timestamp, packet->payload, packet->payload_length, has_shape);
    if (port->partner)
        relay_noise(port, port->partner, packet, kind, tick);
}

/* Reports of the peer's host alone: whoever knows the port number could make up how the call sounds. */
static void take_control(port *port, uint8_t *octets, size_t length, const address *source, uint64_t now_us)
{
    if (!address_same_host(source, &port->latch.remote)) {
        port->strangers++;
        return;
    }
    if (port->srtp.receiving.session && !open_packet(port, octets, &length, true))
        return;
    if (port->rests) /* who rests shows by its reports that it is still there */
        port->heard_us = now_us;
    rtcp_peer_receive(&port->reports, octets, length, port->sender.ssrc, now_us);
}

void port_receive(port *port, const moment *moment)
{
    alignas(uint64_t) uint8_t octets[PACKET_LIMIT];
    address source = {.length = sizeof source.v6};
    ssize_t taken = recvfrom(port->rtp_socket, octets, sizeof octets, 0, &source.any, &source.length);
    if (taken < 0)
        return;
    size_t length = (size_t)taken;
    if (rtcp_is(octets, length)) { /* a peer that has both on one port (RFC 5761), though it was not agreed */
        take_control(port, octets, length, &source, moment->now_us);
        return;
    }
    /* On hold, too: libsrtp follows the sequence numbers, or it would lose count of their turns. */
    if (port->srtp.receiving.session && !open_packet(port, octets, &length, false))
        return;
    rtp_packet packet;
    if (length == sizeof octets || !rtp_parse(octets, length, &packet)) {
        port->malformed++;
        return;
    }
    payload_kind kind = port->agreement.kinds[packet.payload_type];
    if (!port->agreement.may_receive || kind == PAYLOAD_UNWANTED) {
        count_unwanted(port, &packet, &source);
        return;
    }
    switch (latch_judge(&port->latch, &source, &packet, moment->now_us)) {
    case LATCH_STRANGER:
        port->strangers++;
        return;
    case LATCH_MOVED:
        settle(port, moment);
        break;
    case LATCH_KNOWN:
        break;
    }
    read_clock(port, kind, &packet);
    count_arrival(port, &packet, kind, moment->now_us);
    if (payload_is_noise(kind)) {
        take_noise(port, &packet, kind, moment->tick);
    } else if (!payload_is_event(kind)) {
        take_audio(port, &packet, kind, moment);
    } else {
        take_keys(port, &packet, moment);
        if (port->partner)
            relay_event(port, port->partner, &packet, moment->tick);
    }
}

void port_receive_control(port *port, const moment *moment)
{
    alignas(uint64_t) uint8_t octets[PACKET_LIMIT];
    address source = {.length = sizeof source.v6};
    ssize_t taken = recvfrom(port->rtcp_socket, octets, sizeof octets, 0, &source.any, &source.length);
    if (taken >= 0)
        take_control(port, octets, (size_t)taken, &source, moment->now_us);
}

void port_expire_keys(port *port, const moment *moment)
{
    key_press pressed;
    if (key_listener_expire(&port->keys, moment->now_us, &pressed))
        tell_digits(port, &pressed, 1, moment->events);
    dtmf_key key;
    if (dtmf_expire(&port->tones, moment->now_us, &key))
        tell_tone(port, &key, moment->events);
}
