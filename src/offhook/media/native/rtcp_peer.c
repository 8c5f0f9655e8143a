#include "rtcp_peer.h"

#include "elapsed.h"
#include "rtp.h"

enum { SENDER_REPORT = 200, RECEIVER_REPORT = 201, LAST_TYPE = 223, FIRST_TYPE = 192 };
enum { HEADER = 4, SSRC = 4, SENDER_INFO = 20, BLOCK = 24 }; /* octets */

void rtcp_peer_sent(rtcp_peer *peer, uint64_t ntp, uint64_t now_us)
{
    peer->newest = (peer->newest + 1) % RTCP_REMEMBERED;
    peer->sent[peer->newest] = (sent_report){.middle = (uint32_t)(ntp >> 16), .at_us = now_us};
}

static const sent_report *find_sent(const rtcp_peer *peer, uint32_t middle)
{
    for (size_t at = 0; middle && at < RTCP_REMEMBERED; at++)
        if (peer->sent[at].middle == middle)
            return &peer->sent[at];
    return NULL;
}

/* Reckoned from when a report really left, and of such reports alone: a made-up LSR gives no time. */
static void time_round_trip(rtcp_peer *peer, uint32_t last, uint32_t delay, uint64_t now_us)
{
    const sent_report *answered = find_sent(peer, last);
    if (!answered)
        return;
    uint64_t away_us = elapsed_us(now_us, answered->at_us);
    uint64_t kept_us = (uint64_t)delay * 1000000 >> 16;
    if (kept_us > away_us + 1000) /* a delay longer than all the time there was */
        return;
    peer->round_trip_us = elapsed_us(away_us, kept_us);
    peer->is_timed = true;
}

static int32_t load_signed24(const uint8_t *from)
{
    uint32_t value = rtp_load32(from) & 0xffffff;
    return value & 0x800000 ? (int32_t)value - 0x1000000 : (int32_t)value;
}

static void take_block(rtcp_peer *peer, const uint8_t *block, uint64_t now_us)
{
    peer->has_reported = true;
    peer->fraction = block[4];
    peer->lost = load_signed24(block + 4);
    peer->jitter = rtp_load32(block + 12);
    time_round_trip(peer, rtp_load32(block + 16), rtp_load32(block + 20), now_us);
}

/* One SR or RR; false when its blocks do not fit into it. */
static bool take_report(rtcp_peer *peer, const uint8_t *packet, size_t length, uint32_t ssrc, uint64_t now_us)
{
    bool is_sender = packet[1] == SENDER_REPORT;
    size_t count = packet[0] & 0x1f;
    size_t at = HEADER + SSRC + (is_sender ? SENDER_INFO : 0);
    if (length < at + count * BLOCK)
        return false;
    if (is_sender) {
        peer->sender_middle = rtp_load32(packet + HEADER + SSRC + 2);
        peer->sender_at_us = now_us;
    }
    for (; count > 0; count--, at += BLOCK)
        if (rtp_load32(packet + at) == ssrc)
            take_block(peer, packet + at, now_us);
    peer->reports++;
    return true;
}

void rtcp_peer_receive(rtcp_peer *peer, const uint8_t *octets, size_t length, uint32_t ssrc, uint64_t now_us)
{
    while (length > 0) {
        size_t own = length < HEADER ? 0 : HEADER + 4u * rtp_load16(octets + 2);
        bool fits = own > 0 && own <= length && octets[0] >> 6 == 2;
        bool is_report = fits && (octets[1] == SENDER_REPORT || octets[1] == RECEIVER_REPORT);
        if (!fits || (is_report && !take_report(peer, octets, own, ssrc, now_us))) {
            peer->malformed++;
            return;
        }
        octets += own;
        length -= own;
    }
}

uint32_t rtcp_peer_last(const rtcp_peer *peer)
{
    return peer->sender_middle;
}

uint32_t rtcp_peer_delay(const rtcp_peer *peer, uint64_t now_us)
{
    if (!peer->sender_middle)
        return 0;
    uint64_t delay = (elapsed_us(now_us, peer->sender_at_us) << 16) / 1000000;
    return delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
}

bool rtcp_is(const uint8_t *octets, size_t length)
{
    return length >= HEADER + SSRC && octets[1] >= FIRST_TYPE && octets[1] <= LAST_TYPE;
}
