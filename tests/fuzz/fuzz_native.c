/* Fuzz target: datagrams for two joined media ports, with ticks, agreements, keys and playbacks between them, all after
 * one script of bytes. No socket is opened: the calls are wrapped (--wrap) and end here.
 *
 * The oracle: sanitizers are silent, octets behind a datagram are never read, what is sent is RTP or RTCP in itself,
 * and what is counted adds up. */
#include <assert.h>
#include <dlfcn.h>
#include <math.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "g722.h"
#include "port.h"
#include "relay.h"
#include "rtcp.h"

enum { FIRST_SOCKET = 1 << 20, PORTS = 2, SOURCES = 4, TAG = 10, LONGEST_TAG = 148, MOST_STEPS = 400 };

static const uint8_t *script, *script_end;
static port *ports[PORTS];
static address sources[SOURCES];
static event_ring events;
static moment now;
static uint64_t datagrams[PORTS];
static int live_sessions;

/* --- the script -------------------------------------------------------------------------------------------------- */

static uint8_t next_byte(void)
{
    return script < script_end ? *script++ : 0;
}

static size_t take(uint8_t *to, size_t length)
{
    size_t left = (size_t)(script_end - script);
    length = length < left ? length : left;
    if (length > 0)
        memcpy(to, script, length);
    script += length;
    return length;
}

/* --- sockets that are none --------------------------------------------------------------------------------------- */

static struct {
    uint8_t octets[PACKET_LIMIT + 64];
    size_t length;
    const address *source;
} waiting;
static uint8_t *poisoned;
static size_t poisoned_length;

ssize_t __wrap_recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *);
ssize_t __wrap_recv(int, void *, size_t, int);
ssize_t __wrap_sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
ssize_t __wrap_send(int, const void *, size_t, int);
int __wrap_connect(int, const struct sockaddr *, socklen_t);
int __wrap_close(int);
int __real_close(int);

ssize_t __wrap_recvfrom(int descriptor, void *to, size_t room, int flags, struct sockaddr *from, socklen_t *length)
{
    (void)descriptor, (void)flags;
    size_t taken = waiting.length < room ? waiting.length : room;
    memcpy(to, waiting.octets, taken);
    if (from) {
        memcpy(from, &waiting.source->any, waiting.source->length);
        *length = waiting.source->length;
    }
    /* Poison begins at a whole word; a few octets behind an odd datagram go unwatched. */
    poisoned = (uint8_t *)to + (taken + 7) / 8 * 8;
    poisoned_length = room - (size_t)(poisoned - (uint8_t *)to);
    if (poisoned_length > room)
        poisoned_length = 0;
    ASAN_POISON_MEMORY_REGION(poisoned, poisoned_length);
    return (ssize_t)taken;
}

ssize_t __wrap_recv(int descriptor, void *to, size_t room, int flags)
{
    return __wrap_recvfrom(descriptor, to, room, flags, NULL, NULL);
}

static void forget_poison(void)
{
    ASAN_UNPOISON_MEMORY_REGION(poisoned, poisoned_length);
    poisoned_length = 0;
}

static void check_rtp(const port *from, const uint8_t *octets, size_t length)
{
    if (from->srtp.sending)
        return;
    uint8_t *copy = malloc(length);
    memcpy(copy, octets, length);
    rtp_packet packet;
    assert(rtp_parse(copy, length, &packet) && packet.ssrc == from->sender.ssrc);
    free(copy);
}

static void check_rtcp(const port *from, const uint8_t *octets, size_t length)
{
    size_t end = from->srtp.sending ? length - LONGEST_TAG : length, at = 0;
    while (at < end) {
        assert(octets[at] >> 6 == 2);
        at += 4 + 4u * rtp_load16(octets + at + 2);
    }
    assert(at == end);
}

