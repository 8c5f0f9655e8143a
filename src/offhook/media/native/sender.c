#include "sender.h"

void sender_begin(rtp_sender *sender, uint64_t random, uint32_t ssrc)
{
    *sender = (rtp_sender){.ssrc = ssrc, .sequence = (uint16_t)(random >> 32), .timestamp = (uint32_t)random};
}

void sender_rename(rtp_sender *sender, uint32_t ssrc)
{
    sender->ssrc = ssrc;
    sender->packets = sender->octets = 0;
    sender->begun = sender->carries = false;
}

/* What a frame sampled in this tick would bear: later than everything sent before it. */
static uint32_t present(const rtp_sender *sender, uint64_t tick)
{
    uint64_t passed = tick > sender->tick ? tick - sender->tick : 1;
    return sender->timestamp + (uint32_t)passed * RTP_FRAME_SAMPLES;
}

void sender_stamp(rtp_sender *sender, uint64_t tick, rtp_packet *packet)
{
    /* The marker opens a talkspurt: the first packet, a change of source, or the end of a gap. */
    packet->marker = !sender->begun || sender->carries || tick > sender->tick + 1;
    packet->ssrc = sender->ssrc;
    packet->sequence = ++sender->sequence;
    packet->timestamp = sender->timestamp = present(sender, tick);
    sender->tick = tick;
    sender->begun = true;
    sender->carries = false;
}

void sender_stamp_event(rtp_sender *sender, uint64_t tick, bool is_first, rtp_packet *packet)
{
    if (is_first)
        sender_stamp(sender, tick, packet);
    else
        packet->sequence = ++sender->sequence;
    packet->marker = is_first;
    packet->ssrc = sender->ssrc;
    packet->timestamp = sender->timestamp;
}

/* A source that starts its numbers anew is continued without a leap: under SRTP a number of before is never sent again,
 * so one that fell back would be silent until it had caught up. */
static bool follows_in_number(const rtp_sender *sender, uint16_t sequence)
{
    enum { MOST_AHEAD = 3000, MOST_BEHIND = 100 }; /* RFC 3550 A.1: MAX_DROPOUT, MAX_MISORDER */
    int16_t ahead = (int16_t)(sequence + sender->sequence_offset - sender->sequence);
    return ahead >= -MOST_BEHIND && ahead <= MOST_AHEAD;
}

/* Nor is a leap in time handed on that neither a key held long, which keeps its timestamp, nor a pause can explain. */
static bool follows_in_time(const rtp_sender *sender, uint64_t tick, uint32_t timestamp)
{
    enum { LONGEST_LEAP = 10 * RTP_CLOCK_RATE };
    int64_t passed = tick > sender->tick ? (int64_t)(tick - sender->tick) * RTP_FRAME_SAMPLES : 0;
    int32_t ahead = (int32_t)(timestamp + sender->timestamp_offset - sender->timestamp);
    return ahead >= -LONGEST_LEAP && ahead <= passed + LONGEST_LEAP;
}

bool sender_is_fed(const rtp_sender *sender, uint64_t tick)
{
    enum { LONGEST_GAP = 10 }; /* 200 ms: longer than any loss or jitter that is worth preserving */
    return sender->carries && tick < sender->carried_tick + LONGEST_GAP;
}

void sender_carry(rtp_sender *sender, uint64_t tick, uint64_t from_port, rtp_packet *packet)
{
    if (!sender->carries || sender->carried_port != from_port || sender->carried_ssrc != packet->ssrc ||
        !follows_in_number(sender, packet->sequence) || !follows_in_time(sender, tick, packet->timestamp)) {
        sender->sequence_offset = (uint16_t)(sender->sequence + 1 - packet->sequence);
        sender->timestamp_offset = present(sender, tick) - packet->timestamp;
        sender->carries = true;
        sender->carried_port = from_port;
        sender->carried_ssrc = packet->ssrc;
        packet->marker = true;
    }
    sender->carried_tick = tick;
    packet->ssrc = sender->ssrc;
    packet->sequence = (uint16_t)(packet->sequence + sender->sequence_offset);
    packet->timestamp += sender->timestamp_offset;
    if ((int16_t)(packet->sequence - sender->sequence) > 0)
        sender->sequence = packet->sequence;
    if ((int32_t)(packet->timestamp - sender->timestamp) > 0) {
        sender->timestamp = packet->timestamp;
        sender->tick = tick;
    }
    sender->begun = true;
}

void sender_carry_on(rtp_sender *sender, uint32_t samples, rtp_packet *packet)
{
    packet->marker = false;
    packet->sequence = ++sender->sequence;
    packet->timestamp += samples;
    sender->sequence_offset++;
    if ((int32_t)(packet->timestamp - sender->timestamp) > 0)
        sender->timestamp = packet->timestamp;
}
