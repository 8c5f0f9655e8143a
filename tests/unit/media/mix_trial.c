/* A mix without a plane, for sanitizers: members come, go and change their roles between ticks, and what each is told
 * is checked against the sum written down plainly. Ends with 0 when all held. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"
#include "port.h"

enum { PORTS = 12, TICKS = 20000 };

static uint64_t state;

static uint32_t chance(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void speak(port *port, uint64_t tick)
{
    size_t length = chance(5) ? RTP_FRAME_SAMPLES : chance(400);
    uint8_t *octets = malloc(length ? length : 1);
    bool is_loud = chance(3) == 0;
    for (size_t at = 0; at < length; at++)
        octets[at] = is_loud ? (uint8_t)(chance(2) << 7) : (uint8_t)chance(256);
    rtp_packet packet = {.payload = octets, .payload_length = length, .timestamp = (uint32_t)(tick * RTP_FRAME_SAMPLES)};
    sound heard;
    if (codecs_read(&port->codecs, chance(2) ? PAYLOAD_PCMU : PAYLOAD_PCMA, &packet, &heard))
        mix_hear(port->member, packet.timestamp, &heard);
    free(octets);
}

static int16_t sample(const uint8_t *frame, size_t at)
{
    return (int16_t)(uint16_t)(frame[2 * at] | frame[2 * at + 1] << 8);
}

static bool hears(const port *listener, const port *speaker)
{
    const mix_role *role = speaker->member ? &speaker->member->role : NULL;
    return role && speaker != listener && speaker->member->mix == listener->member->mix && role->is_heard &&
           (!role->only_by || role->only_by == listener->id);
}

static void check(const port *ports, const port *listener, const uint8_t *announced, bool is_announced)
{
    for (size_t at = 0; at < RTP_FRAME_SAMPLES; at++) {
        int32_t all = 0;
        if (listener->member->role.hears) {
            all = is_announced ? sample(announced, at) : 0;
            for (size_t other = 0; other < PORTS; other++)
                if (hears(listener, &ports[other]))
                    all += ports[other].member->said[at];
        }
        all = all > INT16_MAX ? INT16_MAX : all < INT16_MIN ? INT16_MIN : all;
        assert(sample(listener->member->told, at) == all);
    }
}

int main(int count, char **arguments)
{
    static port ports[PORTS];
    static uint8_t announced[2 * RTP_FRAME_SAMPLES];
    event_ring told = {0};
    event next;
    mix *mixes[2];
    int checked = 0, announcements = 0;
    state = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    g711_prepare();
    for (size_t at = 0; at < sizeof announced; at++)
        announced[at] = (uint8_t)chance(256);
    for (size_t at = 0; at < PORTS; at++)
        ports[at].id = at + 1;
    for (size_t at = 0; at < 2; at++)
        assert((mixes[at] = mix_open(at + 100)));
    for (uint64_t tick = 0; tick < TICKS; tick++) {
        port *changing = &ports[chance(PORTS)];
        mix_role role = {.is_heard = chance(4), .hears = chance(4), .only_by = chance(3) ? 0 : 1 + chance(PORTS)};
        if (role.only_by == changing->id)
            role.only_by = 0;
        if (chance(3))
            assert(mix_join(mixes[chance(2)], changing, &role));
        else
            mix_leave(changing);
        for (size_t at = 0; at < PORTS; at++)
            if (ports[at].member && chance(8))
                speak(&ports[at], tick);
        bool is_announced = chance(4) == 0;
        if (is_announced)
            assert(player_add_sound(&mixes[0]->announcer, tick, announced, RTP_FRAME_SAMPLES, 1));
        for (size_t at = 0; at < 2; at++)
            mix_tick(mixes[at], &told);
        for (size_t at = 0; at < PORTS; at++)
            if (ports[at].member) {
                check(ports, &ports[at], announced, is_announced && ports[at].member->mix == mixes[0]);
                checked++;
            }
        while (event_ring_pop(&told, &next)) {
            assert(next.kind == EVENT_FINISHED && next.port == 100);
            announcements++;
        }
    }
    assert(checked > TICKS && announcements > TICKS / 8);
    player_stop(&mixes[0]->announcer); /* one of the last tick has not ended */
    mix_tell_done(mixes[0], &told);
    for (size_t at = 0; at < 2; at++)
        mix_close(mixes[at]);
    for (size_t at = 0; at < PORTS; at++)
        assert(!ports[at].member);
    event_ring_free(&told);
    return 0;
}
