/* stretch.h - what is going on between the lines: the stretches of a lane, which both
 * pictures draw. Nothing else decides whether somebody waits or works.
 *
 * - An actor's stretch goes from one of his lines to the next. It is UNDER_WAY if the
 * first starts something (facts.h tells which lines do), else nothing is known of it, and
 * it is no stretch; he WAITS if the lesson says that he is there all the time.
 * - An actor who keeps the program busy WORKS from each of his lines until his next, or
 *   until somebody else of that kind has one: one thread does one thing at a time.
 * - What is done before it is heard (a machine of which `about` says how long it takes, a
 *   message that says when it was sent) WAITS from then on.
 * - The program WORKS exactly while an actor does, or while it says that its CPU time was
 *   "all". All other time is waiting: a sync program is BLOCKED in one wait after the
 *   other (each line shows that one was over), an async one is FREE in its loop. */
#ifndef STRETCH_H
#define STRETCH_H

#include "timeline/lanes.h"

enum doing { UNDER_WAY, WORKING, WAITING, FREE, BLOCKED };

struct stretch {
    enum doing doing;
    double from, to; /* s */
};

/* In the order of their time; none overlap. */
struct stretches {
    struct stretch *all;
    size_t count, room;
};

/* The stretches of an actor, those of one kind that touch as one; stretches_free() frees
 * them. The program stops when there is no memory. */
struct stretches lane_stretches(const struct lane *lane, const struct trace *trace,
                                const struct facts *facts);

/* Those of the program itself, from 0 to its end. Where it gives way between an actor's
 * lines, so that others are heard, each piece of his work is one. */
struct stretches program_stretches(const struct lanes *lanes, const struct trace *trace,
                                   const struct facts *facts);

void stretches_free(struct stretches *stretches);

#endif
