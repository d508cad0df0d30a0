/* baton_sync.c - two runners, each of whom runs all of his laps in one go.
 * You will see A's ten laps, then B's ten, 2.00 s: B waits for a whole second. */

#include "lesson.h"

enum { LAPS = 10 };

struct runner {
    const char *name;
    int lap;
};

static void run(struct runner *runner);
static void run_lap(struct runner *runner);

int main(void)
{
    struct runner a = {.name = "A"};
    struct runner b = {.name = "B"};

    run(&a);
    run(&b);
    say("all laps done");
}

/* Nobody else has a turn before this returns. */
static void run(struct runner *runner)
{
    while (runner->lap < LAPS)
        run_lap(runner);
    say("%s: done", runner->name);
}

/* A lap needs our own legs for a tenth of a second. */
static void run_lap(struct runner *runner)
{
    say("%s: lap %d", runner->name, runner->lap++);
    uv_sleep(100);
}
