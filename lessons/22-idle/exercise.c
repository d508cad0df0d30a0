/* exercise.c - an evening with LoopBot: with how many guests is he idle for half of it
 * only? The program takes the number of guests; the check tries it with others, too. */

#include "lesson.h"

/* TODO 1: what is the largest number with which he is idle for half of the evening, or
 * longer? */
enum { GUESTS = 4 };

enum {
    EVENING = 2000, /* ms */
    ORDER = 30,     /* ms of LoopBot's time, for each guest */
    DISH = 28,
    BILL = 15,
    LOOK = 10,   /* ms: he looks into the oven, */
    EVERY = 200, /* every 200 ms, with guests or without */
    MOST = 22    /* guests */
};

struct evening {
    int served;
    uv_timer_t arrivals[MOST];
    uv_timer_t oven, clock;
};

static void start(struct evening *evening, uv_timer_t *timer, uv_timer_cb callback,
                  int ms, int repeat);
static void on_guest(uv_timer_t *arrival);
static void on_look(uv_timer_t *oven);
static void on_closing_time(uv_timer_t *clock);
static double idle_share(void);

int main(int argc, char *argv[])
{
    struct number guests = {"GUESTS", GUESTS, 1, MOST};
    struct evening evening = {.served = 0};

    read_numbers(argc, argv, &guests, 1);
    say("prediction: %d guests", GUESTS);
    must("measure", uv_loop_configure(uv_default_loop(), UV_METRICS_IDLE_TIME));
    for (int i = 0; i < guests.value; i++)
        start(&evening, &evening.arrivals[i], on_guest, i * EVENING / guests.value, 0);
    start(&evening, &evening.oven, on_look, EVERY / 2, EVERY);
    start(&evening, &evening.clock, on_closing_time, EVENING, 0);
    run_and_close();
}

static void start(struct evening *evening, uv_timer_t *timer, uv_timer_cb callback,
                  int ms, int repeat)
{
    must("make a timer", uv_timer_init(uv_default_loop(), timer));
    timer->data = evening;
    must("start a timer",
         uv_timer_start(timer, callback, (uint64_t)ms, (uint64_t)repeat));
}

/* Sleeps play his work: the loop stands still meanwhile. */
static void on_guest(uv_timer_t *arrival)
{
    struct evening *evening = arrival->data;

    uv_sleep(ORDER + DISH + BILL);
    evening->served++;
    uv_close((uv_handle_t *)arrival, NULL);
}

static void on_look(uv_timer_t *oven)
{
    (void)oven;
    uv_sleep(LOOK);
}

static void on_closing_time(uv_timer_t *clock)
{
    struct evening *evening = clock->data;
    double idle = idle_share();

    say("restaurant: closes, %d guests were served", evening->served);
    measure("LoopBot: was idle for %s of the evening, %.1f %%",
            idle > 0.7   ? "most"
            : idle > 0.3 ? "about half"
                         : "little",
            100 * idle);
    uv_close((uv_handle_t *)&evening->oven, NULL);
    uv_close((uv_handle_t *)clock, NULL);
}

/* 0: never idle, 1: all evening. */
static double idle_share(void)
{
    return 0; /* TODO 2: what does the loop say? */
}
