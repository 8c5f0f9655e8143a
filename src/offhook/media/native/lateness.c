#include "lateness.h"

/* 10 ms is what a phone's jitter buffer takes without a sound, 20 ms is the tick itself. */
const uint64_t lateness_bounds[LATENESS_BUCKETS] = {50,    100,   200,    500,    1000,   2000,    5000,    10000,
                                                    20000, 50000, 100000, 200000, 500000, 1000000, 2000000, UINT64_MAX};

void lateness_count(lateness *lateness, uint64_t late_us)
{
    size_t bucket = 0;
    while (late_us > lateness_bounds[bucket])
        bucket++;
    lateness->counts[bucket]++;
    lateness->ticks++;
    lateness->sum_us += late_us;
    if (late_us > lateness->worst_us)
        lateness->worst_us = late_us;
}
