#ifdef __linux__
#include "poller.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

bool poller_open(poller *poller, uint64_t period_us)
{
    struct timespec period = {
        .tv_sec = (time_t)(period_us / 1000000),
        .tv_nsec = (long)(period_us % 1000000 * 1000),
    };
    struct itimerspec every = {.it_interval = period, .it_value = period};
    poller->queue = epoll_create1(EPOLL_CLOEXEC);
    poller->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (poller->queue >= 0 && poller->timer >= 0 && timerfd_settime(poller->timer, 0, &every, NULL) == 0 &&
        poller_add(poller, poller->timer, POLLER_TICK))
        return true;
    poller_close(poller);
    return false;
}

bool poller_add(poller *poller, int descriptor, uint64_t token)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(poller->queue, EPOLL_CTL_ADD, descriptor, &wanted) == 0;
}

void poller_remove(poller *poller, int descriptor)
{
    epoll_ctl(poller->queue, EPOLL_CTL_DEL, descriptor, NULL);
}

int poller_wait(poller *poller, poller_ready ready[POLLER_BATCH])
{
    struct epoll_event events[POLLER_BATCH];
    int count = epoll_wait(poller->queue, events, POLLER_BATCH, -1);
    int filled = 0;
    for (int at = 0; at < count; at++) {
        ready[filled] = (poller_ready){.token = events[at].data.u64};
        if (ready[filled].token == POLLER_TICK &&
            read(poller->timer, &ready[filled].count, sizeof ready[filled].count) < 0)
            continue;
        filled++;
    }
    return filled;
}

void poller_close(poller *poller)
{
    if (poller->queue >= 0)
        close(poller->queue);
    if (poller->timer >= 0)
        close(poller->timer);
    poller->queue = poller->timer = -1;
}
#else
typedef int offhook_not_linux; /* an empty translation unit is not C */
#endif
