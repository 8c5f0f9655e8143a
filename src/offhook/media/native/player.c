#include "player.h"

#include <stdlib.h>
#include <string.h>

#include "telephone_event.h"

static void append(playback **first, playback **last, playback *added)
{
    added->next = NULL;
    if (*first)
        (*last)->next = added;
    else
        *first = added;
    *last = added;
}

playback *player_add_sound(player *player, uint64_t id, const uint8_t *samples, size_t count, uint64_t loops)
{
    playback *added = calloc(1, sizeof *added);
    if (!added)
        return NULL;
    added->id = id;
    added->samples = samples;
    added->count = count;
    added->loops = loops;
    append(&player->first, &player->last, added);
    return added;
}

playback *player_add_digits(player *player, uint64_t id, const char *digits)
{
    char *copy = strdup(digits);
    playback *added = copy ? player_add_sound(player, id, NULL, 0, 1) : NULL;
    if (added)
        added->digits = copy;
    else
        free(copy);
    return added;
}

bool player_is_idle(const player *player)
{
    return player->first == NULL;
}

static void finish_first(player *player, bool stopped)
{
    playback *finished = player->first;
    player->first = finished->next;
    finished->stopped = stopped;
    append(&player->done, &player->done_last, finished);
}

/* Fills a frame from `filled` on, over the seam of a loop where there is one; how many samples it holds then. */
static size_t take_samples(playback *playback, player_step *step, size_t filled)
{
    while (filled < RTP_FRAME_SAMPLES && playback->count > 0) {
        if (playback->position == playback->count) {
            if (playback->loops == 1)
                break;
            playback->loops -= playback->loops > 0;
            playback->position = 0;
        }
        size_t room = RTP_FRAME_SAMPLES - filled;
        size_t left = playback->count - playback->position;
        size_t taken = left < room ? left : room;
        memcpy(step->samples + 2 * filled, playback->samples + 2 * playback->position, 2 * taken);
        playback->position += taken;
        filled += taken;
    }
    return filled;
}

static unsigned digit_ticks(char digit)
{
    switch (digit) {
    case 'w':
        return PAUSE_SHORT_TICKS;
    case 'W':
        return PAUSE_LONG_TICKS;
    default:
        return DIGIT_TONE_TICKS + DIGIT_GAP_TICKS;
    }
}

static bool take_digit(playback *playback, player_step *step)
{
    const char *digit = playback->digits + playback->position;
    if (!*digit)
        return false;
    step->ticks = ++playback->ticks;
    step->code = telephone_event_code(*digit);
    step->kind = step->code >= 0 && step->ticks <= DIGIT_TONE_TICKS ? STEP_EVENT : STEP_SILENCE;
    if (playback->ticks >= digit_ticks(*digit)) {
        playback->ticks = 0;
        playback->position++;
    }
    return true;
}

void player_advance(player *player, player_step *step)
{
    size_t filled = 0;
    step->kind = STEP_NOTHING;
    /* One sound is followed by the next within a frame, so that pieces of any size make a whole. */
    while (player->first && filled < RTP_FRAME_SAMPLES) {
        playback *present = player->first;
        if (present->digits) {
            if (filled > 0)
                break;
            if (take_digit(present, step))
                return;
            step->kind = STEP_NOTHING;
        } else {
            filled = take_samples(present, step, filled);
            if (filled == RTP_FRAME_SAMPLES)
                break;
        }
        finish_first(player, false);
    }
    if (filled == 0)
        return;
    step->kind = STEP_AUDIO;
    memset(step->samples + 2 * filled, 0, 2 * (RTP_FRAME_SAMPLES - filled));
}

void player_stop(player *player)
{
    while (player->first)
        finish_first(player, true);
}

playback *player_done(player *player)
{
    playback *taken = player->done;
    if (taken)
        player->done = taken->next;
    return taken;
}

void playback_free(playback *playback)
{
    free(playback->digits);
    free(playback);
}

void player_tell_done(player *player, uint64_t id, event_ring *events)
{
    playback *done;
    while ((done = player_done(player))) {
        event told = {.kind = EVENT_FINISHED, .port = id};
        told.playback = done->id;
        told.owner = done->owner;
        told.stopped = done->stopped;
        event_ring_push(events, &told);
        playback_free(done);
    }
}
