/* baton_async.c - two runners who give way after each lap.
 * You will see A and B alternate, 2.00 s: B waits for a single lap.
 * Order of events: main -> line_up, line_up -> on_turn (A) -> run -> line_up,
 * on_turn (B) -> run -> line_up, on_turn (A) -> ... */

#include "lesson.h"

enum { LAPS = 10 };

struct runner {
    const char *name;
    int lap;
    struct runner *next; /* who stands behind this one in the queue, or NULL */
};

struct track {
    uv_idle_t baton;             /* called once in every round of the loop */
    struct runner *first, *last; /* of those who wait for it, or NULL */
};

static void line_up(struct track *track, struct runner *runner);
static void on_turn(uv_idle_t *baton);
static void run(struct track *track, struct runner *runner);
static void run_lap(struct runner *runner);

int main(void)
{
    struct runner a = {.name = "A"};
    struct runner b = {.name = "B"};
    struct track track = {0};

    must("run", uv_idle_init(uv_default_loop(), &track.baton));
    track.baton.data = &track;
    must("run", uv_idle_start(&track.baton, on_turn));
    line_up(&track, &a);
    line_up(&track, &b);
    run_and_close();
    say("all laps done");
}

/* Stand at the end of the queue of those who are ready to run. */
static void line_up(struct track *track, struct runner *runner)
{
    runner->next = NULL;
    if (track->first)
        track->last->next = runner;
    else
        track->first = runner;
    track->last = runner;
}

/* The loop calls this once in every round: the first in the queue has a turn. */
static void on_turn(uv_idle_t *baton)
{
    struct track *track = baton->data;
    struct runner *runner = track->first;

    if (runner == NULL) {
        uv_close((uv_handle_t *)baton, NULL);
        return;
    }
    track->first = runner->next;
    run(track, runner);
}

/* One lap, then to the end of the queue, and back to the loop. */
static void run(struct track *track, struct runner *runner)
{
    run_lap(runner);
    if (runner->lap < LAPS)
        line_up(track, runner); /* this is giving way */
    else
        say("%s: done", runner->name);
}

/* A lap needs our own legs for a tenth of a second. */
static void run_lap(struct runner *runner)
{
    say("%s: lap %d", runner->name, runner->lap++);
    uv_sleep(100);
}
