#include "latch.h"

#include <string.h>

#include "elapsed.h"

void latch_announce(latch *latch, const address *announced)
{
    if (address_equal(&latch->announced, announced))
        return;
    memset(latch, 0, sizeof *latch);
    latch->announced = *announced;
    latch->remote = *announced;
}

static bool passes_probation(latch_run *run, const address *source, const rtp_packet *packet)
{
    bool follows = address_equal(&run->source, source) && run->ssrc == packet->ssrc &&
                   (uint16_t)(run->sequence + 1) == packet->sequence;
    run->source = *source;
    run->ssrc = packet->ssrc;
    run->sequence = packet->sequence;
    run->length = follows ? (uint8_t)(run->length + 1) : 1;
    return run->length >= LATCH_PROBATION;
}

/* A NAT gives another port now and then. Each move is told, and written down: not as often as a peer may think of. */
static bool may_move(const latch *latch, uint64_t now_us)
{
    return latch->moves < LATCH_MOVES || elapsed_us(now_us, latch->moved_us) >= LATCH_MOVE_US;
}

/* Whose packets are counted where; NULL for whom nothing can make believed. */
static latch_run *run_of(latch *latch, const address *source, const rtp_packet *packet, uint64_t now_us)
{
    bool is_announced_host = address_same_host(&latch->announced, source);
    switch (latch->state) {
    case LATCH_OPEN:
        return is_announced_host ? &latch->claimant : &latch->candidate;
    case LATCH_ELSEWHERE:
        if (is_announced_host && !address_same_host(&latch->announced, &latch->remote))
            return &latch->claimant;
        if (address_same_host(&latch->remote, source) && latch->ssrc == packet->ssrc && may_move(latch, now_us))
            return &latch->candidate;
        return NULL;
    case LATCH_SETTLED:
        break;
    }
    return NULL;
}

latch_verdict latch_judge(latch *latch, const address *source, const rtp_packet *packet, uint64_t now_us)
{
    if (latch->state != LATCH_OPEN && address_equal(&latch->remote, source))
        return LATCH_KNOWN;
    if (latch->state != LATCH_SETTLED && address_equal(&latch->announced, source)) {
        latch->state = LATCH_SETTLED;
        latch->remote = *source;
        return LATCH_MOVED;
    }
    latch_run *run = run_of(latch, source, packet, now_us);
    if (run && passes_probation(run, source, packet)) {
        latch->state = LATCH_ELSEWHERE;
        latch->remote = *source;
        latch->ssrc = packet->ssrc;
        latch->moves += latch->moves < LATCH_MOVES;
        latch->moved_us = now_us;
        return LATCH_MOVED;
    }
    return LATCH_STRANGER;
}
