/* What the plane's thread has to tell: a queue that grows up to a limit; the plane's lock guards it. */
#ifndef OFFHOOK_EVENT_RING_H
#define OFFHOOK_EVENT_RING_H

#include "address.h"

enum { EVENT_LIMIT = 1 << 16 }; /* waiting events; more are dropped and counted, playbacks' ends excepted */

typedef enum { EVENT_DIGIT, EVENT_FINISHED, EVENT_BEGUN, EVENT_SILENCED, EVENT_TAPPED } event_kind;

typedef struct {
    event_kind kind;
    uint64_t port;
    union {
        struct {
            char digit;
            bool is_tone; /* not a telephone-event */
            double duration;
        };
        struct {
            uint64_t playback;
            void *owner; /* of the samples; the reader of the event lets go of it */
            bool stopped;
        };
        address remote;
        double silence;
    };
} event;

typedef struct {
    event *events;
    size_t capacity, first, count;
    uint64_t dropped;
} event_ring;

/* Appends; false when the event was dropped. */
bool event_ring_push(event_ring *ring, const event *event);
bool event_ring_pop(event_ring *ring, event *event);
/* Moves the events of one port to the end of another ring, in order. */
void event_ring_move(event_ring *from, event_ring *to, uint64_t port);
void event_ring_free(event_ring *ring);

#endif
