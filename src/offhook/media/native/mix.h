/* Ports that hear one another: N parties, everybody hearing the sum of all others. The plane's lock guards it. */
#ifndef OFFHOOK_MIX_H
#define OFFHOOK_MIX_H

#include "event_ring.h"
#include "jitter.h"
#include "player.h"
#include "sound.h"

struct port;

/* What a member may do; `only_by` is the port that alone hears it, 0 for everybody. */
typedef struct {
    bool is_heard, hears;
    uint64_t only_by;
} mix_role;

typedef struct mix_member {
    struct mix *mix;
    struct port *port;
    mix_role role;
    jitter_buffer heard;
    bool is_saying; /* something, in this tick: */
    int16_t said[RTP_FRAME_SAMPLES];
    uint8_t told[2 * RTP_FRAME_SAMPLES]; /* what it hears in this tick */
    struct mix_member *next;
} mix_member;

typedef struct mix {
    uint64_t id;
    mix_member *members;
    player announcer; /* what everybody hears beside the members */
    struct mix *next;
} mix;

/* NULL when memory is out. */
mix *mix_open(uint64_t id);

/* Lets a port take part, or take another part; false when memory is out. A port is in one mix at most. */
bool mix_join(mix *mix, struct port *port, const mix_role *role);

/* Takes a port out of its mix, if it is in one. */
void mix_leave(struct port *port);

/* Takes what is in a packet of a member's peer. */
void mix_hear(mix_member *member, uint32_t timestamp, const sound *heard);

/* One 20 ms step: makes what each member is told. */
void mix_tick(mix *mix, event_ring *events);

/* Tells of every announcement that is done. */
void mix_tell_done(mix *mix, event_ring *events);

/* Parts all members and frees it; the announcer must be empty. */
void mix_close(mix *mix);

#endif
