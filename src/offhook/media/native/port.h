/* One media port: a leg's sockets, what was agreed for it, and its two directions. The plane's lock guards it. */
#ifndef OFFHOOK_PORT_H
#define OFFHOOK_PORT_H

#include "codecs.h"
#include "comfort_noise.h"
#include "dtmf.h"
#include "event_ring.h"
#include "latch.h"
#include "mix.h"
#include "payload_kind.h"
#include "player.h"
#include "rtcp_peer.h"
#include "rtp.h"
#include "sender.h"
#include "srtp.h"
#include "tap.h"
#include "telephone_event.h"

enum { PACKET_LIMIT = 2048 }; /* octets of a datagram; longer ones are no telephone's */

/* What offer and answer settled. */
typedef struct {
    bool agreed;
    bool may_send;
    bool may_receive;
    payload_kind codec; /* of what we send */
    uint8_t payload_type;
    int telephone_event; /* payload type to send it under, or -1 ... */
    payload_kind event;  /* ... and by which clock */
    int comfort_noise;   /* payload type to send it under, or -1 ... */
    payload_kind noise;  /* ... and by which rate */
    uint16_t rtcp_port;  /* of the peer */
    uint8_t kinds[128];  /* payload_kind by payload type received */
} agreement;

typedef struct port {
    uint64_t id;
    int rtp_socket, rtcp_socket;
    uint16_t number; /* of the RTP socket; RTCP's is one more */
    bool is_wired;   /* the RTP socket is connected to the peer */
    agreement agreement;
    latch latch;
    rtp_source source;
    rtp_clock clock;     /* of the peer ... */
    uint32_t clock_rate; /* ... against ours */
    codecs codecs;
    rtp_sender sender;
    srtp_contexts srtp;
    key_listener keys;
    dtmf_listener tones;      /* where no telephone-event was agreed */
    uint16_t newest_sequence; /* of what was heard in order */
    bool rests; /* the peer, and lets this stand for what it does not send: */
    comfort_noise noise;
    player player;
    tap *tap; /* NULL unless somebody listens */
    struct port *partner;
    mix_member *member; /* NULL unless it takes part in a mix */
    uint64_t heard_us;
    bool silence_told;
    uint64_t report_tick; /* when the next RTCP report is due */
    rtcp_peer reports;    /* of the peer */
    char cname[20];
    uint64_t received, lost_before, malformed, unwanted, strangers;
    uint64_t unauthenticated, replayed; /* of SRTP and SRTCP */
} port;

/* What a port needs of its plane while it works. */
typedef struct {
    uint64_t tick;
    uint64_t now_us;
    uint64_t silence_us;
    uint64_t report_ticks; /* between RTCP reports, on average */
    event_ring *events;
} moment;

/* Binds an RTP/RTCP pair within low to high, first trying `start`; false with errno set (EADDRINUSE: none free). */
bool port_bind(port *port, const address *local, uint16_t low, uint16_t high, uint16_t start);

/* Random beginnings from four numbers that the plane brings. */
void port_begin(port *port, const uint64_t random[4], uint64_t now_us);

/* Goes on under another count of ticks, so many later. */
void port_shift(port *port, uint64_t ticks);

/* What an agreement needs beside itself: an `announced` of length 0 means that nothing may be sent; the sessions of SRTP
 * become the port's, NULL for RTP in the clear; `ssrc` is a random one, to go on with where that is needed. */
typedef struct {
    address announced;
    void *sending, *receiving;
    uint32_t ssrc;
} terms;

/* Applies an agreement. */
void port_agree(port *port, const agreement *agreement, const terms *terms, uint64_t now_us);

/* Writes a packet's header by the peer's clock. */
void port_write_header(const port *port, const rtp_packet *packet, uint8_t *to);

/* Sends a packet whose header stands at `octets`, to wherever the latch points. */
void port_send(port *port, const uint8_t *octets, size_t length);

/* Takes one datagram from the RTP socket. */
void port_receive(port *port, const moment *moment);

/* Takes one datagram from the RTCP socket. */
void port_receive_control(port *port, const moment *moment);

/* Tells of keys whose end has not come in time. */
void port_expire_keys(port *port, const moment *moment);

/* One 20 ms step: plays, and notices silence and lost ends of keys. */
void port_tick(port *port, const moment *moment);

/* Tells of every playback that is done. */
void port_tell_done(port *port, event_ring *events);

uint64_t port_lost(const port *port);

/* Closes the sockets and SRTP; the player must be empty. */
void port_close(port *port);

#endif
