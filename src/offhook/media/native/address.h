/* Socket addresses of both families as one small value. */
#ifndef OFFHOOK_ADDRESS_H
#define OFFHOOK_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t length; /* 0: no address */
} address;

enum { ADDRESS_TEXT = INET6_ADDRSTRLEN + 8 };

/* Reads a numeric host; false when it is of neither family. */
bool address_read(address *into, const char *host, uint16_t port);

/* Writes host:port, or [host]:port. */
void address_print(const address *from, char to[ADDRESS_TEXT]);

uint16_t address_port(const address *from);
void address_set_port(address *into, uint16_t port);
bool address_equal(const address *one, const address *other);
bool address_same_host(const address *one, const address *other);

#endif
