/* The tone detector by itself: 16-bit samples on standard input, each key that it hears as a line of output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtmf.h"

int main(void)
{
    dtmf_listener listener = {0};
    dtmf_key key;
    uint64_t now_us = 0;
    size_t count;
    uint8_t frame[2 * DTMF_MOST];
    while ((count = fread(frame, 2, DTMF_MOST, stdin)) > 0) {
        uint8_t *tight = malloc(2 * count);
        memcpy(tight, frame, 2 * count);
        if (dtmf_hear(&listener, tight, count, now_us, &key))
            printf("%c %.4f\n", key.digit, key.duration);
        free(tight);
        now_us += 20000;
    }
    if (dtmf_expire(&listener, now_us + 1000000, &key))
        printf("%c %.4f\n", key.digit, key.duration);
    return 0;
}
