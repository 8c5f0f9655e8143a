/* The native plane without Python, for sanitizers: hostile packets in buffers of exactly their length, random commands,
 * and a running plane that is spoken to by packets and commands at once. Ends with 0 when all held. */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <srtp2/srtp.h>

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
        size_t length = rtcp_write(octets, &reporting, &(report_moment){.ntp = state, .now_us = step}, chance(2));
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

/* Compounds that are nearly right, in buffers of exactly their length. */
static void try_reports_of_the_peer(void)
{
    rtcp_peer peer = {0};
    for (uint64_t now_us = 0; now_us < 100000 * 1009; now_us += 1009) {
        size_t length = 4 * chance(40) + (chance(9) == 0);
        uint8_t *octets = random_octets(length);
        for (size_t at = 0; at + 12 <= length;) {
            size_t words = chance(14);
            octets[at] = (uint8_t)(0x80 | chance(4));
            octets[at + 1] = (uint8_t)(200 + chance(4));
            rtp_store16(octets + at + 2, (uint16_t)words);
            rtp_store32(octets + at + 8, 5);
            at += 4 + 4 * words;
        }
        if (chance(3) == 0)
            rtcp_peer_sent(&peer, state, now_us);
        rtcp_peer_receive(&peer, octets, length, 5, now_us);
        assert(peer.round_trip_us <= now_us && peer.lost >= -0x800000 && peer.lost <= 0x7fffff);
        (void)rtcp_peer_delay(&peer, now_us);
        free(octets);
    }
    assert(peer.has_reported && peer.reports > 1000 && peer.malformed > 1000);
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

/* --- SRTP -------------------------------------------------------------------------------------------------------- */

static int remove_stream(void *session, uint32_t ssrc)
{
    return srtp_remove_stream(session, ssrc);
}

static void use_libsrtp(void)
{
    assert(srtp_init() == srtp_err_status_ok);
    const srtp_library library = {
        .protect = (int (*)(void *, void *, int *))srtp_protect,
        .unprotect = (int (*)(void *, void *, int *))srtp_unprotect,
        .protect_rtcp = (int (*)(void *, void *, int *))srtp_protect_rtcp,
        .unprotect_rtcp = (int (*)(void *, void *, int *))srtp_unprotect_rtcp,
        .remove_stream = remove_stream,
        .dealloc = (int (*)(void *))srtp_dealloc,
    };
    srtp_use(&library);
}

static void *open_session(srtp_ssrc_type_t kind, uint8_t key)
{
    uint8_t keys[SRTP_MAX_KEY_LEN];
    memset(keys, key, sizeof keys);
    srtp_policy_t policy = {.ssrc.type = kind, .key = keys};
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    srtp_t session;
    assert(srtp_create(&session, &policy) == srtp_err_status_ok);
    return session;
}

/* Makes octets into a packet of the peer's, mostly under one SSRC; there is room for the trailer. */
static size_t seal(void *session, uint8_t *octets, size_t length, uint16_t sequence, bool is_control)
{
    int sealed = length < 40 ? 40 : (int)length;
    octets[0] = 0x80;
    octets[1] = is_control ? 201 : (uint8_t)chance(128);
    rtp_store16(octets + 2, sequence);
    rtp_store32(octets + (is_control ? 4 : 8), chance(4) ? 7 : chance(100));
    if ((is_control ? srtp_protect_rtcp : srtp_protect)(session, octets, &sealed) != srtp_err_status_ok)
        return length;
    return (size_t)sealed;
}

/* Garbage and sealed packets in buffers of exactly their length, under keys that change. */
static void try_srtp(void)
{
    srtp_contexts contexts = {0};
    void *peer = NULL;
    uint16_t sequence = 0;
    int opened = 0;
    for (int step = 0; step < 50000; step++) {
        if (step % 5000 == 0) {
            if (peer)
                srtp_dealloc(peer);
            uint8_t key = (uint8_t)chance(255);
            peer = open_session(ssrc_any_outbound, key);
            sequence = chance(2) ? sequence : 0;
            srtp_agree(&contexts, chance(2) ? contexts.sending : open_session(ssrc_any_outbound, 1),
                       open_session(ssrc_any_inbound, key));
        }
        bool is_control = chance(5) == 0;
        size_t length = chance(100);
        uint8_t *octets = random_octets(length + SRTP_TRAILER);
        if (chance(2))
            length = seal(peer, octets, length, sequence++, is_control);
        uint8_t *tight = malloc(length ? length : 1);
        memcpy(tight, octets, length);
        opened += srtp_open(&contexts, tight, &length, is_control) == SRTP_OPENED;
        free(tight);
        if (contexts.sending && length >= 40) {
            octets[0] = 0x80;
            (void)srtp_seal(&contexts, octets, &length, is_control);
        }
        free(octets);
    }
    assert(opened > 20000);
    srtp_dealloc(peer);
    srtp_release(&contexts);
    assert(!contexts.sending && !contexts.receiving.session && !contexts.before.session);
}

/* --- a running plane --------------------------------------------------------------------------------------------- */

static port *open_port(plane *plane, const address *local, const address *peer, g711_law law, bool is_secure)
{
    port *opened = calloc(1, sizeof *opened);
    assert(port_bind(opened, local, 33000, 33999, (uint16_t)(33000 + chance(900))));
    agreement agreed = {.agreed = true, .may_send = true, .may_receive = true, .codec = law == LAW_PCMA ? PAYLOAD_PCMA : PAYLOAD_PCMU, .event = PAYLOAD_EVENT, .telephone_event = 101};
    agreed.payload_type = law == LAW_PCMA ? 8 : 0;
    agreed.rtcp_port = (uint16_t)(address_port(peer) + 1);
    memset(agreed.kinds, PAYLOAD_PCMU, sizeof agreed.kinds / 2);
    memset(agreed.kinds + 64, PAYLOAD_EVENT, sizeof agreed.kinds / 2);
    plane_enter(plane);
    assert(plane_adopt(plane, opened));
    terms terms = {.announced = *peer};
    if (is_secure) {
        terms.sending = open_session(ssrc_any_outbound, 1);
        terms.receiving = open_session(ssrc_any_inbound, 2);
    }
    port_agree(opened, &agreed, &terms, plane_now_us());
    plane_leave(plane);
    return opened;
}

static void close_port(plane *plane, port *closed)
{
    plane_enter(plane);
    rtcp_leave(closed, plane->moment.tick, plane_now_us());
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
    void *sealing = to->srtp.sending ? open_session(ssrc_any_outbound, 2) : NULL;
    uint16_t sequence = (uint16_t)chance(65536);
    assert(address_read(&at, "127.0.0.1", to->number));
    for (int sent = 0; sent < packets; sent++) {
        size_t length = chance(3) ? 172 : chance(60);
        uint8_t *octets = random_octets(length + SRTP_TRAILER);
        bool is_control = chance(20) == 0;
        if (sealing && chance(2))
            length = seal(sealing, octets, length, sequence++, is_control);
        address_set_port(&at, (uint16_t)(to->number + is_control));
        for (uint32_t copies = chance(4) == 0; copies < 2; copies++) /* some are replayed */
            (void)!sendto(descriptor, octets, length, 0, &at.any, at.length);
        free(octets);
    }
    if (sealing)
        srtp_dealloc(sealing);
}

static void try_plane(void)
{
    static uint8_t samples[2 * 400];
    plane plane = {0};
    address local, peer = {.length = sizeof peer.v6};
    assert(address_read(&local, "127.0.0.1", 0));
    int far = socket(AF_INET, SOCK_DGRAM, 0);
    assert(bind(far, &local.any, local.length) == 0 && getsockname(far, &peer.any, &peer.length) == 0);
    assert(plane_start(&plane, 1, 50000, 100000));
    int told = 0;
    for (int round = 0; round < 12; round++) {
        port *one = open_port(&plane, &local, &peer, LAW_PCMU, round % 3 == 1);
        port *other = open_port(&plane, &local, &peer, LAW_PCMA, round % 3 > 0);
        plane_enter(&plane);
        mix *party = plane_open_mix(&plane);
        const mix_role roles[] = {{.is_heard = true, .hears = true}, {.is_heard = true, .only_by = one->id}};
        if (chance(2))
            plane_connect(one, other);
        else
            assert(mix_join(party, one, &roles[0]) && mix_join(party, other, &roles[chance(2)]));
        player_add_sound(&party->announcer, 3, samples, 400, 1);
        player_add_sound(&one->player, 1, samples, 400, chance(2));
        player_add_digits(&other->player, 2, "12");
        assert((one->tap = tap_open(1)) && (round % 2 || (other->tap = tap_open(3))));
        plane_leave(&plane);
        flood(far, one, 300);
        flood(far, other, 300);
        struct pollfd news = {.fd = plane.news[0], .events = POLLIN};
        assert(poll(&news, 1, 2000) == 1);
        told += drain(&plane);
        tap_frame frame;
        plane_enter(&plane);
        while (tap_take(one->tap, &frame))
            assert(frame.is_received == true || frame.is_received == false);
        plane_leave(&plane);
        close_port(&plane, one);
        flood(far, other, 20);
        plane_enter(&plane);
        plane_remove_mix(&plane, party);
        player_stop(&party->announcer);
        mix_tell_done(party, &plane.events);
        mix_close(party);
        assert(!other->member);
        plane_leave(&plane);
        close_port(&plane, other);
    }
    told += drain(&plane);
    assert(told >= 36); /* every playback's end, at least */
    plane_stop(&plane);
    plane_free(&plane);
    close(far);
}

/* Ports go to and fro between two running planes, alone and joined, while packets come; every end is told once. */
static void try_moves(void)
{
    static uint8_t samples[2 * 400];
    plane planes[2] = {0};
    address local, peer = {.length = sizeof peer.v6};
    assert(address_read(&local, "127.0.0.1", 0));
    int far = socket(AF_INET, SOCK_DGRAM, 0);
    assert(bind(far, &local.any, local.length) == 0 && getsockname(far, &peer.any, &peer.length) == 0);
    assert(plane_start(&planes[0], 1, 50000, 100000) && plane_start(&planes[1], 2, 50000, 100000));
    enum { PORTS = 70, ROUNDS = 20 }; /* more than a table's first room */
    port *moving[PORTS];
    int at[PORTS] = {0}, told = 0;
    for (int number = 0; number < PORTS; number++)
        moving[number] = open_port(&planes[0], &local, &peer, LAW_PCMU, number % 7 == 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int number = round % 3; number < PORTS; number += 3) {
            plane *from = &planes[at[number]], *to = &planes[1 - at[number]];
            plane_enter_both(from, to);
            assert(plane_find(from, moving[number]->id) == moving[number]);
            player_add_sound(&moving[number]->player, 1, samples, chance(400), 1);
            assert(plane_move(from, to, moving[number]));
            assert(!plane_find(from, moving[number]->id) && plane_find(to, moving[number]->id) == moving[number]);
            at[number] = 1 - at[number];
            if (number > 0 && at[number] == at[number - 1])
                plane_connect(moving[number], moving[number - 1]);
            plane_leave(from);
            plane_leave(to);
            if (number % 10 == 0)
                flood(far, moving[number], 20);
        }
        told += drain(&planes[round % 2]);
    }
    for (int number = 0; number < PORTS; number++)
        close_port(&planes[at[number]], moving[number]);
    told += drain(&planes[0]) + drain(&planes[1]);
    assert(told >= ROUNDS * (PORTS / 3));
    for (int number = 0; number < 2; number++) {
        assert(planes[number].ports.count == 0);
        plane_stop(&planes[number]);
        plane_free(&planes[number]);
    }
    close(far);
}

int main(int count, char **arguments)
{
    state = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    g711_prepare();
    try_packets();
    try_player();
    try_reports();
    try_reports_of_the_peer();
    try_time_that_seems_to_run_back();
    use_libsrtp();
    try_srtp();
    try_plane();
    try_moves();
    srtp_shutdown();
    return 0;
}
