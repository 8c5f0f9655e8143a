/* How long ago something was, on the plane's clock. */
#ifndef OFFHOOK_ELAPSED_H
#define OFFHOOK_ELAPSED_H

#include <stdint.h>

/* Nothing when `since` is later: a tick reads the time before it has the lock, and commands come in between. */
static inline uint64_t elapsed_us(uint64_t now_us, uint64_t since_us)
{
    return now_us > since_us ? now_us - since_us : 0;
}

#endif
