/* What one port plays, in order: sounds and digits, cut into 20 ms steps. Knows no sockets. */
#ifndef OFFHOOK_PLAYER_H
#define OFFHOOK_PLAYER_H

#include "event_ring.h"
#include "rtp.h"

enum {
    DIGIT_TONE_TICKS = 5, /* 100 ms of tone, 100 ms of gap */
    DIGIT_GAP_TICKS = 5,
    PAUSE_SHORT_TICKS = 25, /* w: 0.5 s */
    PAUSE_LONG_TICKS = 50,  /* W: 1 s */
};

typedef struct playback {
    struct playback *next;
    uint64_t id;
    void *owner;            /* keeps samples alive */
    const uint8_t *samples; /* 16-bit little-endian at 8 kHz */
    size_t count;
    size_t position;
    uint64_t loops; /* left; 0: for ever */
    char *digits;   /* instead of samples */
    unsigned ticks; /* into the present digit */
    bool stopped;
} playback;

typedef struct {
    playback *first, *last;
    playback *done, *done_last; /* finished or stopped, waiting for player_done */
} player;

typedef enum { STEP_NOTHING, STEP_AUDIO, STEP_EVENT, STEP_SILENCE } step_kind;

typedef struct {
    step_kind kind;
    uint8_t samples[RTP_FRAME_SAMPLES * 2]; /* STEP_AUDIO */
    int code;                               /* STEP_EVENT: which key ... */
    unsigned ticks;                         /* ... and for how long now, from 1 to DIGIT_TONE_TICKS */
} player_step;

/* Queues; NULL when memory is out. A playback of digits copies them. */
playback *player_add_sound(player *player, uint64_t id, const uint8_t *samples, size_t count, uint64_t loops);
playback *player_add_digits(player *player, uint64_t id, const char *digits);

bool player_is_idle(const player *player);

/* Takes the next 20 ms. */
void player_advance(player *player, player_step *step);

/* Moves everything queued to the done, marked as stopped. */
void player_stop(player *player);

/* Hands over the next that is done, or NULL; free it with playback_free once its owner is let go. */
playback *player_done(player *player);
void playback_free(playback *playback);

/* Tells of every playback that is done, as one of `id`. */
void player_tell_done(player *player, uint64_t id, event_ring *events);

#endif
