/* RTCP that a port sends of itself: SR or RR with SDES (RFC 3550 §6) now and then; BYE at the end. */
#ifndef OFFHOOK_RTCP_H
#define OFFHOOK_RTCP_H

#include "port.h"

enum { RTCP_LIMIT = 128 };

/* Sends a report when one is due. */
void rtcp_tick(port *port, const moment *moment);

/* Says goodbye: a last report and BYE. Not by the plane's moment, whose time its thread reads without the lock. */
void rtcp_leave(port *port, uint64_t tick, uint64_t now_us);

/* When a report is written, on three clocks. */
typedef struct {
    uint64_t ntp, now_us;
    uint32_t timestamp;
} report_moment;

/* Writes a compound packet; returns its length. `to` has RTCP_LIMIT octets. */
size_t rtcp_write(uint8_t *to, port *port, const report_moment *at, bool is_leaving);

#endif
