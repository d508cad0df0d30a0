/* sleep_async.c - two sleepers, both asleep at once.
 * You will see both start at 0.00, and Second wake up before First, 2.00 s.
 * Order of events: main -> fall_asleep, fall_asleep -> on_awake, on_awake */

#include "lesson.h"

struct sleeper {
    uv_timer_t alarm;
    const char *name;
    unsigned ms;
};

static void fall_asleep(struct sleeper *sleeper);
static void on_awake(uv_timer_t *alarm);

int main(void)
{
    struct sleeper first = {.name = "First", .ms = 2000};
    struct sleeper second = {.name = "Second", .ms = 1000};

    fall_asleep(&first);
    fall_asleep(&second);
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
}
