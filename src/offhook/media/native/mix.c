#include "mix.h"

#include <stdlib.h>
#include <string.h>

#include "port.h"

typedef int32_t sum[RTP_FRAME_SAMPLES];

mix *mix_open(uint64_t id)
{
    mix *opened = calloc(1, sizeof *opened);
    if (opened)
        opened->id = id;
    return opened;
}

bool mix_join(mix *mix, port *port, const mix_role *role)
{
    if (port->member && port->member->mix != mix)
        mix_leave(port);
    if (!port->member) {
        mix_member *member = calloc(1, sizeof *member);
        if (!member)
            return false;
        jitter_begin(&member->heard);
        member->mix = mix;
        member->port = port;
        member->next = mix->members;
        mix->members = port->member = member;
    }
    port->member->role = *role;
    return true;
}

void mix_leave(port *port)
{
    mix_member *leaver = port->member;
    if (!leaver)
        return;
    mix_member **at = &leaver->mix->members;
    while (*at != leaver)
        at = &(*at)->next;
    *at = leaver->next;
    port->member = NULL;
    free(leaver);
}

void mix_hear(mix_member *member, uint32_t timestamp, const sound *heard)
{
    jitter_put(&member->heard, timestamp, heard->narrow, heard->count);
}

/* --- a tick ----------------------------------------------------------------------------------------------------- */

static void read_frame(const uint8_t *frame, int16_t *samples)
{
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++)
        samples[at] = (int16_t)(uint16_t)(frame[2 * at] | frame[2 * at + 1] << 8);
}

static void write_frame(const sum samples, uint8_t *frame)
{
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++) {
        int32_t held = samples[at] > INT16_MAX ? INT16_MAX : samples[at] < INT16_MIN ? INT16_MIN : samples[at];
        frame[2 * at] = (uint8_t)held;
        frame[2 * at + 1] = (uint8_t)((uint32_t)held >> 8);
    }
}

static void add(sum to, const int16_t *samples)
{
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++)
        to[at] += samples[at];
}

static void subtract(sum from, const int16_t *samples)
{
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++)
        from[at] -= samples[at];
}

static bool is_any(const int16_t *samples)
{
    int16_t bits = 0;
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++)
        bits |= samples[at];
    return bits != 0;
}

/* Taken of those who are not heard, too: their jitter buffers go on, and they are heard at once when they may be. */
static void take_said(mix_member *member)
{
    uint8_t frame[2 * RTP_FRAME_SAMPLES];
    (void)jitter_take(&member->heard, frame);
    read_frame(frame, member->said);
    member->is_saying = member->role.is_heard && is_any(member->said);
}

static void announce(mix *mix, sum to, event_ring *events)
{
    player_step step;
    int16_t samples[RTP_FRAME_SAMPLES];
    player_advance(&mix->announcer, &step);
    mix_tell_done(mix, events);
    if (step.kind != STEP_AUDIO)
        return;
    read_frame(step.samples, samples);
    add(to, samples);
}

/* What is said to one member alone. */
static void add_whispers(const mix_member *member, sum to)
{
    for (mix_member *other = member->mix->members; other; other = other->next)
        if (other->is_saying && other->role.only_by == member->port->id)
            add(to, other->said);
}

static void tell(mix_member *member, const sum all, bool is_whispered)
{
    sum told = {0};
    if (member->role.hears) {
        memcpy(told, all, sizeof told);
        if (member->is_saying && !member->role.only_by)
            subtract(told, member->said);
        if (is_whispered)
            add_whispers(member, told);
    }
    write_frame(told, member->told);
}

void mix_tick(mix *mix, event_ring *events)
{
    sum all = {0};
    bool is_whispered = false;
    announce(mix, all, events);
    for (mix_member *member = mix->members; member; member = member->next) {
        take_said(member);
        if (member->role.only_by)
            is_whispered |= member->is_saying;
        else if (member->is_saying)
            add(all, member->said);
    }
    for (mix_member *member = mix->members; member; member = member->next)
        tell(member, all, is_whispered);
}

void mix_tell_done(mix *mix, event_ring *events)
{
    player_tell_done(&mix->announcer, mix->id, events);
}

void mix_close(mix *mix)
{
    while (mix->members)
        mix_leave(mix->members->port);
    free(mix);
}
