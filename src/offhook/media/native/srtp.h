/* SRTP and SRTCP of one port (RFC 3711): libsrtp does it all, through functions that Python hands in once.
 *
 * A session of libsrtp is made in media/srtp.py, where its key is; here it is used and, at the end, let go. */
#ifndef OFFHOOK_SRTP_H
#define OFFHOOK_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SRTP_TRAILER = 160,   /* room behind a packet that is to be protected: SRTP_MAX_SRTCP_TRAILER_LEN is 148 */
    SRTP_SOURCES = 16,    /* SSRCs that a peer may use under one key; libsrtp keeps state for each */
    SRTP_CARRIES = 64,    /* packets for which a carried rollover counter is tried: each costs a lot */
    SRTP_CARRIED = 64,    /* the greatest such counter: a day of voice */
};

/* libsrtp 2: each takes a session and works on a packet in place, `length` going in and coming out; 0 is success. */
typedef struct {
    int (*protect)(void *session, void *packet, int *length);
    int (*unprotect)(void *session, void *packet, int *length);
    int (*protect_rtcp)(void *session, void *packet, int *length);
    int (*unprotect_rtcp)(void *session, void *packet, int *length);
    int (*remove_stream)(void *session, uint32_t ssrc);
    int (*dealloc)(void *session);
} srtp_library;

typedef enum { SRTP_OPENED, SRTP_REPLAYED, SRTP_UNAUTHENTICATED } srtp_verdict;

/* One SSRC, and how far its numbers have come: libsrtp knows, too, but does not tell. */
typedef struct {
    uint32_t ssrc;
    uint32_t index; /* rollover counter and sequence number of the newest packet; no counter gets near 2^16 */
    bool begun;     /* an RTP packet has come, not only RTCP */
} srtp_source;

/* A receiving session, and the SSRCs that it knows, the oldest at `next`. */
typedef struct {
    void *session;
    srtp_source sources[SRTP_SOURCES];
    uint8_t count, next;
    uint8_t carries; /* tries with a carried rollover counter */
} srtp_receiver;

/* All NULL: the port's packets go in the clear. */
typedef struct {
    void *sending;
    srtp_receiver receiving;
    srtp_receiver before; /* the peer's last key, until its first packet under the new one */
} srtp_contexts;

/* Hands in libsrtp; before any session. */
void srtp_use(const srtp_library *library);

/* Takes over both sessions, or none (NULL). One that is in use already is kept as it is, with its rollover counter. */
void srtp_agree(srtp_contexts *contexts, void *sending, void *receiving);

/* Lets go of all sessions. */
void srtp_release(srtp_contexts *contexts);

/* Protects in place; there must be SRTP_TRAILER octets of room. False: the packet must not be sent. */
bool srtp_seal(srtp_contexts *contexts, uint8_t *packet, size_t *length, bool is_control);

/* Authenticates and decrypts in place; a packet that is not SRTP_OPENED is as it was. */
srtp_verdict srtp_open(srtp_contexts *contexts, uint8_t *packet, size_t *length, bool is_control);

#endif
