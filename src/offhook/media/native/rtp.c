#include "rtp.h"

enum { MAX_DROPOUT = 3000, MAX_MISORDER = 100, SEQUENCE_MODULUS = 1 << 16 }; /* RFC 3550 A.1 */

uint16_t rtp_load16(const uint8_t *from)
{
    return (uint16_t)((uint16_t)from[0] << 8 | from[1]);
}

uint32_t rtp_load32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

void rtp_store16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

void rtp_store32(uint8_t *to, uint32_t value)
{
    rtp_store16(to, (uint16_t)(value >> 16));
    rtp_store16(to + 2, (uint16_t)value);
}

bool rtp_parse(uint8_t *octets, size_t length, rtp_packet *packet)
{
    if (length < RTP_HEADER || octets[0] >> 6 != 2)
        return false;
    size_t begin = RTP_HEADER + 4u * (octets[0] & 0x0f);
    if (octets[0] & 0x10) {
        if (length < begin + 4)
            return false;
        begin += 4 + 4u * rtp_load16(octets + begin + 2);
    }
    if (length < begin)
        return false;
    size_t end = length;
    if (octets[0] & 0x20) {
        size_t padding = octets[length - 1];
        if (padding == 0 || padding > length - begin)
            return false;
        end -= padding;
    }
    packet->marker = octets[1] >> 7;
    packet->payload_type = octets[1] & 0x7f;
    packet->sequence = rtp_load16(octets + 2);
    packet->timestamp = rtp_load32(octets + 4);
    packet->ssrc = rtp_load32(octets + 8);
    packet->payload = octets + begin;
    packet->payload_length = end - begin;
    return true;
}

void rtp_write_header(uint8_t *to, const rtp_packet *packet)
{
    to[0] = 0x80;
    to[1] = (uint8_t)((packet->marker ? 0x80 : 0) | packet->payload_type);
    rtp_store16(to + 2, packet->sequence);
    rtp_store32(to + 4, packet->timestamp);
    rtp_store32(to + 8, packet->ssrc);
}

static void begin(rtp_source *source, const rtp_packet *packet)
{
    *source = (rtp_source){
        .begun = true,
        .ssrc = packet->ssrc,
        .base_sequence = packet->sequence,
        .max_sequence = packet->sequence,
        .bad_sequence = SEQUENCE_MODULUS + 1,
        .received = 1,
    };
}

bool rtp_source_receive(rtp_source *source, const rtp_packet *packet)
{
    if (!source->begun || source->ssrc != packet->ssrc) {
        begin(source, packet);
        return true;
    }
    uint16_t ahead = (uint16_t)(packet->sequence - source->max_sequence);
    if (ahead < MAX_DROPOUT) {
        if (packet->sequence < source->max_sequence)
            source->cycles += SEQUENCE_MODULUS;
        source->max_sequence = packet->sequence;
    } else if (ahead <= SEQUENCE_MODULUS - MAX_MISORDER) {
        /* Two in a row after a great leap: the sender has restarted without saying so. */
        if (packet->sequence != source->bad_sequence) {
            source->bad_sequence = (packet->sequence + 1u) & (SEQUENCE_MODULUS - 1);
            return false;
        }
        begin(source, packet);
        return true;
    }
    source->received++;
    return true;
}

void rtp_source_measure(rtp_source *source, uint32_t timestamp, uint64_t now_us)
{
    uint32_t arrival = (uint32_t)(now_us * (RTP_CLOCK_RATE / 1000) / 1000);
    uint32_t transit = arrival - timestamp;
    if (source->timed) {
        int32_t difference = (int32_t)(transit - source->transit);
        double distance = difference < 0 ? -(double)difference : (double)difference;
        if (distance <= RTP_CLOCK_RATE)
            source->jitter += (distance - source->jitter) / 16.0;
    }
    source->timed = true;
    source->transit = transit;
}

uint32_t rtp_source_extended_max(const rtp_source *source)
{
    return source->cycles + source->max_sequence;
}

uint32_t rtp_source_expected(const rtp_source *source)
{
    return source->begun ? rtp_source_extended_max(source) - source->base_sequence + 1 : 0;
}

uint32_t rtp_source_lost(const rtp_source *source)
{
    uint32_t expected = rtp_source_expected(source);
    return expected > source->received ? expected - source->received : 0;
}

uint32_t rtp_clock_read(rtp_clock *clock, uint32_t rate, uint32_t timestamp)
{
    if (rate == 1)
        return timestamp;
    /* One turn ahead, so that one who begins by going back does not fall below nothing. */
    clock->extended += clock->begun ? (uint64_t)(int64_t)(int32_t)(timestamp - clock->newest) : timestamp + (1ull << 32);
    clock->begun = true;
    clock->newest = timestamp;
    return (uint32_t)(clock->extended / rate);
}
