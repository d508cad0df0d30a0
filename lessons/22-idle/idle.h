/* idle.h - the evening of this lesson: what each bot has to do, and what it waits for in
 * the middle. Who does the work, and how it is measured, is each program's own matter. */
#ifndef IDLE_H
#define IDLE_H

#include "lesson.h"

#include <stdbool.h>
#include <time.h>

enum { EVENING = 4000, HALF = 2000, FIRST_WORK = 250 }; /* ms */

enum { BOTS = 7 };

struct role {
    const char *bot;
    unsigned work; /* ms of computing, in each half of the evening */
    const char *waits_for;
};

static const struct role roles[BOTS] = {
    {"GreetBot 1", 2, "a party that was told to wait a minute"},
    {"GreetBot 2", 2, "the card terminal"},
    {"WaitBot 1", 4, "an order from table 3"},
    {"WaitBot 2", 4, "an order from table 7"},
    {"WaitBot 3", 4, "an order from table 11"},
    {"ChefBot", 40, "35 meals, which are in the oven"},
    {"WineBot", 4, "somebody to fetch 17 drinks"},
};

/* ns for which a processor has worked for this thread. */
static inline uint64_t cpu_time(void)
{
    struct timespec time;

    must_errno("read a clock", clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time));
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Real work: a processor is busy with it for so many ms. */
static inline void work(unsigned ms)
{
    uint64_t end = cpu_time() + (uint64_t)ms * 1000000;

    while (cpu_time() < end)
        ;
}

/* `worked` is in ns. "Nearly always": for more than nine tenths. */
static inline void show_cost(const char *bot, uint64_t worked)
{
    double idle = 1 - (double)worked / (EVENING * 1e6);

    measure("%s: has worked for %.1f ms, was idle %s, %.1f %%", bot, (double)worked / 1e6,
            idle > 0.9 ? "nearly always" : "at times", 100 * idle);
}

#endif
