/* The native plane without Python, for sanitizers: hostile packets in buffers of exactly their length, random commands,
 * and a running plane that is spoken to by packets and commands at once. Ends with 0 when all held. */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane.h"
#include "rtcp.h"

static uint64_t state;

static uint32_t chance(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static uint8_t *random_octets(size_t length)
{
    uint8_t *octets = malloc(length ? length : 1);
    for (size_t at = 0; at < length; at++)
        octets[at] = (uint8_t)chance(256);
    if (length && chance(4))
        octets[0] = (uint8_t)(0x80 | chance(64));
    return octets;
}

static void try_packets(void)
{
    key_listener keys;
    key_listener_begin(&keys, 0);
    rtp_source source = {0};
    rtp_sender sender;
    sender_begin(&sender, state, 5);
    for (uint64_t now_us = 0; now_us < 200000 * 997; now_us += 997) {
        size_t length = chance(48);
        uint8_t *octets = random_octets(length);
        rtp_packet packet;
        if (rtp_parse(octets, length, &packet)) {
            assert(packet.payload >= octets + RTP_HEADER);
            assert(packet.payload + packet.payload_length <= octets + length);
            packet.ssrc = chance(2);
            packet.timestamp = chance(2) ? packet.timestamp : chance(3000);
            key_press pressed[2];
            int count = key_listener_receive(&keys, &packet, now_us, pressed);
            assert(count >= 0 && count <= 2);
            rtp_source_receive(&source, &packet);
            rtp_source_measure(&source, packet.timestamp, now_us);
            sender_carry(&sender, now_us / 20000, chance(2), &packet);
            g711_transcode(LAW_PCMA, packet.payload, packet.payload_length);
            rtp_write_header(packet.payload - RTP_HEADER, &packet);
        }
        key_press pressed;
        key_listener_expire(&keys, now_us, &pressed);
        free(octets);
    }
    assert(rtp_source_lost(&source) <= rtp_source_expected(&source));
}

static void try_player(void)
{
    player player = {0};
    uint8_t samples[2 * 500];
    memset(samples, 1, sizeof samples);
    uint64_t added = 0, done = 0;
    for (int step = 0; step < 20000; step++) {
        player_step taken;
        playback *finished;
        switch (chance(8)) {
        case 0:
            player_add_sound(&player, ++added, samples, chance(500), 1 + chance(3));
            break;
        case 1:
            player_add_digits(&player, ++added, chance(2) ? "1wA#" : "");
            break;
        case 2:
            if (chance(20) == 0)
                player_stop(&player);
            break;
        default:
            player_advance(&player, &taken);
        }
        while ((finished = player_done(&player))) {
            assert(finished->id == ++done); /* in order, each once */
            playback_free(finished);
        }
    }
    player_stop(&player);
    playback *finished;
    while ((finished = player_done(&player)))
        playback_free(finished);
}

static void try_reports(void)
{
    for (int step = 0; step < 1000; step++) {
        port reporting = {.sender = {.packets = chance(2), .ssrc = 1}};
        snprintf(reporting.cname, sizeof reporting.cname, "%0*d", (int)chance(17), 0);
        reporting.source = (rtp_source){.begun = chance(2), .received = chance(100), .max_sequence = (uint16_t)chance(65536)};
        uint8_t *octets = malloc(RTCP_LIMIT);
        size_t length = rtcp_write(octets, &reporting, state, chance(2), 0);
        assert(length <= RTCP_LIMIT && length % 4 == 0);
        size_t at = 0;
        while (at < length) { /* a compound packet's lengths lead exactly to its end */
            assert(octets[at] >> 6 == 2);
            at += 4 + 4u * rtp_load16(octets + at + 2);
        }
        assert(at == length);
        free(octets);
    }
}

/* A tick's time is read before the lock is had, so a port may have been agreed on, or heard, after it. */
static void try_time_that_seems_to_run_back(void)
{
    event_ring told = {0};
    moment early = {.now_us = 1000000, .silence_us = 60000000, .events = &told};
    port waiting = {.rtp_socket = -1, .rtcp_socket = -1, .agreement = {.agreed = true, .may_receive = true}};
    waiting.heard_us = early.now_us + 300;
    key_listener_begin(&waiting.keys, early.now_us + 300);
    waiting.keys.held = true;
    waiting.keys.heard_us = early.now_us + 300;
    port_tick(&waiting, &early);
    assert(told.count == 0 && !waiting.silence_told && waiting.keys.held);
    early.now_us = waiting.heard_us + early.silence_us;
    port_tick(&waiting, &early);
    assert(waiting.silence_told && !waiting.keys.held);
    event_ring_free(&told);
}

/* --- a running plane --------------------------------------------------------------------------------------------- */

static port *open_port(plane *plane, const address *local, const address *peer, g711_law law)
{
    port *opened = calloc(1, sizeof *opened);
    assert(port_bind(opened, local, 33000, 33999, (uint16_t)(33000 + chance(900))));
    agreement agreed = {.agreed = true, .may_send = true, .may_receive = true, .law = law, .telephone_event = 101};
    agreed.payload_type = law == LAW_PCMA ? 8 : 0;
    agreed.rtcp_port = (uint16_t)(address_port(peer) + 1);
    memset(agreed.kinds, PAYLOAD_PCMU, sizeof agreed.kinds / 2);
    memset(agreed.kinds + 64, PAYLOAD_EVENT, sizeof agreed.kinds / 2);
    plane_enter(plane);
    assert(plane_adopt(plane, opened));
    port_agree(opened, &agreed, peer, plane_now_us());
    plane_leave(plane);
    return opened;
}

static void close_port(plane *plane, port *closed)
{
    plane_enter(plane);
    rtcp_leave(closed, &plane->moment);
    player_stop(&closed->player);
    port_tell_done(closed, &plane->events);
    plane_remove(plane, closed);
    plane_leave(plane);
    port_close(closed);
    free(closed);
}

static int drain(plane *plane)
{
    event told;
    int count = 0;
    plane_enter(plane);
    while (plane_next_event(plane, &told))
        count++;
    pthread_mutex_unlock(&plane->lock);
    return count;
}

static void flood(int descriptor, const port *to, int packets)
{
    address at;
    assert(address_read(&at, "127.0.0.1", to->number));
    for (int sent = 0; sent < packets; sent++) {
        size_t length = chance(3) ? 172 : chance(60);
        uint8_t *octets = random_octets(length);
        address_set_port(&at, (uint16_t)(to->number + (chance(20) == 0)));
        (void)!sendto(descriptor, octets, length, 0, &at.any, at.length);
        free(octets);
    }
}

static void try_plane(void)
{
    static uint8_t samples[2 * 400];
    plane plane = {0};
    address local, peer = {.length = sizeof peer.v6};
    assert(address_read(&local, "127.0.0.1", 0));
    int far = socket(AF_INET, SOCK_DGRAM, 0);
    assert(bind(far, &local.any, local.length) == 0 && getsockname(far, &peer.any, &peer.length) == 0);
    assert(plane_start(&plane, 1, 50000));
    int told = 0;
    for (int round = 0; round < 12; round++) {
        port *one = open_port(&plane, &local, &peer, LAW_PCMU), *other = open_port(&plane, &local, &peer, LAW_PCMA);
        plane_enter(&plane);
        plane_connect(one, other);
        player_add_sound(&one->player, 1, samples, 400, chance(2));
        player_add_digits(&other->player, 2, "12");
        plane_leave(&plane);
        flood(far, one, 300);
        flood(far, other, 300);
        struct pollfd news = {.fd = plane.news[0], .events = POLLIN};
        assert(poll(&news, 1, 2000) == 1);
        told += drain(&plane);
        close_port(&plane, one);
        flood(far, other, 20);
        close_port(&plane, other);
    }
    told += drain(&plane);
    assert(told >= 24); /* every playback's end, at least */
    plane_stop(&plane);
    plane_free(&plane);
    close(far);
}

int main(int count, char **arguments)
{
    state = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    g711_prepare();
    try_packets();
    try_player();
    try_reports();
    try_time_that_seems_to_run_back();
    try_plane();
    return 0;
}
