#include "srtp.h"

#include <arpa/inet.h>
#include <stdalign.h>
#include <string.h>

#include "rtp.h"

enum { REPLAY_FAIL = 9, REPLAY_OLD = 10 }; /* srtp_err_status_replay_fail and _replay_old of libsrtp 2 */

static srtp_library library;

void srtp_use(const srtp_library *used)
{
    library = *used;
}

static void let_go(void *session)
{
    if (session)
        library.dealloc(session);
}

static void forget_before(srtp_contexts *contexts)
{
    let_go(contexts->before.session);
    contexts->before = (srtp_receiver){0};
}

void srtp_agree(srtp_contexts *contexts, void *sending, void *receiving)
{
    if (contexts->sending != sending) {
        let_go(contexts->sending);
        contexts->sending = sending;
    }
    if (contexts->receiving.session == receiving)
        return;
    if (receiving && contexts->receiving.count > 0) {
        forget_before(contexts);
        contexts->before = contexts->receiving; /* packets under the old key are still on their way */
    } else {
        let_go(contexts->receiving.session);
        if (!receiving)
            forget_before(contexts);
    }
    contexts->receiving = (srtp_receiver){.session = receiving};
}

void srtp_release(srtp_contexts *contexts)
{
    srtp_agree(contexts, NULL, NULL);
}

bool srtp_seal(srtp_contexts *contexts, uint8_t *packet, size_t *length, bool is_control)
{
    int sealed = (int)*length;
    int failure = is_control ? library.protect_rtcp(contexts->sending, packet, &sealed)
                             : library.protect(contexts->sending, packet, &sealed);
    *length = (size_t)sealed;
    return failure == 0;
}

static srtp_source *find_source(srtp_receiver *receiver, uint32_t ssrc)
{
    for (uint8_t at = 0; at < receiver->count; at++)
        if (receiver->sources[at].ssrc == ssrc)
            return &receiver->sources[at];
    return NULL;
}

/* Keeps libsrtp's list of sources short: it is walked for every packet, and each entry costs memory. */
static srtp_source *add_source(srtp_receiver *receiver, uint32_t ssrc)
{
    srtp_source *added = &receiver->sources[receiver->next];
    if (receiver->count == SRTP_SOURCES)
        library.remove_stream(receiver->session, htonl(added->ssrc));
    else
        receiver->count++;
    receiver->next = (uint8_t)((receiver->next + 1) % SRTP_SOURCES);
    *added = (srtp_source){.ssrc = ssrc};
    return added;
}

/* The index that RFC 3711 §3.3.1 guesses for a sequence number. */
static uint32_t guess_index(const srtp_source *source, uint16_t sequence)
{
    int64_t guess = (int64_t)source->index + (int16_t)(sequence - (uint16_t)source->index);
    return guess < 0 ? sequence : (uint32_t)guess;
}

static void note_opened(srtp_receiver *receiver, const uint8_t *packet, bool is_control)
{
    uint32_t ssrc = rtp_load32(packet + (is_control ? 4 : 8));
    srtp_source *source = find_source(receiver, ssrc);
    if (!source)
        source = add_source(receiver, ssrc);
    if (is_control)
        return;
    uint16_t sequence = rtp_load16(packet + 2);
    uint32_t index = source->begun ? guess_index(source, sequence) : sequence;
    if (!source->begun || index > source->index)
        source->index = index;
    source->begun = true;
}

static srtp_verdict try_session(srtp_receiver *receiver, uint8_t *packet, size_t *length, bool is_control)
{
    int opened = (int)*length;
    int failure = is_control ? library.unprotect_rtcp(receiver->session, packet, &opened)
                             : library.unprotect(receiver->session, packet, &opened);
    if (failure == REPLAY_FAIL || failure == REPLAY_OLD)
        return SRTP_REPLAYED;
    if (failure)
        return SRTP_UNAUTHENTICATED;
    *length = (size_t)opened;
    note_opened(receiver, packet, is_control);
    return SRTP_OPENED;
}

/* Leads libsrtp's counter for an SSRC under a new key to just before an index, by sealing packets that nobody gets. */
static void advance(srtp_receiver *receiver, uint32_t ssrc, uint32_t index)
{
    enum { STEP = 0x7fff, BEHIND = 0x4000 }; /* beyond half a turn a number counts as an old one */
    for (uint32_t at = 0; at + BEHIND < index; at += STEP) {
        uint32_t next = at + STEP + BEHIND < index ? at + STEP : index - BEHIND;
        alignas(uint64_t) uint8_t octets[RTP_HEADER + SRTP_TRAILER];
        int length = RTP_HEADER;
        rtp_packet packet = {.sequence = (uint16_t)next, .ssrc = ssrc};
        rtp_write_header(octets, &packet);
        if (library.protect(receiver->session, octets, &length) != 0)
            return;
    }
}

/* A peer that brings a new key begins its rollover counter at 0, as most do, or lets it run on (RFC 3711 §3.3.1; what
 * RFC 4568 §7.1.4 means is disputed): when the first packets are not authentic with 0, that of the old key is tried. */
static bool try_carried(srtp_contexts *contexts, uint8_t *packet, size_t *length)
{
    srtp_receiver *receiver = &contexts->receiving;
    uint32_t ssrc = rtp_load32(packet + 8);
    const srtp_source *source = find_source(&contexts->before, ssrc);
    if (!source || !source->begun || receiver->count > 0 || receiver->carries == SRTP_CARRIES)
        return false;
    uint32_t index = guess_index(source, rtp_load16(packet + 2));
    if (index >> 16 == 0 || index >> 16 > SRTP_CARRIED)
        return false;
    receiver->carries++;
    advance(receiver, ssrc, index);
    if (try_session(receiver, packet, length, false) == SRTP_OPENED) {
        find_source(receiver, ssrc)->index = index;
        return true;
    }
    library.remove_stream(receiver->session, htonl(ssrc)); /* and its counter is 0 again */
    return false;
}

srtp_verdict srtp_open(srtp_contexts *contexts, uint8_t *packet, size_t *length, bool is_control)
{
    if (*length < (is_control ? 8 : RTP_HEADER))
        return SRTP_UNAUTHENTICATED;
    srtp_verdict verdict = try_session(&contexts->receiving, packet, length, is_control);
    if (!contexts->before.session || verdict == SRTP_REPLAYED)
        return verdict;
    if (verdict != SRTP_OPENED) {
        verdict = try_session(&contexts->before, packet, length, is_control);
        if (verdict == SRTP_OPENED || is_control || !try_carried(contexts, packet, length))
            return verdict;
    }
    forget_before(contexts);
    return SRTP_OPENED;
}
