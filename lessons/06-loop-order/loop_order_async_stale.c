/* loop_order_async_stale.c - the loop's clock stands still while we are busy.
 * You will see two eggs put on at 0.30, for 0.4 s each: the first is done at 0.40,
 * after 0.1 s; the second, for which the clock was set, at 0.70.
 * Order of events: main -> on_open -> cook, cook -> on_done, on_done */

#include "lesson.h"

struct egg {
    uv_timer_t timer;
    int number;
};

struct kitchen {
    uv_timer_t opening;
    struct egg first, second;
};

static void on_open(uv_timer_t *opening);
static void cook(struct egg *egg);
static void on_done(uv_timer_t *timer);

int main(void)
{
    struct kitchen kitchen = {.first.number = 1, .second.number = 2};

    say("main: the kitchen opens");
    must("start a timer", uv_timer_init(uv_default_loop(), &kitchen.opening));
    kitchen.opening.data = &kitchen;
    must("start a timer", uv_timer_start(&kitchen.opening, on_open, 0, 0));
    run_and_close();
    say("main: the kitchen is closed");
}

/* The loop looked at the clock just before it called this. */
static void on_open(uv_timer_t *opening)
{
    struct kitchen *kitchen = opening->data;

    uv_close((uv_handle_t *)opening, NULL);
    say("cook: chops onions");
    uv_sleep(300);
    cook(&kitchen->first); /* "in 400 ms", by a clock that is 300 ms slow */
    say("cook: looks at the clock");
    uv_update_time(uv_default_loop());
    cook(&kitchen->second);
}

static void cook(struct egg *egg)
{
    say("egg %d: in the water, for 0.4 s", egg->number);
    must("start a timer", uv_timer_init(uv_default_loop(), &egg->timer));
    egg->timer.data = egg;
    must("start a timer", uv_timer_start(&egg->timer, on_done, 400, 0));
}

static void on_done(uv_timer_t *timer)
{
    struct egg *egg = timer->data;

    say("egg %d: done", egg->number);
    uv_close((uv_handle_t *)timer, NULL);
}
