/* How a thread's ticks keep time: a histogram of how long after its due time each tick was done with its work. */
#ifndef OFFHOOK_LATENESS_H
#define OFFHOOK_LATENESS_H

#include <stddef.h>
#include <stdint.h>

enum { LATENESS_BUCKETS = 16 };

typedef struct {
    uint64_t ticks, missed; /* missed: ticks that came together with a later one */
    uint64_t worst_us, sum_us;
    uint64_t counts[LATENESS_BUCKETS]; /* ticks no later than the bound, and later than the one before */
} lateness;

/* In microseconds, the last without end. */
extern const uint64_t lateness_bounds[LATENESS_BUCKETS];

void lateness_count(lateness *lateness, uint64_t late_us);

#endif
