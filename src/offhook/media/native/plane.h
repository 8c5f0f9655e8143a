/* A thread that owns media ports: sockets and the 20 ms tick. Knows nothing of Python. */
#ifndef OFFHOOK_PLANE_H
#define OFFHOOK_PLANE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lateness.h"
#include "poller.h"
#include "port_table.h"

enum { TICK_US = 20000, CATCH_UP_TICKS = 5 /* after a longer stall the rest is skipped */ };

typedef struct {
    pthread_mutex_t lock;
    atomic_int waiting; /* commands that want the lock: the thread lets them go first */
    pthread_t thread;
    bool is_running;
    poller poller;
    int news[2]; /* a pipe that becomes readable when events wait */
    int stop[2];
    port_table ports;
    mix *mixes;
    uint64_t random;
    moment moment;
    uint64_t due_us; /* when the newest tick that was counted should have been */
    lateness lateness;
    event_ring events;
} plane;

/* Starts the thread; false with errno set. `silence_us` without packets make EVENT_SILENCED; `report_us` lie between the
 * RTCP reports of a port, on average. */
bool plane_start(plane *plane, uint64_t seed, uint64_t silence_us, uint64_t report_us);

/* Ends the thread and leaves the ports for plane_remove; may be called again. */
void plane_stop(plane *plane);

/* Frees what plane_start took; every port must have been removed. */
void plane_free(plane *plane);

void plane_enter(plane *plane);
/* Enters two planes, in an order that is the same for all who do. */
void plane_enter_both(plane *one, plane *other);
/* Leaves, and wakes the reader when events wait. */
void plane_leave(plane *plane);

/* The following are called between enter and leave, and so are the functions of port.h on what they return. */
port *plane_find(plane *plane, uint64_t id);

/* Takes over a port whose sockets are bound; false with errno set. */
bool plane_adopt(plane *plane, port *port);

/* Parts it from its partner and from the thread; the caller closes and frees it. */
void plane_remove(plane *plane, port *port);

/* Takes a port, parted from what it was joined to, and its waiting events over from another plane; its id stays the
 * same. False with errno set, and then it is where it was. Called between enter_both and leave of both. */
bool plane_move(plane *from, plane *to, port *port);

/* Both part from what they were joined to; disconnecting takes a port out of its mix, too. */
void plane_connect(port *one, port *other);
void plane_disconnect(port *port);

/* NULL when memory is out. */
mix *plane_open_mix(plane *plane);
mix *plane_find_mix(plane *plane, uint64_t id);

/* Takes it out of the plane; the caller closes it. */
void plane_remove_mix(plane *plane, mix *mix);

/* Takes the next event; empties the pipe before the first. */
bool plane_next_event(plane *plane, event *event);

uint64_t plane_random(plane *plane);

uint64_t plane_now_us(void);

#endif
