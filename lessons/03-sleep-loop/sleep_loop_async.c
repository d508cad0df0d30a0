/* sleep_loop_async.c - all sleepers are started, then joined one by one.
 * You will see 1.00 s, and each result as soon as it and all before it are there.
 * Order of events: main -> on_awake -> join, on_awake -> join, ... */

#include "lesson.h"

#include <stdbool.h>
#include <stdlib.h>

struct dormitory;

struct sleeper {
    uv_timer_t alarm;
    long long number, result;
    bool done;
    struct dormitory *dormitory;
};

struct dormitory {
    struct sleeper *sleepers;
    int count, joined; /* the first `joined` of them have been joined */
};

static void fall_asleep(struct sleeper *sleeper);
static void on_awake(uv_timer_t *alarm);
static void join(struct dormitory *dormitory);
static void show_result(const struct sleeper *sleeper);

int main(int argc, char *argv[])
{
    struct number asked = {.name = "SLEEPERS", .value = 4, .least = 1, .most = 1000000};
    struct dormitory dormitory = {0};

    read_numbers(argc, argv, &asked, 1);
    dormitory.count = asked.value;
    dormitory.sleepers = calloc((size_t)asked.value, sizeof *dormitory.sleepers);
    must("remember all sleepers", dormitory.sleepers ? 0 : UV_ENOMEM);
    for (int i = 0; i < asked.value; i++) {
        dormitory.sleepers[i].number = i;
        dormitory.sleepers[i].dormitory = &dormitory;
        fall_asleep(&dormitory.sleepers[i]); /* start all ... */
    }
    run_and_close(); /* ... then wait */
    free(dormitory.sleepers);
    say("all done");
}

static void fall_asleep(struct sleeper *sleeper)
{
    say("sleeper %lld: start", sleeper->number);
    must("set an alarm", uv_timer_init(uv_default_loop(), &sleeper->alarm));
    sleeper->alarm.data = sleeper;
    must("set an alarm", uv_timer_start(&sleeper->alarm, on_awake, 1000, 0));
}

/* The loop calls this once for each sleeper, in whatever order they wake up. */
static void on_awake(uv_timer_t *alarm)
{
    struct sleeper *sleeper = alarm->data;

    sleeper->result = sleeper->number * sleeper->number;
    sleeper->done = true;
    say("sleeper %lld: done", sleeper->number);
    uv_close((uv_handle_t *)alarm, NULL);
    join(sleeper->dormitory);
}

/* Take the results in the order of asking, as far as they are there: somebody
 * who wakes up before his turn waits here, he is not waited for. */
static void join(struct dormitory *dormitory)
{
    while (dormitory->joined < dormitory->count &&
           dormitory->sleepers[dormitory->joined].done)
        show_result(&dormitory->sleepers[dormitory->joined++]);
}

static void show_result(const struct sleeper *sleeper)
{
    say("%lld squared is %lld", sleeper->number, sleeper->result);
}
