/* What the peer's RTCP says (RFC 3550 §6.4): how it hears us, how long the way is, and when it sent its last report. */
#ifndef OFFHOOK_RTCP_PEER_H
#define OFFHOOK_RTCP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTCP_REMEMBERED = 4 /* reports of ours that an answer may still refer to */ };

typedef struct {
    uint32_t middle; /* the middle 32 bits of its NTP timestamp; 0: none */
    uint64_t at_us;
} sent_report;

typedef struct {
    bool has_reported; /* a report block about us has come; what the newest one says: */
    uint8_t fraction;  /* of 256, lost since the one before */
    int32_t lost;
    uint32_t jitter;   /* timestamp units */
    bool is_timed;     /* there and back again, in microseconds: */
    uint64_t round_trip_us;
    uint32_t sender_middle; /* of the peer's newest SR; 0: none */
    uint64_t sender_at_us;  /* when it came */
    sent_report sent[RTCP_REMEMBERED];
    size_t newest;
    uint64_t reports, malformed;
} rtcp_peer;

/* Remembers when a report of ours left. */
void rtcp_peer_sent(rtcp_peer *peer, uint64_t ntp, uint64_t now_us);

/* Takes a compound packet; `ssrc` is ours. What does not read is counted, and nothing after it is believed. */
void rtcp_peer_receive(rtcp_peer *peer, const uint8_t *octets, size_t length, uint32_t ssrc, uint64_t now_us);

/* The LSR and DLSR of a report block about the peer. */
uint32_t rtcp_peer_last(const rtcp_peer *peer);
uint32_t rtcp_peer_delay(const rtcp_peer *peer, uint64_t now_us);

/* Whether a datagram on the RTP socket is RTCP by its second octet (RFC 5761 §4). */
bool rtcp_is(const uint8_t *octets, size_t length);

#endif
