/* Finds voice: sound that stands out from the noise of the line and moves as speech does, however loud that noise is.
 *
 * Of each 20 ms the spectrum is looked at in eight bands. The noise of a band is the least that was in it lately (minimum
 * statistics). What is above it in enough bands is sound; sound is voice when there are 200 ms of it and it is in motion:
 * fans, hum and tones of signalling stand still, clicks are short. */
#ifndef OFFHOOK_VOICE_ACTIVITY_H
#define OFFHOOK_VOICE_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VOICE_FRAME = 160, /* samples: 20 ms */
    VOICE_BANDS = 8,
    VOICE_STRETCHES = 5, /* in which the least is looked for ... */
    VOICE_STRETCH = 16,  /* ... of so many frames: 1.6 s in all */
    VOICE_LAG = 4,       /* frames between which motion is seen */
    VOICE_WINDOW = 16,   /* frames that a decision goes by */
};

typedef struct {
    float smooth[VOICE_BANDS]; /* power */
    float least[VOICE_STRETCHES][VOICE_BANDS]; /* level in dB; the newest stretch is being filled */
    float above[2][VOICE_BANDS], smooth_above[VOICE_LAG][VOICE_BANDS]; /* the noise, in dB: in the last frames */
    float motion[VOICE_WINDOW];
    uint32_t active; /* frames in which there was sound, the newest in the lowest bit */
    unsigned stretch, filled, frames, since_active;
    bool is_voice;
    float said[VOICE_WINDOW]; /* how loud we were */
} voice_activity;

typedef enum {
    VOICE_NONE = 0,
    VOICE_SOUND = 1, /* something is there that is not the noise of the line */
    VOICE_SPOKEN = 3, /* and somebody speaks, as of now */
} voice_verdict;

void voice_activity_prepare(void);

void voice_activity_begin(voice_activity *voice);

/* Takes 20 ms of what is heard and of what is said to the peer, of which an echo may come back, 16-bit little-endian;
 * `is_noise` when what is heard is comfort noise: the noise of the line, as the peer tells of it. */
voice_verdict voice_activity_hear(voice_activity *voice, const uint8_t *heard, const uint8_t *said, bool is_noise);

#endif
