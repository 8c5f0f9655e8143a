#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

enum { EXPEDITED_FORWARDING = 46 << 2 }; /* the DSCP of voice, RFC 4594 */

static bool prepare(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

static void close_keeping_errno(int descriptor)
{
    int saved = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = saved;
}

static int bind_one(const address *local, uint16_t number)
{
    address at = *local;
    address_set_port(&at, number);
    int descriptor = socket(at.any.sa_family, SOCK_DGRAM, 0);
    if (descriptor < 0)
        return -1;
    if (!prepare(descriptor) || bind(descriptor, &at.any, at.length) != 0) {
        close_keeping_errno(descriptor);
        return -1;
    }
    /* Best effort: a network that ignores DSCP carries the call all the same. */
    int mark = EXPEDITED_FORWARDING;
    bool is_v6 = at.any.sa_family == AF_INET6;
    setsockopt(descriptor, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_TCLASS : IP_TOS, &mark, sizeof mark);
    return descriptor;
}

bool socket_bind_pair(const address *local, uint16_t low, uint16_t high, uint16_t start, int pair[2], uint16_t *number)
{
    uint32_t first = (low + 1u) & ~1u;
    if (first + 1 > high) {
        errno = EADDRINUSE;
        return false;
    }
    uint32_t pairs = (high + 1u - first) / 2;
    uint32_t begin = start > first ? (start - first) / 2u % pairs : 0;
    for (uint32_t tried = 0; tried < pairs; tried++) {
        uint32_t even = first + 2 * ((begin + tried) % pairs);
        pair[0] = bind_one(local, (uint16_t)even);
        pair[1] = pair[0] >= 0 ? bind_one(local, (uint16_t)(even + 1)) : -1;
        if (pair[1] >= 0) {
            *number = (uint16_t)even;
            return true;
        }
        close_keeping_errno(pair[0]);
        if (errno != EADDRINUSE && errno != EACCES)
            return false;
    }
    errno = EADDRINUSE;
    return false;
}

bool socket_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        return false;
    if (prepare(ends[0]) && prepare(ends[1]))
        return true;
    close_keeping_errno(ends[0]);
    close_keeping_errno(ends[1]);
    return false;
}

void socket_wire(int descriptor, const address *peer)
{
    /* Saves a route look-up for each packet, and the kernel turns strangers away. Not needed for correctness. */
    (void)!connect(descriptor, &peer->any, peer->length);
}

void socket_unwire(int descriptor)
{
    struct sockaddr nobody;
    memset(&nobody, 0, sizeof nobody);
    nobody.sa_family = AF_UNSPEC;
    (void)!connect(descriptor, &nobody, sizeof nobody);
}
