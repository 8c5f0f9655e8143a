/* RTP as bytes and numbers (RFC 3550 §5.1, A.1, A.3, A.8): parsing, writing, and what a receiver counts. */
#ifndef OFFHOOK_RTP_H
#define OFFHOOK_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTP_HEADER = 12,         /* octets of a header without CSRCs and extension */
    RTP_CLOCK_RATE = 8000,   /* of the timestamps in here; those of Opus are turned into it at the socket and back */
    RTP_FRAME_SAMPLES = 160, /* one 20 ms tick */
};

/* A packet seen in place: payload points into the buffer that was parsed. */
typedef struct {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t *payload;
    size_t payload_length;
} rtp_packet;

/* A peer's clock that runs a whole number of times as fast as ours: where it turns over, ours goes on. */
typedef struct {
    bool begun;
    uint32_t newest;
    uint64_t extended;
} rtp_clock;

/* What a receiver knows of one SSRC (RFC 3550 A.1). */
typedef struct {
    bool begun;
    uint32_t ssrc;
    uint16_t base_sequence;
    uint16_t max_sequence;
    uint32_t cycles;
    uint32_t bad_sequence;
    uint32_t received;
    uint32_t expected_prior;
    uint32_t received_prior;
    bool timed;
    uint32_t transit;
    double jitter; /* timestamp units */
} rtp_source;

uint16_t rtp_load16(const uint8_t *from);
uint32_t rtp_load32(const uint8_t *from);
void rtp_store16(uint8_t *to, uint16_t value);
void rtp_store32(uint8_t *to, uint32_t value);

/* Reads a packet; false when its version, CSRC list, extension or padding does not fit its length. */
bool rtp_parse(uint8_t *octets, size_t length, rtp_packet *packet);

/* Writes a twelve-octet header without CSRCs, extension or padding. */
void rtp_write_header(uint8_t *to, const rtp_packet *packet);

/* A timestamp of a clock `rate` times as fast, in ours. */
uint32_t rtp_clock_read(rtp_clock *clock, uint32_t rate, uint32_t timestamp);

/* Counts an arrival; false when the sequence number is so far off that the packet is put on probation (A.1). */
bool rtp_source_receive(rtp_source *source, const rtp_packet *packet);

/* Measures interarrival jitter (A.8); for packets whose timestamp is their sampling instant. A leap of more than a
 * second is a clock that was set anew, and no jitter. */
void rtp_source_measure(rtp_source *source, uint32_t timestamp, uint64_t now_us);

uint32_t rtp_source_extended_max(const rtp_source *source);
uint32_t rtp_source_expected(const rtp_source *source);

/* Packets that never came (A.3), never less than none. */
uint32_t rtp_source_lost(const rtp_source *source);

#endif
