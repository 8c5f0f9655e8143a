/* G.711: both laws to and from 16-bit samples, and one law to the other; offhook.audio.g711 is the definition. */
#ifndef OFFHOOK_G711_H
#define OFFHOOK_G711_H

#include <stddef.h>
#include <stdint.h>

typedef enum { LAW_PCMU = 0, LAW_PCMA = 1 } g711_law;

/* Fills the tables; call once before anything else here. */
void g711_prepare(void);

/* Encodes `count` little-endian 16-bit samples; `samples` needs no alignment. */
void g711_encode(g711_law law, const uint8_t *samples, size_t count, uint8_t *to);

/* Decodes `count` octets to little-endian 16-bit samples. */
void g711_decode(g711_law law, const uint8_t *octets, size_t count, uint8_t *to);

/* Turns octets of the other law into `law`, in place. */
void g711_transcode(g711_law law, uint8_t *octets, size_t count);

/* The octet that is silence. */
uint8_t g711_silence(g711_law law);

#endif
