/* Whose packets a port takes, and where it answers (symmetric RTP, RFC 4961).
 *
 * SDP announces an address. Packets from there settle the matter at once. A source elsewhere (a peer behind NAT) is
 * taken after a short run of consecutive packets, as long as nothing came from the announced address; that address
 * may still claim the port back once. Everybody else is a stranger. */
#ifndef OFFHOOK_LATCH_H
#define OFFHOOK_LATCH_H

#include "address.h"
#include "rtp.h"

enum { LATCH_PROBATION = 3 }; /* consecutive packets before a source that SDP did not announce is believed */

typedef enum { LATCH_OPEN, LATCH_ELSEWHERE, LATCH_SETTLED } latch_state;

typedef struct {
    latch_state state;
    address announced;
    address remote; /* where to send: announced until another source is believed */
    address candidate;
    uint32_t candidate_ssrc;
    uint16_t candidate_sequence;
    uint8_t candidate_run;
} latch;

typedef enum { LATCH_STRANGER, LATCH_KNOWN, LATCH_MOVED } latch_verdict;

/* A new agreement: nothing changes when the announced address is the one already known. */
void latch_announce(latch *latch, const address *announced);

/* Judges one valid packet; LATCH_MOVED means that the remote address has just been settled, perhaps elsewhere. */
latch_verdict latch_judge(latch *latch, const address *source, const rtp_packet *packet);

#endif
