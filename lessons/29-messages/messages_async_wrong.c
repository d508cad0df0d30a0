/* messages_async_wrong.c - the scale has no bell. It writes the weight into the office's
 * book, and starts a timer of the office's loop, for "now".
 *
 * You will see that the office is not woken up: it sleeps until its clock strikes,
 * at 1.00, and then finds a timer that has long been due. (And this time all went well:
 * the loop could have been using its timers at that moment. ThreadSanitizer finds the
 * weight.) Order of events: main -> weigh, in the thread -> on_crate, on_clock. */

#include "messages.h"

struct office {
    uv_timer_t clock, crate;
    uv_thread_t scale;
    int weight;
};

static void weigh(void *office);
static void on_crate(uv_timer_t *crate);
static void on_clock(uv_timer_t *clock);

int main(void)
{
    static struct office office;

    say("office: opens");
    must("make a timer", uv_timer_init(uv_default_loop(), &office.crate));
    must("make a timer", uv_timer_init(uv_default_loop(), &office.clock));
    office.crate.data = office.clock.data = &office;
    must("start the clock", uv_timer_start(&office.clock, on_clock, 1000, 0));
    must("start a thread", uv_thread_create(&office.scale, weigh, &office));
    run_and_close();
    must("join a thread", uv_thread_join(&office.scale));
}

/* In the thread: what belongs to the loop is used from outside. */
static void weigh(void *argument)
{
    struct office *office = argument;

    uv_sleep(300);
    office->weight = weight_of(1);
    say("scale: a crate of %d kg", office->weight);
    must("start a timer", uv_timer_start(&office->crate, on_crate, 0, 0));
}

static void on_crate(uv_timer_t *crate)
{
    struct office *office = crate->data;

    say("office: writes down %d kg", office->weight);
    uv_close((uv_handle_t *)crate, NULL);
}

static void on_clock(uv_timer_t *clock)
{
    say("office: the clock strikes");
    uv_close((uv_handle_t *)clock, NULL);
}
