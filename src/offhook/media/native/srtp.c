#include "srtp.h"

#include <arpa/inet.h>
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
    forget_before(contexts);
    if (receiving)
        contexts->before = contexts->receiving; /* packets under the old key are still on their way */
    else
        let_go(contexts->receiving.session);
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

/* Keeps libsrtp's list of sources short: it is walked for every packet, and each entry costs memory. */
static void note_source(srtp_receiver *receiver, uint32_t ssrc)
{
    for (uint8_t at = 0; at < receiver->count; at++)
        if (receiver->sources[at] == ssrc)
            return;
    if (receiver->count == SRTP_SOURCES)
        library.remove_stream(receiver->session, htonl(receiver->sources[receiver->next]));
    else
        receiver->count++;
    receiver->sources[receiver->next] = ssrc;
    receiver->next = (uint8_t)((receiver->next + 1) % SRTP_SOURCES);
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
    note_source(receiver, rtp_load32(packet + (is_control ? 4 : 8)));
    return SRTP_OPENED;
}

srtp_verdict srtp_open(srtp_contexts *contexts, uint8_t *packet, size_t *length, bool is_control)
{
    if (*length < (is_control ? 8 : RTP_HEADER))
        return SRTP_UNAUTHENTICATED;
    srtp_verdict verdict = try_session(&contexts->receiving, packet, length, is_control);
    if (!contexts->before.session)
        return verdict;
    if (verdict == SRTP_OPENED)
        forget_before(contexts);
    else if (verdict == SRTP_UNAUTHENTICATED)
        verdict = try_session(&contexts->before, packet, length, is_control);
    return verdict;
}
