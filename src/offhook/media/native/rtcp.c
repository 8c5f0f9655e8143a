#include "rtcp.h"

#include <stdalign.h>
#include <string.h>
#include <time.h>

enum { SENDER_REPORT = 200, RECEIVER_REPORT = 201, SOURCE_DESCRIPTION = 202, GOODBYE = 203, CNAME = 1 };

static uint64_t ntp_now(void)
{
    enum { SECONDS_1900_TO_1970 = 2208988800u };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + SECONDS_1900_TO_1970) << 32 | ((uint64_t)now.tv_nsec << 32) / 1000000000u;
}

/* Fills the common header once the end is known; the length counts 32-bit words, less one. */
static void close_packet(uint8_t *begin, const uint8_t *end, uint8_t count, uint8_t type)
{
    begin[0] = (uint8_t)(0x80 | count);
    begin[1] = type;
    rtp_store16(begin + 2, (uint16_t)((end - begin) / 4 - 1));
}

static uint8_t *write_block(uint8_t *at, port *port, uint64_t now_us)
{
    rtp_source *source = &port->source;
    const rtcp_peer *peer = &port->reports;
    uint32_t expected = rtp_source_expected(source);
    uint32_t interval = expected - source->expected_prior;
    uint32_t received = source->received - source->received_prior;
    uint32_t fraction = interval > received ? (uint32_t)(((uint64_t)(interval - received) << 8) / interval) : 0;
    uint32_t lost = rtp_source_lost(source);
    source->expected_prior = expected;
    source->received_prior = source->received;
    rtp_store32(at, source->ssrc);
    rtp_store32(at + 4, (fraction > 0xff ? 0xff : fraction) << 24 | (lost > 0x7fffff ? 0x7fffff : lost));
    rtp_store32(at + 8, rtp_source_extended_max(source));
    rtp_store32(at + 12, (uint32_t)source->jitter * port->clock_rate);
    rtp_store32(at + 16, rtcp_peer_last(peer));
    rtp_store32(at + 20, rtcp_peer_delay(peer, now_us));
    return at + 24;
}

static uint8_t *write_report(uint8_t *at, port *port, const report_moment *moment)
{
    uint8_t *begin = at;
    bool has_sent = port->sender.packets > 0;
    rtp_store32(at + 4, port->sender.ssrc);
    at += 8;
    if (has_sent) {
        rtp_store32(at, (uint32_t)(moment->ntp >> 32));
        rtp_store32(at + 4, (uint32_t)moment->ntp);
        rtp_store32(at + 8, moment->timestamp);
        rtp_store32(at + 12, port->sender.packets);
        rtp_store32(at + 16, port->sender.octets);
        at += 20;
    }
    bool has_received = port->source.begun;
    if (has_received)
        at = write_block(at, port, moment->now_us);
    close_packet(begin, at, has_received, has_sent ? SENDER_REPORT : RECEIVER_REPORT);
    return at;
}

static uint8_t *write_description(uint8_t *at, const port *port)
{
    uint8_t *begin = at;
    size_t length = strlen(port->cname);
    rtp_store32(at + 4, port->sender.ssrc);
    at[8] = CNAME;
    at[9] = (uint8_t)length;
    memcpy(at + 10, port->cname, length);
    at += 10 + length;
    do /* at least one zero ends the list, and the chunk ends on a word */
        *at++ = 0;
    while ((at - begin) % 4);
    close_packet(begin, at, 1, SOURCE_DESCRIPTION);
    return at;
}

size_t rtcp_write(uint8_t *to, port *port, const report_moment *moment, bool is_leaving)
{
    uint8_t *at = write_description(write_report(to, port, moment), port);
    if (is_leaving) {
        rtp_store32(at + 4, port->sender.ssrc);
        close_packet(at, at + 8, 1, GOODBYE);
        at += 8;
    }
    return (size_t)(at - to);
}

static void send_report(port *port, uint64_t tick, uint64_t now_us, bool is_leaving)
{
    if (!port->agreement.agreed || port->latch.remote.length == 0)
        return;
    alignas(uint64_t) uint8_t octets[RTCP_LIMIT + SRTP_TRAILER];
    uint64_t since = tick - port->sender.tick;
    report_moment at = {.ntp = ntp_now(), .now_us = now_us};
    at.timestamp = port->sender.timestamp + (uint32_t)since * RTP_FRAME_SAMPLES;
    at.timestamp *= payload_clock(port->agreement.codec);
    size_t length = rtcp_write(octets, port, &at, is_leaving);
    if (octets[1] == SENDER_REPORT)
        rtcp_peer_sent(&port->reports, at.ntp, at.now_us);
    if (port->srtp.sending && !srtp_seal(&port->srtp, octets, &length, true))
        return;
    address to = port->latch.remote;
    /* A peer that latching found elsewhere is behind NAT: its RTCP is best guessed beside its RTP. */
    bool is_announced = address_equal(&to, &port->latch.announced);
    uint16_t number = is_announced ? port->agreement.rtcp_port : (uint16_t)(address_port(&to) + 1);
    if (number == 0)
        return;
    address_set_port(&to, number);
    (void)!sendto(port->rtcp_socket, octets, length, 0, &to.any, to.length);
}

void rtcp_tick(port *port, const moment *moment)
{
    if (moment->tick < port->report_tick)
        return;
    /* RFC 3550 §6.3.1: between half and one and a half of the interval, so that ports do not fall into step. */
    uint64_t chance = (port->sender.ssrc ^ moment->tick) * 0x9e3779b97f4a7c15 >> 32;
    port->report_tick = moment->tick + moment->report_ticks / 2 + chance % (moment->report_ticks + 1);
    send_report(port, moment->tick, moment->now_us, false);
}

void rtcp_leave(port *port, uint64_t tick, uint64_t now_us)
{
    send_report(port, tick, now_us, true);
}
