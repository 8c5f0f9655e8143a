/* Whose packets a port takes, and where it answers (symmetric RTP, RFC 4961).
 *
 * SDP announces an address. Packets from there settle the matter at once. A source elsewhere (a peer behind NAT) is
 * taken after a short run of consecutive packets, as long as nothing came from the announced address; that address
 * may still claim the port back once. Everybody else is a stranger, with two exceptions, each after a run of its own:
 * another port of the announced host takes the port back from another host, which may have been an attacker that was
 * quicker; and a source whose NAT gives it another port is followed, when host and SSRC stay the same. Runs of hosts
 * that have such a claim are counted apart, so that nobody else can break them. */
#ifndef OFFHOOK_LATCH_H
#define OFFHOOK_LATCH_H

#include "address.h"
#include "rtp.h"

enum {
    LATCH_PROBATION = 3, /* consecutive packets before a source that SDP did not announce is believed */
    LATCH_MOVES = 4,     /* so often it may move as it likes; afterwards once every LATCH_MOVE_US */
    LATCH_MOVE_US = 10000000,
};

typedef enum { LATCH_OPEN, LATCH_ELSEWHERE, LATCH_SETTLED } latch_state;

typedef struct {
    address source;
    uint32_t ssrc;
    uint16_t sequence;
    uint8_t length;
} latch_run;

typedef struct {
    latch_state state;
    address announced;
    address remote; /* where to send: announced until another source is believed */
    uint32_t ssrc;  /* of who is believed elsewhere */
    latch_run candidate, claimant;
    uint8_t moves; /* up to LATCH_MOVES */
    uint64_t moved_us;
} latch;

typedef enum { LATCH_STRANGER, LATCH_KNOWN, LATCH_MOVED } latch_verdict;

/* A new agreement: nothing changes when the announced address is the one already known. */
void latch_announce(latch *latch, const address *announced);

/* Judges one valid packet; LATCH_MOVED means that the remote address has just been settled, perhaps elsewhere. */
latch_verdict latch_judge(latch *latch, const address *source, const rtp_packet *packet, uint64_t now_us);

#endif
