/* exercise.c - three sleepers; the third falls asleep when the first is done.
 * As it stands, all three fall asleep at 0.00. The program takes the seconds that
 * First sleeps; the check tries it with 1 s, and with 2 s. */

#include "lesson.h"

struct sleeper {
    uv_timer_t alarm;
    const char *name;
    unsigned ms;
#ifdef SOLUTION
    struct sleeper *next; /* who falls asleep when this one is done, or NULL */
#else
    /* TODO: what does the callback have to know, besides its own sleeper? */
#endif
};

static void fall_asleep(struct sleeper *sleeper);
static void on_awake(uv_timer_t *alarm);

int main(int argc, char *argv[])
{
    struct number seconds = {.name = "SECONDS", .value = 1, .least = 1, .most = 60};
    struct sleeper first = {.name = "First"};
    struct sleeper second = {.name = "Second", .ms = 3000};
    struct sleeper third = {.name = "Third", .ms = 1000};

    read_numbers(argc, argv, &seconds, 1);
    first.ms = 1000 * (unsigned)seconds.value;
#ifdef SOLUTION
    first.next = &third;
#endif
    fall_asleep(&first);
    fall_asleep(&second);
#ifndef SOLUTION
    fall_asleep(&third); /* TODO: not yet */
#endif
    run_and_close();
    say("everybody is awake");
}

/* One moment: the sleep starts. This returns at once. */
static void fall_asleep(struct sleeper *sleeper)
{
    say("%s: start, sleep for %u s", sleeper->name, sleeper->ms / 1000);
    must("set an alarm", uv_timer_init(uv_default_loop(), &sleeper->alarm));
    sleeper->alarm.data = sleeper;
    must("set an alarm", uv_timer_start(&sleeper->alarm, on_awake, sleeper->ms, 0));
}

/* The other moment: the sleep is over. The loop calls this. */
static void on_awake(uv_timer_t *alarm)
{
    struct sleeper *sleeper = alarm->data;

    say("%s: done", sleeper->name);
    uv_close((uv_handle_t *)alarm, NULL);
#ifndef SOLUTION
    /* TODO: is there somebody who waited for this one? */
#else
    if (sleeper->next)
        fall_asleep(sleeper->next);
#endif
}
