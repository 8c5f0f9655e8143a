/* Waiting for sockets, for the tick and for a request to stop: epoll on Linux, kqueue elsewhere. */
#ifndef OFFHOOK_POLLER_H
#define OFFHOOK_POLLER_H

#include <stdbool.h>
#include <stdint.h>

enum { POLLER_BATCH = 64 };

#define POLLER_TICK UINT64_MAX

typedef struct {
    int queue;
    int timer;
} poller;

typedef struct {
    uint64_t token;
    uint64_t count; /* of a tick: how many periods have passed since the last */
} poller_ready;

/* Opens it with a tick every `period_us`; false with errno set. */
bool poller_open(poller *poller, uint64_t period_us);
bool poller_add(poller *poller, int descriptor, uint64_t token);
void poller_remove(poller *poller, int descriptor);

/* Waits; returns how many of `ready` were filled (0 when interrupted). */
int poller_wait(poller *poller, poller_ready ready[POLLER_BATCH]);
void poller_close(poller *poller);

#endif
