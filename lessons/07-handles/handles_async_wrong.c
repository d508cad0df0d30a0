/* handles_async_wrong.c - frees a handle right after uv_close(), which is too early.
 * You will see the table free at 0.30, as if all were well. What is wrong is what
 * valgrind says: the loop reads and writes memory that on_time() has freed.
 * Order of events: main -> seat -> on_time -> on_money */

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
    const char *name = guest->name;

    show_state(guest, "has eaten");
    uv_close((uv_handle_t *)meal, NULL); /* asks the loop, and returns */
    show_state(guest, "leaves");
    free(guest); /* WRONG: the loop still has it in its list of handles to close */
    say("%s: the table is free (nobody knows)", name);
}

/* Due at the same time as Ada's; the loop can do nothing else until this returns. */
static void on_money(uv_timer_t *waiter)
{
    say("waiter: counts the money");
    uv_sleep(300);
    say("waiter: done");
    uv_close((uv_handle_t *)waiter, NULL);
}
