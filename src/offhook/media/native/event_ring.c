#include "event_ring.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

static bool grow(event_ring *ring)
{
    size_t capacity = ring->capacity ? ring->capacity * 2 : FIRST_CAPACITY;
    event *events = malloc(capacity * sizeof *events);
    if (!events)
        return false;
    for (size_t at = 0; at < ring->count; at++)
        events[at] = ring->events[(ring->first + at) & (ring->capacity - 1)];
    free(ring->events);
    ring->events = events;
    ring->capacity = capacity;
    ring->first = 0;
    return true;
}

bool event_ring_push(event_ring *ring, const event *pushed)
{
    /* A playback's end is never dropped for the limit: somebody waits for it, and its owner must be let go. */
    bool is_full = ring->count >= EVENT_LIMIT && pushed->kind != EVENT_FINISHED;
    if (is_full || (ring->count == ring->capacity && !grow(ring))) {
        ring->dropped++;
        return false;
    }
    ring->events[(ring->first + ring->count++) & (ring->capacity - 1)] = *pushed;
    return true;
}

bool event_ring_pop(event_ring *ring, event *popped)
{
    if (ring->count == 0)
        return false;
    *popped = ring->events[ring->first];
    ring->first = (ring->first + 1) & (ring->capacity - 1);
    ring->count--;
    return true;
}

void event_ring_move(event_ring *from, event_ring *to, uint64_t port)
{
    event moved;
    for (size_t left = from->count; left > 0; left--) {
        (void)event_ring_pop(from, &moved);
        event_ring_push(moved.port == port ? to : from, &moved);
    }
}

void event_ring_free(event_ring *ring)
{
    free(ring->events);
    *ring = (event_ring){0};
}
