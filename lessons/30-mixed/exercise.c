/* exercise.c - three jobs: 1, a clock strikes every 0.2 s; 2, a sum is computed, which
 * takes 0.5 s; 3, a letter is printed by a library whose call returns when the paper is
 * out, 0.6 s later. One of them is in the wrong lane. The argument is how long the letter
 * takes, in ms; the check tries others than 600, too. */

#include "lesson.h"

/* TODO 1: which job is in the wrong lane, and by how many ms does the clock come late
 * because of that? (As the program is now, with 600 ms.) */
enum {
    WRONG_JOB = 0,
    LATE = 0
};

struct office {
    uv_timer_t clock, starter;
    uv_thread_t loop, thread;
    uv_async_t computed;
    int struck, ms;
};

static void on_clock(uv_timer_t *clock);
static void compute(void *office);
static void on_computed(uv_async_t *computed);
static void on_start(uv_timer_t *starter);
static void print_letter(const struct office *office);
static void tell(const struct office *office, const char *what);

int main(int argc, char *argv[])
{
    struct number asked = {"MS", 600, 200, 2000};
    static struct office office;
    uv_loop_t *loop;

    read_numbers(argc, argv, &asked, 1);
    office.ms = asked.value;
    office.loop = uv_thread_self();
    say("prediction: job %d, %d ms late", WRONG_JOB, LATE);
    loop = uv_default_loop();
    office.clock.data = office.starter.data = office.computed.data = &office;
    must("make a timer", uv_timer_init(loop, &office.clock));
    must("start the clock", uv_timer_start(&office.clock, on_clock, 200, 200));
    must("make a timer", uv_timer_init(loop, &office.starter));
    must("start a timer", uv_timer_start(&office.starter, on_start, 100, 0));
    must("make a bell", uv_async_init(loop, &office.computed, on_computed));
    must("start a thread", uv_thread_create(&office.thread, compute, &office));
    run_and_close();
}

static void on_clock(uv_timer_t *clock)
{
    struct office *office = clock->data;

    tell(office, "clock: strikes");
    if (++office->struck == 5)
        uv_close((uv_handle_t *)clock, NULL);
}

/* It keeps a processor at work. */
static void compute(void *argument)
{
    struct office *office = argument;
    uint64_t end = uv_hrtime() + 500000000;

    while (uv_hrtime() < end)
        ;
    must("ring", uv_async_send(&office->computed));
}

static void on_computed(uv_async_t *computed)
{
    struct office *office = computed->data;

    tell(office, "sum: is computed");
    must("join a thread", uv_thread_join(&office->thread));
    uv_close((uv_handle_t *)computed, NULL);
}

static void on_start(uv_timer_t *starter)
{
    struct office *office = starter->data;

    tell(office, "letter: is to be printed");
    uv_close((uv_handle_t *)starter, NULL);
    print_letter(office); /* TODO 2: who waits here? */
    tell(office, "letter: is printed");
}

/* The library's call. */
static void print_letter(const struct office *office)
{
    uv_sleep((unsigned)office->ms);
}

/* To be called by the loop only. */
static void tell(const struct office *office, const char *what)
{
    uv_thread_t self = uv_thread_self();

    say("%s%s", what,
        uv_thread_equal(&self, &office->loop) ? "" : ", says another thread");
}
