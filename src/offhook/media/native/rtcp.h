/* RTCP that a port sends of itself: SR or RR with SDES (RFC 3550 §6), every five seconds; BYE at the end. */
#ifndef OFFHOOK_RTCP_H
#define OFFHOOK_RTCP_H

#include "port.h"

enum { REPORT_TICKS = 250, RTCP_LIMIT = 128 };

/* Sends a report when one is due. */
void rtcp_tick(port *port, const moment *moment);

/* Says goodbye: a last report and BYE. */
void rtcp_leave(port *port, const moment *moment);

/* Writes a compound packet; returns its length. `to` has RTCP_LIMIT octets. */
size_t rtcp_write(uint8_t *to, port *port, uint64_t ntp, bool is_leaving, uint32_t timestamp);

#endif
