/* RFC 4733 named events 0 to 15: many packets to one key press, and one key to the payload of many packets. */
#ifndef OFFHOOK_TELEPHONE_EVENT_H
#define OFFHOOK_TELEPHONE_EVENT_H

#include "rtp.h"

enum {
    TELEPHONE_EVENT_PAYLOAD = 4,
    KEY_LOST_US = 200000, /* a key without news for this long has been let go: its end packets are lost */
    KEY_CREDIT = 32,      /* key presses in a burst; afterwards one more every KEY_CREDIT_US */
    KEY_CREDIT_US = 40000,
};

/* One key, once: how long it was held, in seconds. */
typedef struct {
    char digit;
    double duration;
} key_press;

typedef struct {
    bool known;  /* an event of this SSRC has been seen */
    bool held;   /* and its end has not */
    uint32_t ssrc;
    uint32_t timestamp; /* of the event's present segment */
    uint8_t event;
    uint16_t duration;
    uint32_t earlier; /* duration of the segments before (RFC 4733 §2.5.1.3) */
    uint64_t heard_us;
    uint8_t credit;
    uint64_t credit_us;
} key_listener;

void key_listener_begin(key_listener *listener, uint64_t now_us);

/* Takes one telephone-event packet; returns how many key presses (0 to 2) it completed. */
int key_listener_receive(key_listener *listener, const rtp_packet *packet, uint64_t now_us, key_press pressed[2]);

/* Lets go of a key that has had no news for KEY_LOST_US. */
bool key_listener_expire(key_listener *listener, uint64_t now_us, key_press *pressed);

/* The event code of a digit `0-9 * # A-D` (either case), or -1. */
int telephone_event_code(char digit);

/* Turns a payload's duration into that of a clock that is `times` as fast, or by `times / by`. */
void telephone_event_stretch(uint8_t payload[TELEPHONE_EVENT_PAYLOAD], uint32_t times, uint32_t by);

void telephone_event_write(uint8_t to[TELEPHONE_EVENT_PAYLOAD], int code, bool is_end, uint16_t duration);

#endif
