#include "plane.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "rtcp.h"
#include "socket.h"

enum { SLOT_BITS = 20 }; /* an id is its slot and, above, a generation that tells a slot's users apart */

#define STOP_TOKEN (POLLER_TICK - 1)

static uint64_t id_slot(uint64_t id)
{
    return id & ((1u << SLOT_BITS) - 1);
}

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
    uint64_t slot = id_slot(id);
    port *found = slot < plane->capacity ? plane->ports[slot] : NULL;
    return found && found->id == id ? found : NULL;
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void receive(plane *plane, uint64_t token)
{
    pthread_mutex_lock(&plane->lock);
    size_t waiting = plane->events.count;
    port *port = plane_find(plane, token >> 1); /* gone, when it was closed after the poll */
    if (port && token & 1)
        port_receive_control(port);
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
    for (size_t slot = 0; slot < plane->capacity; slot++) {
        port *port = plane->ports[slot];
        if (!port)
            continue;
        port_tick(port, &plane->moment);
        rtcp_tick(port, &plane->moment);
    }
    if (waiting == 0)
        wake_reader(plane);
    pthread_mutex_unlock(&plane->lock);
}

static void tick(plane *plane, uint64_t periods)
{
    pthread_mutex_lock(&plane->lock);
    lateness *late = &plane->lateness;
    late->ticks += periods;
    late->missed += periods - 1;
    uint64_t due_us = plane->started_us + late->ticks * TICK_US;
    if (plane->moment.now_us > due_us && plane->moment.now_us - due_us > late->worst_us)
        late->worst_us = plane->moment.now_us - due_us;
    pthread_mutex_unlock(&plane->lock);
    for (uint64_t done = 0; done < periods && done < CATCH_UP_TICKS; done++)
        tick_once(plane);
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

bool plane_start(plane *plane, uint64_t seed, uint64_t silence_us)
{
    g711_prepare();
    pthread_mutex_init(&plane->lock, NULL);
    plane->random = seed;
    plane->started_us = plane_now_us();
    plane->moment = (moment){.now_us = plane->started_us, .silence_us = silence_us, .events = &plane->events};
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
    free(plane->ports);
    free(plane->free_slots);
    pthread_mutex_destroy(&plane->lock);
}

/* --- commands --------------------------------------------------------------------------------------------------- */

static bool grow(plane *plane)
{
    size_t capacity = plane->capacity ? plane->capacity * 2 : 64;
    if (capacity > 1u << SLOT_BITS) {
        errno = EMFILE;
        return false;
    }
    port **ports = realloc(plane->ports, capacity * sizeof *ports);
    if (ports)
        plane->ports = ports;
    size_t *free_slots = realloc(plane->free_slots, capacity * sizeof *free_slots);
    if (free_slots)
        plane->free_slots = free_slots;
    if (!ports || !free_slots)
        return false;
    for (size_t slot = capacity; slot-- > plane->capacity;) {
        ports[slot] = NULL;
        free_slots[plane->free_count++] = slot;
    }
    plane->capacity = capacity;
    return true;
}

bool plane_adopt(plane *plane, port *port)
{
    if (plane->free_count == 0 && !grow(plane))
        return false;
    size_t slot = plane->free_slots[plane->free_count - 1];
    port->id = ++plane->generation << SLOT_BITS | slot;
    if (!poller_add(&plane->poller, port->rtp_socket, port->id << 1))
        return false;
    if (!poller_add(&plane->poller, port->rtcp_socket, port->id << 1 | 1)) {
        poller_remove(&plane->poller, port->rtp_socket);
        return false;
    }
    const uint64_t random[4] = {plane_random(plane), plane_random(plane), plane_random(plane), plane_random(plane)};
    port_begin(port, random, plane_now_us());
    port->report_tick += plane->moment.tick;
    plane->ports[slot] = port;
    plane->free_count--;
    return true;
}

void plane_remove(plane *plane, port *port)
{
    plane_disconnect(port);
    poller_remove(&plane->poller, port->rtp_socket);
    poller_remove(&plane->poller, port->rtcp_socket);
    size_t slot = id_slot(port->id);
    plane->ports[slot] = NULL;
    plane->free_slots[plane->free_count++] = slot;
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
    mix *opened = mix_open(++plane->generation << SLOT_BITS);
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
