/* exercise.c - four sleepers in a row, which takes 2.80 s. Mend it: all start
 * at 0.00, each says "done" when it wakes up, and the results are printed, in
 * the order of the numbers, as soon as the last one is awake, at 1.00. The program takes
 * the milliseconds that number 2 sleeps; the check tries it with 300, too. */

#include "lesson.h"

enum { COUNT = 4 };

struct sleeper {
    uv_timer_t alarm;
    long long number, result;
    unsigned ms;
#ifndef SOLUTION
    struct sleeper *next; /* to start when this one is done, or NULL */
#endif
};

static void fall_asleep(struct sleeper *sleeper);
static void on_awake(uv_timer_t *alarm);
static void show_result(const struct sleeper *sleeper);

int main(int argc, char *argv[])
{
    struct number ms = {.name = "MS", .value = 1000, .least = 0, .most = 60000};
    struct sleeper sleepers[COUNT] = {{.ms = 800}, {.ms = 400}, {.ms = 0}, {.ms = 600}};

    read_numbers(argc, argv, &ms, 1);
    sleepers[2].ms = (unsigned)ms.value;
    for (int i = 0; i < COUNT; i++) {
        sleepers[i].number = i;
#ifdef SOLUTION
        fall_asleep(&sleepers[i]);
    }
#else
        if (i > 0)
            sleepers[i - 1].next = &sleepers[i];
    }
    fall_asleep(&sleepers[0]); /* TODO: and the others? */
#endif
    run_and_close();
    for (int i = 0; i < COUNT; i++)
        show_result(&sleepers[i]);
    say("all done");
}

static void fall_asleep(struct sleeper *sleeper)
{
    say("sleeper %lld: start", sleeper->number);
    must("set an alarm", uv_timer_init(uv_default_loop(), &sleeper->alarm));
    sleeper->alarm.data = sleeper;
    must("set an alarm", uv_timer_start(&sleeper->alarm, on_awake, sleeper->ms, 0));
}

/* The loop calls this when a sleeper wakes up. */
static void on_awake(uv_timer_t *alarm)
{
    struct sleeper *sleeper = alarm->data;

    sleeper->result = sleeper->number * sleeper->number;
    say("sleeper %lld: done", sleeper->number);
    uv_close((uv_handle_t *)alarm, NULL);
#ifndef SOLUTION
    if (sleeper->next)
        fall_asleep(sleeper->next);
#endif
}

static void show_result(const struct sleeper *sleeper)
{
    say("%lld squared is %lld", sleeper->number, sleeper->result);
}
