#include "plane.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "elapsed.h"
#include "rtcp.h"
#include "socket.h"

/* Of ports and mixes alike, one to a process: a port keeps its id on whichever plane it is. */
static atomic_uint_fast64_t last_id;

#define STOP_TOKEN (POLLER_TICK - 1)

uint64_t plane_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t plane_random(plane *plane) /* splitmix64 */
{
    uint64_t mixed = plane->random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

void plane_enter(plane *plane)
{
    atomic_fetch_add(&plane->waiting, 1);
    pthread_mutex_lock(&plane->lock);
    atomic_fetch_sub(&plane->waiting, 1);
}

void plane_enter_both(plane *one, plane *other)
{
    bool is_first = (uintptr_t)one < (uintptr_t)other;
    plane_enter(is_first ? one : other);
    plane_enter(is_first ? other : one);
}

static void wake_reader(plane *plane)
{
    /* A full pipe has woken the reader already. */
    if (plane->events.count > 0)
        (void)!write(plane->news[1], "", 1);
}

void plane_leave(plane *plane)
{
    wake_reader(plane);
    pthread_mutex_unlock(&plane->lock);
}

port *plane_find(plane *plane, uint64_t id)
{
    return port_table_find(&plane->ports, id);
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void receive(plane *plane, uint64_t token)
{
    pthread_mutex_lock(&plane->lock);
    size_t waiting = plane->events.count;
    port *port = plane_find(plane, token >> 1); /* gone, when it was closed after the poll */
    if (port && token & 1)
        port_receive_control(port, &plane->moment);
    else if (port)
        port_receive(port, &plane->moment);
    if (waiting == 0)
        wake_reader(plane);
    pthread_mutex_unlock(&plane->lock);
}

static void tick_once(plane *plane)
{
    pthread_mutex_lock(&plane->lock);
    size_t waiting = plane->events.count;
    plane->moment.tick++;
    for (mix *mix = plane->mixes; mix; mix = mix->next)
        mix_tick(mix, &plane->events);
    for (size_t at = 0; at < plane->ports.capacity; at++) {
        port *port = plane->ports.ports[at];
        if (!port)
            continue;
        port_tick(port, &plane->moment);
        rtcp_tick(port, &plane->moment);
    }
    if (waiting == 0)
        wake_reader(plane);
    pthread_mutex_unlock(&plane->lock);
}

/* Every tick counts as late as it was at the end of the work, that of the last port included. */
static void count_lateness(plane *plane, uint64_t periods)
{
    uint64_t now_us = plane_now_us();
    pthread_mutex_lock(&plane->lock);
    plane->lateness.missed += periods - 1;
    for (uint64_t counted = 0; counted < periods; counted++)
        lateness_count(&plane->lateness, elapsed_us(now_us, plane->due_us += TICK_US));
    pthread_mutex_unlock(&plane->lock);
}

static void tick(plane *plane, uint64_t periods)
{
    for (uint64_t done = 0; done < periods && done < CATCH_UP_TICKS; done++)
        tick_once(plane);
    count_lateness(plane, periods);
}

static void *run(void *argument)
{
    plane *plane = argument;
    poller_ready ready[POLLER_BATCH];
    for (;;) {
        int count = poller_wait(&plane->poller, ready);
        plane->moment.now_us = plane_now_us();
        for (int at = 0; at < count; at++) {
            if (ready[at].token == STOP_TOKEN)
                return NULL;
            if (ready[at].token == POLLER_TICK)
                tick(plane, ready[at].count);
            else
                receive(plane, ready[at].token);
            if (atomic_load_explicit(&plane->waiting, memory_order_relaxed) > 0)
                sched_yield();
        }
    }
}

static bool start_thread(plane *plane)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads that know what to do with them */
    int failure = pthread_create(&plane->thread, NULL, run, plane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return failure == 0;
}

bool plane_start(plane *plane, uint64_t seed, uint64_t silence_us, uint64_t report_us)
{
    g711_prepare();
    halfband_prepare();
    pthread_mutex_init(&plane->lock, NULL);
    plane->random = seed;
    plane->due_us = plane_now_us();
    /* All planes count about the same ticks, so that a port that moves finds its own in the past. */
    plane->moment = (moment){
        .tick = plane->due_us / TICK_US, .now_us = plane->due_us, .silence_us = silence_us, .events = &plane->events};
    plane->moment.report_ticks = report_us / TICK_US;
    plane->news[0] = plane->news[1] = plane->stop[0] = plane->stop[1] = -1;
    plane->poller = (poller){-1, -1};
    plane->is_running = socket_pipe(plane->news) && socket_pipe(plane->stop) && poller_open(&plane->poller, TICK_US) &&
                        poller_add(&plane->poller, plane->stop[0], STOP_TOKEN) && start_thread(plane);
    return plane->is_running;
}

void plane_stop(plane *plane)
{
    if (!plane->is_running)
        return;
    plane->is_running = false;
    (void)!write(plane->stop[1], "", 1);
    pthread_join(plane->thread, NULL);
}

void plane_free(plane *plane)
{
    const int descriptors[] = {plane->news[0], plane->news[1], plane->stop[0], plane->stop[1]};
    for (size_t at = 0; at < sizeof descriptors / sizeof *descriptors; at++)
        if (descriptors[at] >= 0)
            close(descriptors[at]);
    poller_close(&plane->poller);
    event_ring_free(&plane->events);
    port_table_free(&plane->ports);
    pthread_mutex_destroy(&plane->lock);
}

/* --- commands --------------------------------------------------------------------------------------------------- */

/* Makes a port the thread's, by its id; false with errno set. */
static bool take(plane *plane, port *port)
{
    if (!port_table_add(&plane->ports, port))
        return false;
    if (poller_add(&plane->poller, port->rtp_socket, port->id << 1)) {
        if (poller_add(&plane->poller, port->rtcp_socket, port->id << 1 | 1))
            return true;
        poller_remove(&plane->poller, port->rtp_socket);
    }
    port_table_remove(&plane->ports, port);
    return false;
}

static void release(plane *plane, const port *port)
{
    poller_remove(&plane->poller, port->rtp_socket);
    poller_remove(&plane->poller, port->rtcp_socket);
    port_table_remove(&plane->ports, port);
}

bool plane_adopt(plane *plane, port *port)
{
    port->id = atomic_fetch_add(&last_id, 1) + 1;
    const uint64_t random[4] = {plane_random(plane), plane_random(plane), plane_random(plane), plane_random(plane)};
    port_begin(port, random, plane_now_us());
    port->report_tick = plane->moment.tick + port->report_tick % (plane->moment.report_ticks + 1);
    return take(plane, port);
}

void plane_remove(plane *plane, port *port)
{
    plane_disconnect(port);
    release(plane, port);
}

bool plane_move(plane *from, plane *to, port *port)
{
    if (!take(to, port))
        return false;
    plane_disconnect(port);
    release(from, port);
    port_shift(port, to->moment.tick - from->moment.tick);
    event_ring_move(&from->events, &to->events, port->id);
    return true;
}

void plane_disconnect(port *port)
{
    mix_leave(port);
    if (!port->partner)
        return;
    port->partner->partner = NULL;
    port->partner = NULL;
}

void plane_connect(port *one, port *other)
{
    plane_disconnect(one);
    plane_disconnect(other);
    one->partner = other;
    other->partner = one;
}

mix *plane_open_mix(plane *plane)
{
    mix *opened = mix_open(atomic_fetch_add(&last_id, 1) + 1);
    if (!opened)
        return NULL;
    opened->next = plane->mixes;
    return plane->mixes = opened;
}

mix *plane_find_mix(plane *plane, uint64_t id)
{
    mix *found = plane->mixes;
    while (found && found->id != id)
        found = found->next;
    return found;
}

void plane_remove_mix(plane *plane, mix *removed)
{
    mix **at = &plane->mixes;
    while (*at != removed)
        at = &(*at)->next;
    *at = removed->next;
}

bool plane_next_event(plane *plane, event *event)
{
    char swept[64];
    if (event_ring_pop(&plane->events, event))
        return true;
    while (read(plane->news[0], swept, sizeof swept) > 0)
        ;
    return false;
}