ssize_t __wrap_sendto(int descriptor, const void *octets, size_t length, int flags, const struct sockaddr *to,
                      socklen_t to_length)
{
    (void)flags;
    const port *from = ports[(descriptor - FIRST_SOCKET) / 2];
    assert(length <= PACKET_LIMIT + SRTP_TRAILER);
    assert(!to || to_length > 0);
    if (descriptor == from->rtp_socket)
        check_rtp(from, octets, length);
    else
        check_rtcp(from, octets, length);
    return (ssize_t)length;
}

ssize_t __wrap_send(int descriptor, const void *octets, size_t length, int flags)
{
    return __wrap_sendto(descriptor, octets, length, flags, NULL, 0);
}

int __wrap_connect(int descriptor, const struct sockaddr *to, socklen_t length)
{
    (void)descriptor, (void)to, (void)length;
    return 0;
}

int __wrap_close(int descriptor)
{
    return descriptor >= FIRST_SOCKET ? 0 : __real_close(descriptor);
}

/* --- SRTP that is none: a tag whose last octet says what libsrtp would, so that no proof stands in the fuzzer's way - */

typedef struct {
    uint32_t removed;
} session;

static int protect(void *session, void *packet, int *length)
{
    (void)session;
    memset((uint8_t *)packet + *length, 0x55, LONGEST_TAG);
    *length += LONGEST_TAG;
    return 0;
}

static int unprotect(void *used, void *packet, int *length)
{
    enum { FAILED = 7, REPLAYED = 9 };
    assert(used);
    if (*length < RTP_HEADER + TAG)
        return FAILED;
    uint8_t last = ((const uint8_t *)packet)[*length - 1];
    if (last & 0xc0)
        return last & 0x80 ? FAILED : REPLAYED;
    *length -= TAG;
    return 0;
}

static int remove_stream(void *used, uint32_t ssrc)
{
    (void)ssrc;
    ((session *)used)->removed++;
    return 0;
}

static int dealloc(void *used)
{
    free(used);
    live_sessions--;
    return 0;
}

static void *open_session(void)
{
    live_sessions++;
    return calloc(1, sizeof(session));
}

/* --- steps ------------------------------------------------------------------------------------------------------- */

static void check_counts(void)
{
    for (int at = 0; at < PORTS; at++) {
        const port *one = ports[at];
        uint64_t counted = one->received + one->malformed + one->unwanted + one->strangers + one->unauthenticated +
                           one->replayed;
        assert(counted <= datagrams[at]);
        assert(isfinite(one->source.jitter) && one->source.jitter >= 0);
        assert(rtp_source_lost(&one->source) <= rtp_source_expected(&one->source));
    }
    event told;
    while (event_ring_pop(&events, &told))
        if (told.kind == EVENT_DIGIT)
            assert(telephone_event_code(told.digit) >= 0 && told.duration >= 0 && told.duration < 1e6);
}

static void receive(int which)
{
    datagrams[which]++;
    port_receive(ports[which], &now);
    forget_poison();
}

static void receive_noise(uint8_t how)
{
    waiting.source = &sources[how >> 1 & 3];
    waiting.length = take(waiting.octets, next_byte() * (how & 0x80 ? 9u : 1u));
    receive(how & 1);
}

/* A packet with a header that may well be the next of its stream, and any payload. */
static void receive_packet(uint8_t how)
{
    static const uint8_t types[] = {0, 8, 101, 13, 9, 96, 98, 13};
    static uint16_t sequence;
    static uint32_t timestamp;
    sequence = (uint16_t)(sequence + (int8_t)next_byte());
    timestamp += (uint32_t)(int8_t)next_byte() * 160u;
    uint8_t *octets = waiting.octets;
    rtp_packet packet = {.payload_type = types[how >> 3 & 7], .marker = sequence & 1};
    packet.sequence = sequence;
    packet.timestamp = timestamp;
    packet.ssrc = how >> 6;
    rtp_write_header(octets, &packet);
    waiting.source = &sources[how >> 1 & 3];
    waiting.length = RTP_HEADER + take(octets + RTP_HEADER, next_byte() & 0x3f);
    receive(how & 1);
}

