/* Opus by libopus (RFC 6716): one channel, samples of 16 kHz, packets of 2.5 to 120 ms. */
#ifndef OFFHOOK_OPUS_H
#define OFFHOOK_OPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OPUS_PAYLOAD_MOST = 1000, /* octets that we make: more than 60 ms ever need */
};

typedef struct {
    void *(*encoder_create)(int32_t, int, int, int *);
    int (*encoder_ctl)(void *, int, ...);
    int32_t (*encode)(void *, const int16_t *, int, unsigned char *, int32_t);
    void (*encoder_destroy)(void *);
    void *(*decoder_create)(int32_t, int, int *);
    int (*decode)(void *, const unsigned char *, int32_t, int16_t *, int, int);
    void (*decoder_destroy)(void *);
} opus_library;

void opus_use(const opus_library *library);
bool opus_is_usable(void);

/* NULL when memory is out. */
void *opus_open_encoder(void);
void *opus_open_decoder(void);
void opus_close_encoder(void *encoder);
void opus_close_decoder(void *decoder);

/* How many of `count` samples one packet can hold; 0 when they are fewer than the least. */
size_t opus_fitting(size_t count);

/* Encodes so many; returns how many octets, 0 on failure. */
size_t opus_write(void *encoder, const int16_t *samples, size_t count, uint8_t to[OPUS_PAYLOAD_MOST]);

/* Decodes; returns how many samples, at most `room`, 0 for what is no Opus. */
size_t opus_read(void *decoder, const uint8_t *octets, size_t length, int16_t *to, size_t room);

#endif
