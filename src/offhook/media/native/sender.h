/* One outgoing RTP stream: its sequence numbers and timestamps run on whatever its packets come from. */
#ifndef OFFHOOK_SENDER_H
#define OFFHOOK_SENDER_H

#include "rtp.h"

typedef struct {
    uint32_t ssrc;
    uint16_t sequence;  /* the newest sent */
    uint32_t timestamp; /* the newest sent ... */
    uint64_t tick;      /* ... and the tick it belongs to */
    bool begun;
    bool carries; /* the newest packets are relayed, with these offsets, from: */
    uint64_t carried_port;
    uint32_t carried_ssrc;
    uint64_t carried_tick; /* when the newest of them came */
    uint16_t sequence_offset;
    uint32_t timestamp_offset;
    uint32_t packets;
    uint32_t octets; /* of payload, as RTCP counts them */
} rtp_sender;

/* Random beginnings, as RFC 3550 §5.1 asks. */
void sender_begin(rtp_sender *sender, uint64_t random, uint32_t ssrc);

/* Goes on as another source. */
void sender_rename(rtp_sender *sender, uint32_t ssrc);

/* Numbers a frame of our own for this tick. */
void sender_stamp(rtp_sender *sender, uint64_t tick, rtp_packet *packet);

/* Numbers one packet of a telephone-event; all packets of an event bear the timestamp of the first. */
void sender_stamp_event(rtp_sender *sender, uint64_t tick, bool is_first, rtp_packet *packet);

/* Whether relayed packets have kept coming, up to this tick. */
bool sender_is_fed(const rtp_sender *sender, uint64_t tick);

/* Numbers one more packet of what has just been carried, so many samples later. */
void sender_carry_on(rtp_sender *sender, uint32_t samples, rtp_packet *packet);

/* Renumbers a relayed packet so that it continues what went before; losses stay visible as gaps. */
void sender_carry(rtp_sender *sender, uint64_t tick, uint64_t from_port, rtp_packet *packet);

#endif
