#ifndef __linux__
#include "poller.h"

#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

/* Tokens are kept in udata, so 64-bit pointers are taken for granted here. */
_Static_assert(sizeof(void *) == sizeof(uint64_t), "tokens travel in pointers");

static bool change(poller *poller, struct kevent *wanted)
{
    return kevent(poller->queue, wanted, 1, NULL, 0, NULL) == 0;
}

bool poller_open(poller *poller, uint64_t period_us)
{
    struct kevent tick;
    EV_SET(&tick, 1, EVFILT_TIMER, EV_ADD, NOTE_USECONDS, (intptr_t)period_us, (void *)(uintptr_t)POLLER_TICK);
    poller->timer = -1;
    poller->queue = kqueue();
    if (poller->queue >= 0 && change(poller, &tick))
        return true;
    poller_close(poller);
    return false;
}

bool poller_add(poller *poller, int descriptor, uint64_t token)
{
    struct kevent wanted;
    EV_SET(&wanted, (uintptr_t)descriptor, EVFILT_READ, EV_ADD, 0, 0, (void *)(uintptr_t)token);
    return change(poller, &wanted);
}

void poller_remove(poller *poller, int descriptor)
{
    struct kevent wanted;
    EV_SET(&wanted, (uintptr_t)descriptor, EVFILT_READ, EV_DELETE, 0, 0, NULL);
    change(poller, &wanted);
}

int poller_wait(poller *poller, poller_ready ready[POLLER_BATCH])
{
    struct kevent events[POLLER_BATCH];
    int count = kevent(poller->queue, NULL, 0, events, POLLER_BATCH, NULL);
    for (int at = 0; at < count; at++)
        ready[at] = (poller_ready){.token = (uint64_t)(uintptr_t)events[at].udata, .count = (uint64_t)events[at].data};
    return count < 0 ? 0 : count;
}

void poller_close(poller *poller)
{
    if (poller->queue >= 0)
        close(poller->queue);
    poller->queue = -1;
}
#else
typedef int offhook_not_kqueue; /* an empty translation unit is not C */
#endif
