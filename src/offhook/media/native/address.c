#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool address_read(address *into, const char *host, uint16_t port)
{
    memset(into, 0, sizeof *into);
    if (inet_pton(AF_INET, host, &into->v4.sin_addr) == 1) {
        into->v4.sin_family = AF_INET;
        into->length = sizeof into->v4;
    } else if (inet_pton(AF_INET6, host, &into->v6.sin6_addr) == 1) {
        into->v6.sin6_family = AF_INET6;
        into->length = sizeof into->v6;
    } else {
        return false;
    }
    address_set_port(into, port);
    return true;
}

void address_print(const address *from, char to[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    bool is_v6 = from->any.sa_family == AF_INET6;
    const void *octets = is_v6 ? (const void *)&from->v6.sin6_addr : (const void *)&from->v4.sin_addr;
    if (from->length == 0 || !inet_ntop(from->any.sa_family, octets, host, sizeof host))
        to[0] = '\0';
    else
        snprintf(to, ADDRESS_TEXT, is_v6 ? "[%s]:%u" : "%s:%u", host, (unsigned)address_port(from));
}

uint16_t address_port(const address *from)
{
    return ntohs(from->any.sa_family == AF_INET6 ? from->v6.sin6_port : from->v4.sin_port);
}

void address_set_port(address *into, uint16_t port)
{
    if (into->any.sa_family == AF_INET6)
        into->v6.sin6_port = htons(port);
    else
        into->v4.sin_port = htons(port);
}

bool address_same_host(const address *one, const address *other)
{
    if (one->length == 0 || other->length == 0 || one->any.sa_family != other->any.sa_family)
        return false;
    if (one->any.sa_family == AF_INET)
        return one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
    return memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, sizeof one->v6.sin6_addr) == 0;
}

bool address_equal(const address *one, const address *other)
{
    return address_same_host(one, other) && address_port(one) == address_port(other);
}
