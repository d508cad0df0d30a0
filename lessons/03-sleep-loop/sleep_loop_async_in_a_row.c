/* sleep_loop_async_in_a_row.c - asynchronous, and not a bit faster.
 * You will see 4.00 s, as in the sync program: each sleeper is started when
 * the one before is done, so there is never more than one to wait for.
 * Order of events: main -> fall_asleep -> on_awake -> fall_asleep -> ... */

#include "lesson.h"

#include <stdlib.h>

struct sleeper {
    uv_timer_t alarm;
    long long number, result;
    struct sleeper *next; /* to start when this one is done, or NULL */
};

static void fall_asleep(struct sleeper *sleeper);
static void on_awake(uv_timer_t *alarm);
static void show_result(const struct sleeper *sleeper);

int main(int argc, char *argv[])
{
    struct number asked = {.name = "SLEEPERS", .value = 4, .least = 1, .most = 1000000};
    struct sleeper *sleepers;

    read_numbers(argc, argv, &asked, 1);
    sleepers = calloc((size_t)asked.value, sizeof *sleepers);
    must("remember all sleepers", sleepers ? 0 : UV_ENOMEM);
    for (int i = 0; i < asked.value; i++) {
        sleepers[i].number = i;
        if (i > 0)
            sleepers[i - 1].next = &sleepers[i];
    }
    fall_asleep(&sleepers[0]);
    run_and_close();
    for (int i = 0; i < asked.value; i++)
        show_result(&sleepers[i]);
    free(sleepers);
    say("all done");
}

static void fall_asleep(struct sleeper *sleeper)
{
    say("sleeper %lld: start", sleeper->number);
    must("set an alarm", uv_timer_init(uv_default_loop(), &sleeper->alarm));
    sleeper->alarm.data = sleeper;
    must("set an alarm", uv_timer_start(&sleeper->alarm, on_awake, 1000, 0));
}

/* The loop calls this when the only sleeper there is wakes up. */
static void on_awake(uv_timer_t *alarm)
{
    struct sleeper *sleeper = alarm->data;

    sleeper->result = sleeper->number * sleeper->number;
    say("sleeper %lld: done", sleeper->number);
    uv_close((uv_handle_t *)alarm, NULL);
    if (sleeper->next)
        fall_asleep(sleeper->next); /* only now: this is the mistake */
}

static void show_result(const struct sleeper *sleeper)
{
    say("%lld squared is %lld", sleeper->number, sleeper->result);
}
