#include "latch.h"

#include <string.h>

void latch_announce(latch *latch, const address *announced)
{
    if (address_equal(&latch->announced, announced))
        return;
    memset(latch, 0, sizeof *latch);
    latch->announced = *announced;
    latch->remote = *announced;
}

static bool passes_probation(latch *latch, const address *source, const rtp_packet *packet)
{
    bool follows = address_equal(&latch->candidate, source) && latch->candidate_ssrc == packet->ssrc &&
                   (uint16_t)(latch->candidate_sequence + 1) == packet->sequence;
    latch->candidate = *source;
    latch->candidate_ssrc = packet->ssrc;
    latch->candidate_sequence = packet->sequence;
    latch->candidate_run = follows ? (uint8_t)(latch->candidate_run + 1) : 1;
    return latch->candidate_run >= LATCH_PROBATION;
}

latch_verdict latch_judge(latch *latch, const address *source, const rtp_packet *packet)
{
    if (latch->state != LATCH_OPEN && address_equal(&latch->remote, source))
        return LATCH_KNOWN;
    if (latch->state != LATCH_SETTLED && address_equal(&latch->announced, source)) {
        latch->state = LATCH_SETTLED;
        latch->remote = *source;
        return LATCH_MOVED;
    }
    if (latch->state == LATCH_OPEN && passes_probation(latch, source, packet)) {
        latch->state = LATCH_ELSEWHERE;
        latch->remote = *source;
        return LATCH_MOVED;
    }
    return LATCH_STRANGER;
}
