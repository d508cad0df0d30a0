/* baton_async_count.c - two who count at their own pace, and rest in between.
 * You will see an apple every 0.1 s and a peach every 0.2 s, 2.00 s.
 * Order of events: main -> start, start -> on_turn (apple), on_turn (peach), ... */

#include "lesson.h"

enum { PIECES = 10 };

struct counter {
    uv_timer_t timer;
    const char *name;
    unsigned ms; /* from one piece to the next */
    int piece;
};

static void start(struct counter *counter);
static void on_turn(uv_timer_t *timer);

int main(void)
{
    struct counter apple = {.name = "apple", .ms = 100};
    struct counter peach = {.name = "peach", .ms = 200};

    say("two begin to count");
    start(&apple);
    start(&peach);
    run_and_close();
    say("all counted");
}

/* Ask for a turn at once, and then again after every rest. */
static void start(struct counter *counter)
{
    must("start to count", uv_timer_init(uv_default_loop(), &counter->timer));
    counter->timer.data = counter;
    must("start to count", uv_timer_start(&counter->timer, on_turn, 0, counter->ms));
}

/* The loop calls this whenever a rest is over: whoever rests gives way. */
static void on_turn(uv_timer_t *timer)
{
    struct counter *counter = timer->data;

    if (counter->piece == PIECES) {
        say("%s: done", counter->name);
        uv_close((uv_handle_t *)timer, NULL);
        return;
    }
    say("%s: number %d", counter->name, counter->piece++);
}
