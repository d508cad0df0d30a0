/* exercise.c - a program into which we may not look. We know how long it took with one
 * worker, and with a few. How long will it take with others? The arguments are a number
 * of workers, and the two times of another program; the check tries others, too. */

#include "lesson.h"

/* TODO 1: how many ms does it take with as many workers as you like? */
#ifdef SOLUTION
enum { AT_LEAST = 360 };
#else
enum { AT_LEAST = 0 };
#endif

struct timing {
    int alone;         /* ms, with one worker */
    int few, together; /* so many workers, and ms with them */
};

static double serial_of(const struct timing *timing);
static double time_with(const struct timing *timing, int workers);
static void on_done(uv_timer_t *run);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"WORKERS", 10, 1, 1000},
                             {"ALONE", 1080, 1, 10000},
                             {"FEW", 3, 2, 1000},
                             {"TOGETHER", 600, 1, 10000}};
    struct timing timing;
    double ms;
    uv_timer_t run; /* plays the program */

    read_numbers(argc, argv, asked, 4);
    say("prediction: %d ms at least", AT_LEAST);
    timing = (struct timing){asked[1].value, asked[2].value, asked[3].value};
    say("known: %d ms with 1 worker, %d ms with %d", timing.alone, timing.together,
        timing.few);
    say("program: %.0f ms of it are serial", serial_of(&timing));
    ms = time_with(&timing, asked[0].value);
    say("program: starts with %d workers, takes %.0f ms", asked[0].value, ms);
    must("make a timer", uv_timer_init(uv_default_loop(), &run));
    must("start a run",
         uv_timer_start(&run, on_done, ms > 0 ? (uint64_t)(ms + 0.5) : 0, 0));
    run_and_close();
}

/* ms that the program takes for what can't be divided. */
static double serial_of(const struct timing *timing)
{
#ifdef SOLUTION
    double alone = timing->alone, few = timing->few;

    /* together = serial + (alone - serial) / few */
    return (timing->together - alone / few) / (1 - 1 / few);
#else
    (void)timing;
    return 0; /* TODO 2: from `alone`, `few` and `together` */
#endif
}

/* ms that it takes with so many workers. */
static double time_with(const struct timing *timing, int workers)
{
#ifdef SOLUTION
    double serial = serial_of(timing);

    return serial + (timing->alone - serial) / workers;
#else
    return (double)timing->alone / workers; /* TODO 3: if only that were true */
#endif
}

static void on_done(uv_timer_t *run)
{
    say("program: done");
    uv_close((uv_handle_t *)run, NULL);
}
