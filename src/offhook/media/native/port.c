#include "port.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elapsed.h"
#include "relay.h"
#include "socket.h"

bool port_bind(port *port, const address *local, uint16_t low, uint16_t high, uint16_t start)
{
    int pair[2];
    if (!socket_bind_pair(local, low, high, start, pair, &port->number))
        return false;
    port->rtp_socket = pair[0];
    port->rtcp_socket = pair[1];
    return true;
}

void port_begin(port *port, const uint64_t random[4], uint64_t now_us)
{
    sender_begin(&port->sender, random[0], (uint32_t)random[1]);
    key_listener_begin(&port->keys, now_us);
    port->report_tick = random[2];
    snprintf(port->cname, sizeof port->cname, "%016llx", (unsigned long long)random[3]);
    port->agreement.telephone_event = port->agreement.comfort_noise = -1;
    port->agreement.codec = PAYLOAD_PCMU;
    port->clock_rate = 1;
    port->heard_us = now_us;
}

void port_shift(port *port, uint64_t ticks)
{
    port->report_tick += ticks;
    port->sender.tick += ticks;
    port->sender.carried_tick += ticks;
}

void port_agree(port *port, const agreement *agreed, const terms *terms, uint64_t now_us)
{
    const address *announced = &terms->announced;
    /* One who takes the call back from hold has as long as ever to be heard. */
    bool was_talking = port->agreement.may_receive && port->agreement.may_send;
    bool hears_again = agreed->may_receive && !was_talking;
    port->agreement = *agreed;
    port->rests = port->rests && agreed->may_receive;
    /* A key or an address that changes may mean another device, which knows nothing of our rollover counter and begins
     * with 0 (RFC 4568 §7.1.4): another SSRC begins with 0, too, for those who go on as well. */
    bool is_moved = announced->length > 0 && !address_equal(&port->latch.announced, announced);
    if (port->srtp.sending && (is_moved || port->srtp.receiving.session != terms->receiving))
        sender_rename(&port->sender, terms->ssrc);
    srtp_agree(&port->srtp, terms->sending, terms->receiving);
    if (!address_equal(&port->latch.announced, announced) && port->is_wired) {
        socket_unwire(port->rtp_socket);
        port->is_wired = false;
    }
    if (announced->length > 0)
        latch_announce(&port->latch, announced);
    else
        port->agreement.may_send = false;
    if (hears_again) {
        port->heard_us = now_us;
        port->silence_told = false;
    }
}

static ssize_t send_octets(const port *port, const uint8_t *octets, size_t length)
{
    const address *to = &port->latch.remote;
    return port->is_wired ? send(port->rtp_socket, octets, length, 0)
                          : sendto(port->rtp_socket, octets, length, 0, &to->any, to->length);
}

/* Apart, so that RTP in the clear does not pay for the room. */
static __attribute__((noinline)) ssize_t send_sealed(port *port, const uint8_t *octets, size_t length)
{
    alignas(uint64_t) uint8_t sealed[PACKET_LIMIT + SRTP_TRAILER];
    memcpy(sealed, octets, length);
    if (!srtp_seal(&port->srtp, sealed, &length, false))
        return -1; /* a number that has been used before: once more would betray both packets */
    return send_octets(port, sealed, length);
}

void port_send(port *port, const uint8_t *octets, size_t length)
{
    size_t payload = length - RTP_HEADER;
    ssize_t sent = port->srtp.sending ? send_sealed(port, octets, length) : send_octets(port, octets, length);
    if (sent < 0)
        return; /* a full buffer or an ICMP error: a lost packet like any other */
    port->sender.packets++;
    port->sender.octets += (uint32_t)payload;
}

void port_write_header(const port *port, const rtp_packet *packet, uint8_t *to)
{
    rtp_packet written = *packet;
    written.timestamp *= payload_clock(port->agreement.codec);
    rtp_write_header(to, &written);
}

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

static size_t write_g711(const port *port, const uint8_t *samples, uint8_t *to)
{
    g711_law law = codecs_law(port->agreement.codec);
    if (samples)
        g711_encode(law, samples, RTP_FRAME_SAMPLES, to);
    else
        memset(to, g711_silence(law), RTP_FRAME_SAMPLES);
    return RTP_FRAME_SAMPLES;
}

/* Apart, so that G.711 does not pay for the room. */
static __attribute__((noinline)) size_t write_wide(port *port, const uint8_t *samples, uint8_t *to)
{
    sound said;
    size_t from = 0;
    said.count = RTP_FRAME_SAMPLES;
    said.is_wide = false;
    if (samples)
        memcpy(said.narrow, samples, 2 * RTP_FRAME_SAMPLES);
    else
        memset(said.narrow, 0, 2 * RTP_FRAME_SAMPLES);
    codecs_widen(&port->codecs, &said);
    return codecs_write(&port->codecs, port->agreement.codec, &said, &from, to);
}