/* Makes octets into a report about us, as far as they go. */
static void make_report(uint8_t *octets, size_t length, uint8_t how)
{
    bool is_sender = how & 1;
    size_t block = is_sender ? 28 : 8;
    if (length < block + 24)
        return;
    octets[0] = (uint8_t)(0x80 | (how >> 1 & 3));
    octets[1] = is_sender ? 200 : 201;
    rtp_store16(octets + 2, (uint16_t)(length / 4 - 1));
    rtp_store32(octets + block, ports[0]->sender.ssrc);
    rtp_store32(octets + block + 16, ports[0]->reports.sent[how >> 3 & 3].middle);
}

static void receive_control(uint8_t how)
{
    waiting.source = &sources[how >> 2 & 3];
    waiting.length = take(waiting.octets, next_byte());
    if (how & 2)
        make_report(waiting.octets, waiting.length, next_byte());
    datagrams[how & 1]++;
    port_receive_control(ports[how & 1], &now);
    forget_poison();
}

static void tick(uint8_t how)
{
    for (int step = how & 0x1f; step >= 0; step--) {
        now.tick++;
        now.now_us += 20000;
        for (int at = 0; at < PORTS; at++) {
            port_tick(ports[at], &now);
            rtcp_tick(ports[at], &now);
        }
    }
    if (how & 0x80)
        now.now_us += (uint64_t)next_byte() << 20;
}

static void agree(uint8_t how)
{
    port *one = ports[how & 1];
    uint8_t more = next_byte();
    agreement agreed = {.agreed = true, .may_send = how & 2, .may_receive = how & 4, .telephone_event = -1};
    static const payload_kind codecs[] = {PAYLOAD_PCMU, PAYLOAD_PCMA, PAYLOAD_G722, PAYLOAD_OPUS};
    agreed.codec = codecs[how >> 5 & 3];
    agreed.payload_type = how & 8 ? 8 : 0;
    agreed.kinds[0] = PAYLOAD_PCMU;
    agreed.kinds[8] = PAYLOAD_PCMA;
    agreed.kinds[9] = PAYLOAD_G722;
    agreed.kinds[96] = PAYLOAD_OPUS;
    agreed.kinds[13] = PAYLOAD_NOISE;
    agreed.kinds[98] = PAYLOAD_NOISE_16000;
    agreed.comfort_noise = more & 128 ? 13 : -1;
    agreed.noise = how & 8 ? PAYLOAD_NOISE : PAYLOAD_NOISE_16000;
    if (how & 16) {
        agreed.telephone_event = 101;
        agreed.event = how & 8 ? PAYLOAD_EVENT : PAYLOAD_EVENT_48000;
        agreed.kinds[101] = agreed.event;
    }
    agreed.rtcp_port = more & 1 ? 5001 : 0;
    terms terms = {.announced = sources[more >> 1 & 3]};
    if (more & 8)
        terms.announced.length = 0;
    if (more & 16) {
        terms.sending = more & 32 && one->srtp.sending ? one->srtp.sending : open_session();
        terms.receiving = more & 64 && one->srtp.receiving.session ? one->srtp.receiving.session : open_session();
    }
    port_agree(one, &agreed, &terms, now.now_us);
}

static void play(uint8_t how)
{
    static const uint8_t samples[2 * 400] = {1, 2, 3};
    player *player = &ports[how & 1]->player;
    if (how & 2)
        player_add_sound(player, 1, samples, how >> 2 & 1 ? 400 : 7, how >> 3 & 3);
    else if (how & 4)
        player_add_digits(player, 2, "1wW#a*");
    else
        player_stop(player);
}

/* A listener comes or goes; one takes what waits. */
static void overhear(uint8_t how)
{
    port *one = ports[how & 1];
    tap_frame frame;
    if (!one->tap)
        one->tap = tap_open(1);
    while (how & 2 && tap_take(one->tap, &frame))
        assert(!frame.is_noise || frame.is_received);
    if (how & 4) {
        tap_close(one->tap);
        one->tap = NULL;
    }
}

