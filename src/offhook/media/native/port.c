#include "port.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elapsed.h"
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
    port_expire_keys(port, moment);
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
