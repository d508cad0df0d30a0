/* exercise.c - three runners with five laps each; A and C give way after each lap,
 * B is greedy. The referee blows his whistle after 0.39 s, but hears of it only
 * when somebody gives way. The program takes how many laps B may run in a row; the
 * check tries it with 1, and with 2. */

#include "lesson.h"

#include <stdbool.h>

enum { LAPS = 5 };

struct runner {
    const char *name;
    int lap;
    int in_a_row; /* laps he may run before he gives way */
    bool greedy;
    struct runner *next; /* who stands behind this one in the queue, or NULL */
};

struct track {
    uv_idle_t baton; /* called once in every round of the loop */
    uv_timer_t whistle;
    struct runner *first, *last; /* of those who wait for the baton, or NULL */
};

static void open_track(struct track *track);
static void line_up(struct track *track, struct runner *runner);
static void on_turn(uv_idle_t *baton);
static void run(struct track *track, struct runner *runner);
static void run_lap(struct runner *runner);
static void on_whistle(uv_timer_t *whistle);

int main(int argc, char *argv[])
{
    struct number laps = {.name = "LAPS", .value = 1, .least = 1, .most = LAPS};
    struct runner a = {.name = "A", .in_a_row = 1};
    struct runner b = {.name = "B", .greedy = true};
    struct runner c = {.name = "C", .in_a_row = 1};
    struct track track = {0};

    read_numbers(argc, argv, &laps, 1);
    b.in_a_row = laps.value;
    open_track(&track);
    line_up(&track, &a);
    line_up(&track, &b);
    line_up(&track, &c);
    run_and_close();
    say("all laps done");
}

static void open_track(struct track *track)
{
    say("referee: start");
    must("run", uv_idle_init(uv_default_loop(), &track->baton));
    track->baton.data = track;
    must("run", uv_idle_start(&track->baton, on_turn));
    must("wait", uv_timer_init(uv_default_loop(), &track->whistle));
    must("wait", uv_timer_start(&track->whistle, on_whistle, 390, 0));
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

/* TODO: a greedy runner keeps the baton; see to it that he gives way, too. */
static void run(struct track *track, struct runner *runner)
{
    run_lap(runner);
    if (runner->lap == LAPS)
        say("%s: done", runner->name);
    else if (runner->greedy)
        run(track, runner);
    else
        line_up(track, runner);
}

/* A lap needs our own legs for a tenth of a second. */
static void run_lap(struct runner *runner)
{
    say("%s: lap %d", runner->name, runner->lap++);
    uv_sleep(100);
}

/* The loop calls this once, as soon as it has a look at its timers. */
static void on_whistle(uv_timer_t *whistle)
{
    say("referee: whistle");
    uv_close((uv_handle_t *)whistle, NULL);
}
