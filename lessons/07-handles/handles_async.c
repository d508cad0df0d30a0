/* handles_async.c - whose memory is it? Of a handle: the loop's, until it is closed.
 * You will see Ada leave at 0.30, but her table is free only at 0.60: the waiter has to
 * let go of the loop before it can close her handle.
 * Order of events: main -> seat -> on_time -> on_money -> on_closed */

#include "lesson.h"

#include <stdlib.h>

struct guest {
    uv_timer_t meal;
    const char *name;
};

static void seat(const char *name);
static void show_state(struct guest *guest, const char *when);
static void on_time(uv_timer_t *meal);
static void on_money(uv_timer_t *waiter);
static void on_closed(uv_handle_t *meal);

int main(void)
{
    uv_timer_t waiter; /* lives as long as main, which waits for the loop */

    say("restaurant: open");
    seat("Ada");
    must("call the waiter", uv_timer_init(uv_default_loop(), &waiter));
    must("call the waiter", uv_timer_start(&waiter, on_money, 300, 0));
    run_and_close();
    say("restaurant: closed");
}

/* The handle must outlive this function: a local variable would not. */
static void seat(const char *name)
{
    struct guest *guest = malloc(sizeof *guest);

    must("set a table", guest ? 0 : UV_ENOMEM);
    guest->name = name;
    must("seat a guest", uv_timer_init(uv_default_loop(), &guest->meal));
    guest->meal.data = guest;
    show_state(guest, "sits down");
    must("seat a guest", uv_timer_start(&guest->meal, on_time, 300, 0));
    show_state(guest, "eats");
}

static void show_state(struct guest *guest, const char *when)
{
    uv_handle_t *meal = (uv_handle_t *)&guest->meal;
    const char *active = uv_is_active(meal) ? "active" : "not active";

    say("%s: %s (%s)", guest->name, when, uv_is_closing(meal) ? "closing" : active);
}

static void on_time(uv_timer_t *meal)
{
    struct guest *guest = meal->data;

    show_state(guest, "has eaten");
    uv_close((uv_handle_t *)meal, on_closed); /* asks the loop, and returns */
    show_state(guest, "leaves");
}

/* Due at the same time as Ada's; the loop can do nothing else until this returns. */
static void on_money(uv_timer_t *waiter)
{
    say("waiter: counts the money");
    uv_sleep(300);
    say("waiter: done");
    uv_close((uv_handle_t *)waiter, NULL);
}

/* Now, and not before, the loop has forgotten the handle. */
static void on_closed(uv_handle_t *meal)
{
    struct guest *guest = meal->data;

    say("%s: the table is free (closed)", guest->name);
    free(guest);
}
