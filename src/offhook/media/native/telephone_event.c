#include "telephone_event.h"

#include <string.h>

#include "elapsed.h"

static const char DIGITS[] = "0123456789*#ABCD"; /* RFC 4733 §3.2, by event code */

enum { VOLUME = 10, SEGMENT_FULL = 0xf000 }; /* -10 dBm0; a segment near the end of its 16-bit duration */

void key_listener_begin(key_listener *listener, uint64_t now_us)
{
    *listener = (key_listener){.credit = KEY_CREDIT, .credit_us = now_us};
}

static bool spend_credit(key_listener *listener, uint64_t now_us)
{
    uint64_t earned = elapsed_us(now_us, listener->credit_us) / KEY_CREDIT_US;
    if (earned > 0) {
        listener->credit = earned + listener->credit > KEY_CREDIT ? KEY_CREDIT : (uint8_t)(listener->credit + earned);
        listener->credit_us = now_us;
    }
    if (listener->credit == 0)
        return false;
    listener->credit--;
    return true;
}

static int release(key_listener *listener, uint64_t now_us, key_press *pressed)
{
    listener->held = false;
    if (!spend_credit(listener, now_us))
        return 0;
    pressed->digit = DIGITS[listener->event];
    pressed->duration = (double)(listener->earlier + listener->duration) / RTP_CLOCK_RATE;
    return 1;
}

/* A key held beyond 65535 units goes on under a new timestamp (RFC 4733 §2.5.1.3): not a second press. */
static bool continues(const key_listener *listener, const rtp_packet *packet, uint8_t event)
{
    return listener->held && event == listener->event && !packet->marker && listener->duration >= SEGMENT_FULL &&
           packet->timestamp - listener->timestamp <= 0x10000;
}

static bool is_stale(const key_listener *listener, const rtp_packet *packet)
{
    return listener->known && listener->ssrc == packet->ssrc && (int32_t)(packet->timestamp - listener->timestamp) < 0;
}

int key_listener_receive(key_listener *listener, const rtp_packet *packet, uint64_t now_us, key_press pressed[2])
{
    if (packet->payload_length < TELEPHONE_EVENT_PAYLOAD || packet->payload[0] >= sizeof DIGITS - 1)
        return 0;
    if (is_stale(listener, packet))
        return 0;
    uint8_t event = packet->payload[0];
    bool is_end = packet->payload[1] >> 7;
    uint16_t duration = rtp_load16(packet->payload + 2);
    int count = 0;
    if (!listener->known || listener->ssrc != packet->ssrc || listener->timestamp != packet->timestamp) {
        uint32_t earlier = 0;
        if (continues(listener, packet, event))
            earlier = listener->earlier + listener->duration;
        else if (listener->held)
            count = release(listener, now_us, pressed); /* its end packets are lost */
        listener->known = listener->held = true;
        listener->ssrc = packet->ssrc;
        listener->timestamp = packet->timestamp;
        listener->event = event;
        listener->duration = 0;
        listener->earlier = earlier;
    }
    if (!listener->held)
        return count; /* an end packet's repetition */
    listener->heard_us = now_us;
    if (duration > listener->duration)
        listener->duration = duration;
    return is_end ? count + release(listener, now_us, pressed + count) : count;
}

bool key_listener_expire(key_listener *listener, uint64_t now_us, key_press *pressed)
{
    if (!listener->held || elapsed_us(now_us, listener->heard_us) < KEY_LOST_US)
        return false;
    return release(listener, now_us, pressed) == 1;
}

int telephone_event_code(char digit)
{
    if (digit >= 'a' && digit <= 'd')
        digit = (char)(digit - 'a' + 'A');
    const char *found = digit ? strchr(DIGITS, digit) : NULL;
    return found ? (int)(found - DIGITS) : -1;
}

void telephone_event_write(uint8_t to[TELEPHONE_EVENT_PAYLOAD], int code, bool is_end, uint16_t duration)
{
    to[0] = (uint8_t)code;
    to[1] = (uint8_t)((is_end ? 0x80 : 0) | VOLUME);
    rtp_store16(to + 2, duration);
}

void telephone_event_stretch(uint8_t payload[TELEPHONE_EVENT_PAYLOAD], uint32_t times, uint32_t by)
{
    uint32_t duration = rtp_load16(payload + 2) * times / by;
    rtp_store16(payload + 2, duration > UINT16_MAX ? UINT16_MAX : (uint16_t)duration);
}