static void join(uint8_t how)
{
    for (int at = 0; at < PORTS; at++)
        ports[at]->partner = how & 1 ? ports[1 - at] : NULL;
}

static void step(void)
{
    static void (*const steps[])(uint8_t) = {receive_noise, receive_packet, receive_packet, receive_packet,
                                             receive_control, tick,         agree,          play,
                                             join,          overhear};
    uint8_t which = next_byte();
    steps[which % (sizeof steps / sizeof *steps)](next_byte());
    check_counts();
}

/* --- the beginning and the end ------------------------------------------------------------------------------------ */

static void *function(const char *file, const char *name)
{
    void *library = dlopen(file, RTLD_NOW), *found = library ? dlsym(library, name) : NULL;
    assert(found);
    return found;
}

/* The real ones: what they are given must be such that they take any octets. */
static void use_codecs(void)
{
    static const char spandsp[] = "libspandsp.so.2", libopus[] = "libopus.so.0";
    g722_library g722;
    opus_library opus;
    *(void **)&g722.encode_init = function(spandsp, "g722_encode_init");
    *(void **)&g722.encode = function(spandsp, "g722_encode");
    *(void **)&g722.encode_free = function(spandsp, "g722_encode_free");
    *(void **)&g722.decode_init = function(spandsp, "g722_decode_init");
    *(void **)&g722.decode = function(spandsp, "g722_decode");
    *(void **)&g722.decode_free = function(spandsp, "g722_decode_free");
    *(void **)&opus.encoder_create = function(libopus, "opus_encoder_create");
    *(void **)&opus.encoder_ctl = function(libopus, "opus_encoder_ctl");
    *(void **)&opus.encode = function(libopus, "opus_encode");
    *(void **)&opus.encoder_destroy = function(libopus, "opus_encoder_destroy");
    *(void **)&opus.decoder_create = function(libopus, "opus_decoder_create");
    *(void **)&opus.decode = function(libopus, "opus_decode");
    *(void **)&opus.decoder_destroy = function(libopus, "opus_decoder_destroy");
    g722_use(&g722);
    opus_use(&opus);
    halfband_prepare();
}

static void begin(void)
{
    if (!opus_is_usable())
        use_codecs();

    static const srtp_library library = {protect, unprotect, protect, unprotect, remove_stream, dealloc};
    srtp_use(&library);
    assert(address_read(&sources[0], "192.0.2.9", 4000) && address_read(&sources[1], "192.0.2.9", 4002));
    assert(address_read(&sources[2], "198.51.100.7", 4000) && address_read(&sources[3], "2001:db8::9", 4000));
    now = (moment){.now_us = 1000000, .silence_us = 500000, .report_ticks = 50, .events = &events};
    for (int at = 0; at < PORTS; at++) {
        ports[at] = calloc(1, sizeof(port));
        ports[at]->id = (uint64_t)at + 1;
        ports[at]->rtp_socket = FIRST_SOCKET + 2 * at;
        ports[at]->rtcp_socket = FIRST_SOCKET + 2 * at + 1;
        port_begin(ports[at], (const uint64_t[4]){7, 8, 9, 10}, now.now_us);
        datagrams[at] = 0;
    }
    join(1);
}

static void end(void)
{
    for (int at = 0; at < PORTS; at++) {
        rtcp_leave(ports[at], now.tick, now.now_us);
        player_stop(&ports[at]->player);
        port_tell_done(ports[at], &events);
        port_close(ports[at]);
        free(ports[at]);
    }
    event told;
    while (event_ring_pop(&events, &told))
        ;
    event_ring_free(&events);
    events = (event_ring){0};
    assert(live_sessions == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script = data;
    script_end = data + size;
    begin();
    for (int steps = 0; script < script_end && steps < MOST_STEPS; steps++)
        step();
    end();
    return 0;
}
