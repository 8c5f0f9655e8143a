/* G.722 at 64 kbit/s by spandsp: two samples of 16 kHz to an octet. */
#ifndef OFFHOOK_G722_H
#define OFFHOOK_G722_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    void *(*encode_init)(void *, int, int);
    int (*encode)(void *, uint8_t *, const int16_t *, int);
    int (*encode_free)(void *);
    void *(*decode_init)(void *, int, int);
    int (*decode)(void *, int16_t *, const uint8_t *, int);
    int (*decode_free)(void *);
} g722_library;

void g722_use(const g722_library *library);
bool g722_is_usable(void);

/* NULL when memory is out. */
void *g722_open_encoder(void);
void *g722_open_decoder(void);
void g722_close_encoder(void *encoder);
void g722_close_decoder(void *decoder);

/* Encodes an even number of samples; returns how many octets. */
size_t g722_write(void *encoder, const int16_t *samples, size_t count, uint8_t *to);

/* Decodes; returns how many samples, twice as many. */
size_t g722_read(void *decoder, const uint8_t *octets, size_t length, int16_t *to);

#endif