static void send_audio(port *port, const uint8_t *samples, uint64_t tick)
{
    alignas(uint64_t) uint8_t octets[RTP_HEADER + CODECS_PAYLOAD_MOST];
    rtp_packet packet = {.payload_type = port->agreement.payload_type};
    if (port->tap && !(samples == NULL && port->partner))
        tap_play(port->tap, samples);
    bool is_wide = payload_is_wide(port->agreement.codec);
    size_t written = is_wide ? write_wide(port, samples, octets + RTP_HEADER)
                             : write_g711(port, samples, octets + RTP_HEADER);
    if (written == 0)
        return;
    sender_stamp(&port->sender, tick, &packet);
    port_write_header(port, &packet, octets);
    port_send(port, octets, RTP_HEADER + written);
}

static void send_event(port *port, const player_step *step, uint64_t tick)
{
    enum { END_COPIES = 3 }; /* RFC 4733 §2.5.1.4 */
    if (port->agreement.telephone_event < 0)
        return;
    bool is_end = step->ticks == DIGIT_TONE_TICKS;
    uint8_t octets[RTP_HEADER + TELEPHONE_EVENT_PAYLOAD];
    rtp_packet packet = {.payload_type = (uint8_t)port->agreement.telephone_event};
    for (int copy = 0; copy < (is_end ? END_COPIES : 1); copy++) {
        sender_stamp_event(&port->sender, tick, step->ticks == 1, &packet);
        port_write_header(port, &packet, octets);
        telephone_event_write(octets + RTP_HEADER, step->code, is_end, (uint16_t)(step->ticks * RTP_FRAME_SAMPLES));
        telephone_event_stretch(octets + RTP_HEADER, payload_clock(port->agreement.event), 1);
        port_send(port, octets, sizeof octets);
    }
}

void port_tell_done(port *port, event_ring *events)
{
    player_tell_done(&port->player, port->id, events);
}

/* A partner that rests has told the peer so, where the peer agreed to be told. */
static bool is_fed(const port *port, uint64_t tick)
{
    const rtp_sender *sender = &port->sender;
    bool is_told = sender->carries && port->partner->rests && port->agreement.comfort_noise >= 0;
    return is_told || sender_is_fed(sender, tick);
}

/* What stands for a partner that rests, or silence. */
static void fill(port *port, uint64_t tick)
{
    uint8_t samples[2 * RTP_FRAME_SAMPLES];
    bool is_noise = port->partner && port->partner->rests;
    if (is_noise)
        comfort_noise_write(&port->partner->noise, samples, RTP_FRAME_SAMPLES);
    send_audio(port, is_noise ? samples : NULL, tick);
}

static void play(port *port, const moment *moment)
{
    player_step step;
    player_advance(&port->player, &step);
    port_tell_done(port, moment->events);
    if (!port->agreement.may_send)
        return;
    switch (step.kind) {
    case STEP_AUDIO:
        send_audio(port, step.samples, moment->tick);
        break;
    case STEP_EVENT:
        send_event(port, &step, moment->tick);
        break;
    case STEP_SILENCE:
        send_audio(port, NULL, moment->tick);
        break;
    case STEP_NOTHING:
        if (port->member) {
            send_audio(port, port->member->told, moment->tick);
            break;
        }
        /* Silence is sent, too, so that the peer hears a line that is up and a NAT's door stays open; to the partner
         * of one who holds the call and sends nothing as well. */
        if (!port->partner || !is_fed(port, moment->tick))
            fill(port, moment->tick);
        break;
    }
}

static void notice_silence(port *port, const moment *moment)
{
    uint64_t silent_us = elapsed_us(moment->now_us, port->heard_us);
    if (port->silence_told || !port->agreement.may_receive || silent_us < moment->silence_us)
        return;
    port->silence_told = true;
    event told = {.kind = EVENT_SILENCED, .port = port->id};
    told.silence = (double)moment->silence_us / 1e6;
    event_ring_push(moment->events, &told);
}

void port_tick(port *port, const moment *moment)
{
    key_press pressed;
    if (key_listener_expire(&port->keys, moment->now_us, &pressed))
        tell_digits(port, &pressed, 1, moment->events);
    dtmf_key key;
    if (dtmf_expire(&port->tones, moment->now_us, &key))
        tell_tone(port, &key, moment->events);
    if (port->agreement.agreed) {
        notice_silence(port, moment);
        play(port, moment);
    }
    if (port->tap && tap_tick(port->tap)) {
        event told = {.kind = EVENT_TAPPED, .port = port->id};
        event_ring_push(moment->events, &told);
    }
}

uint64_t port_lost(const port *port)
{
    return port->lost_before + rtp_source_lost(&port->source);
}

void port_close(port *port)
{
    close(port->rtp_socket);
    close(port->rtcp_socket);
    srtp_release(&port->srtp);
    codecs_close(&port->codecs);
    tap_close(port->tap);
}
