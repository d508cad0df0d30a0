/* sleep_loop_async_gather.c - all sleepers are started; one callback when the
 * last of them is done.
 * You will see 1.00 s, and all results together.
 * Order of events: main -> on_awake, on_awake, ... -> on_all_awake */

#include "lesson.h"

#include <stdlib.h>

struct dormitory;

struct sleeper {
    uv_timer_t alarm;
    long long number, result;
    struct dormitory *dormitory;
};

struct dormitory {
    struct sleeper *sleepers;
    int count, asleep;
};

static void fall_asleep(struct sleeper *sleeper);
static void on_awake(uv_timer_t *alarm);
static void on_all_awake(struct dormitory *dormitory);
static void show_result(const struct sleeper *sleeper);

int main(int argc, char *argv[])
{
    struct number asked = {.name = "SLEEPERS", .value = 4, .least = 1, .most = 1000000};
    struct dormitory dormitory = {0};

    read_numbers(argc, argv, &asked, 1);
    dormitory.count = dormitory.asleep = asked.value;
    dormitory.sleepers = calloc((size_t)asked.value, sizeof *dormitory.sleepers);
    must("remember all sleepers", dormitory.sleepers ? 0 : UV_ENOMEM);
    for (int i = 0; i < asked.value; i++) {
        dormitory.sleepers[i].number = i;
        dormitory.sleepers[i].dormitory = &dormitory;
        fall_asleep(&dormitory.sleepers[i]);
    }
    run_and_close();
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
    say("sleeper %lld: done", sleeper->number);
    uv_close((uv_handle_t *)alarm, NULL);
    if (--sleeper->dormitory->asleep == 0)
        on_all_awake(sleeper->dormitory);
}

/* Called once, by the last one who wakes up. */
static void on_all_awake(struct dormitory *dormitory)
{
    for (int i = 0; i < dormitory->count; i++)
        show_result(&dormitory->sleepers[i]);
}

static void show_result(const struct sleeper *sleeper)
{
    say("%lld squared is %lld", sleeper->number, sleeper->result);
}
