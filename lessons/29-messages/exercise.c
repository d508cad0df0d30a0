/* exercise.c - a thread packs parcels, 0.2 s each. A progress bar shall show how far it
 * is, and the loop draws it: only the loop's thread may call draw(). The argument is the
 * number of parcels; the check tries others than 5, too. */

#include "lesson.h"

#include <stdatomic.h>

struct office {
    uv_timer_t clock;
    uv_thread_t packer, loop;
    int parcels;
    atomic_int packed; /* written by the packer */
};

static void pack(void *office);
static void draw(const struct office *office);
static void on_clock(uv_timer_t *clock);

int main(int argc, char *argv[])
{
    struct number asked = {"PARCELS", 5, 2, 50};
    static struct office office;

    read_numbers(argc, argv, &asked, 1);
    office.parcels = asked.value;
    office.loop = uv_thread_self();
    draw(&office);
    must("make a timer", uv_timer_init(uv_default_loop(), &office.clock));
    must("start a timer", uv_timer_start(&office.clock, on_clock, 300, 0));
    must("start a thread", uv_thread_create(&office.packer, pack, &office));
    must("join a thread", uv_thread_join(&office.packer)); /* TODO: who waits here? */
    draw(&office);
    run_and_close();
    say("office: closes");
}

/* In the thread. */
static void pack(void *argument)
{
    struct office *office = argument;

    for (int i = 0; i < office->parcels; i++) {
        uv_sleep(200);
        atomic_fetch_add(&office->packed, 1);
        /* TODO: tell the loop */
    }
}

static void draw(const struct office *office)
{
    uv_thread_t self = uv_thread_self();
    int percent = 100 * office->packed / office->parcels;

    say("bar: %.*s%.*s %d %%%s", percent / 10, "##########", 10 - percent / 10,
        "..........", percent,
        uv_thread_equal(&self, &office->loop) ? "" : ", drawn by another thread");
}

/* If the loop is free, this comes at 0.30. */
static void on_clock(uv_timer_t *clock)
{
    say("clock: the loop is free");
    uv_close((uv_handle_t *)clock, NULL);
}
