/* UDP sockets for media: non-blocking, bound in pairs, marked for expedited forwarding. */
#ifndef OFFHOOK_SOCKET_H
#define OFFHOOK_SOCKET_H

#include "address.h"

/* Binds an even port and the odd one above it within low to high; false with errno set. */
bool socket_bind_pair(const address *local, uint16_t low, uint16_t high, uint16_t start, int pair[2], uint16_t *number);

/* A pipe whose ends are non-blocking and closed on exec. */
bool socket_pipe(int ends[2]);

void socket_wire(int descriptor, const address *peer);

/* Undoes socket_wire; the local address stays bound. */
void socket_unwire(int descriptor);

#endif
