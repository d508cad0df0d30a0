/* baton_async_cost.c - what a hand-over costs, when the runners don't say a word.
 * You will see nanoseconds: few when one callback gives everybody in the queue a
 * turn, and many more when each hand-over is a round of the loop.
 * Order of events: main -> measure_queue, measure_rounds -> on_turn, on_turn, ... */

#include "lesson.h"

enum { TURNS = 20000 };

struct runner {
    int turns;
    struct runner *next; /* who stands behind this one in the queue */
};

struct track {
    uv_idle_t baton;
    struct runner *first, *last; /* of the queue; here it is never empty */
    int turns;
    uint64_t start; /* ns */
};

static void measure_queue(struct track *track);
static void hand_over(struct track *track);
static void measure_rounds(struct track *track);
static void on_turn(uv_idle_t *baton);
static double nanoseconds_each(const struct track *track);

int main(void)
{
    struct runner c = {0}, b = {.next = &c}, a = {.next = &b};
    struct track track = {.first = &a, .last = &c};

    say("%d hand-overs each", TURNS);
    measure_queue(&track);
    measure_rounds(&track);
    run_and_close();
    measure("a round of the loop each: %.0f ns", nanoseconds_each(&track));
    say_untimed("that is all");
}

/* All in one go. It is cheap, and the loop hears nobody meanwhile. */
static void measure_queue(struct track *track)
{
    track->start = uv_hrtime();
    for (track->turns = 0; track->turns < TURNS; track->turns++)
        hand_over(track);
    measure("the queue alone: %.1f ns", nanoseconds_each(track));
}

/* The first in the queue has a turn, and goes to its end. */
static void hand_over(struct track *track)
{
    struct runner *runner = track->first;

    runner->turns++;
    track->first = runner->next;
    runner->next = NULL;
    track->last->next = runner;
    track->last = runner;
}

/* As baton_async does it: one hand-over, then back to the loop. */
static void measure_rounds(struct track *track)
{
    track->turns = 0;
    must("run", uv_idle_init(uv_default_loop(), &track->baton));
    track->baton.data = track;
    must("run", uv_idle_start(&track->baton, on_turn));
    track->start = uv_hrtime();
}

/* The loop calls this once in every round. */
static void on_turn(uv_idle_t *baton)
{
    struct track *track = baton->data;

    hand_over(track);
    if (++track->turns == TURNS)
        uv_close((uv_handle_t *)baton, NULL);
}

static double nanoseconds_each(const struct track *track)
{
    return (double)(uv_hrtime() - track->start) / TURNS;
}
