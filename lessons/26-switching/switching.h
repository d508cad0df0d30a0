/* switching.h - what each program of this lesson does at a turn, and how it measures. Who
 * has the next turn, and how he is told, is each program's own matter. */
#ifndef SWITCHING_H
#define SWITCHING_H

#include "lesson.h"

enum { RUNNERS = 2, TURNS = 10000, MOST = 1000000 }; /* turns of each runner */

/* What a runner does at its turn. Two turns that change places end at another number. */
static inline int take_turn(int checksum, int runner)
{
    return (31 * checksum + runner + 1) % 1000003;
}

/* Show what a hand-over took: all turns began at `start` (uv_hrtime()) and are done.
 * Beside it what a call takes, measured now: the same turns once more, and nobody is
 * handed anything. Both must find the same checksum. */
static inline void show_handover(int turns, uint64_t start, int checksum)
{
    /* Through a pointer, so that the compiler can't leave the call out. */
    int (*volatile call)(int checksum, int runner) = take_turn;
    uint64_t middle = uv_hrtime();
    int again = 0;
    double handover, alone;

    for (int i = 0; i < turns; i++)
        for (int runner = 0; runner < RUNNERS; runner++)
            again = call(again, runner);
    alone = (double)(uv_hrtime() - middle + 1) / RUNNERS / turns; /* ns, never 0 */
    handover = (double)(middle - start) / RUNNERS / turns;
    measure("a call takes %.1f ns", alone);
    measure("a hand-over takes %.1f ns, %.1f times as long", handover, handover / alone);
    say_untimed("checksum: %d", checksum);
    must("find the same checksum", again == checksum ? 0 : UV_EINVAL);
}

#endif
