/* idle_sync.c - seven bots, a thread each. Every bot measures how long it has worked.
 *
 * You will see what they wait for in the middle of the evening, and that the busiest was
 * idle for about 98 % of it. Order of events: main -> each bot, in a thread of its own:
 * waits, works -> at 2.00 main stops the clock -> each bot waits, works -> at 4.00 main
 * joins them. */

#include "idle.h"

struct bot {
    const struct role *role;
    uint64_t worked; /* ns: what comes back from the thread */
    uv_thread_t thread;
};

static void live(void *bot);
static void meet(void);
static void show_evening(struct bot bots[]);

static uv_barrier_t clock_stops;

int main(void)
{
    struct bot bots[BOTS];

    must("make a barrier", uv_barrier_init(&clock_stops, BOTS + 1));
    say("restaurant: opens");
    for (int i = 0; i < BOTS; i++) {
        bots[i].role = &roles[i];
        must("start a thread", uv_thread_create(&bots[i].thread, live, &bots[i]));
    }
    uv_sleep(HALF);
    meet();
    for (int i = 0; i < BOTS; i++)
        say("%s: waits for %s", roles[i].bot, roles[i].waits_for);
    meet();
    uv_sleep(HALF);
    say("restaurant: closes");
    for (int i = 0; i < BOTS; i++)
        must("join a thread", uv_thread_join(&bots[i].thread));
    uv_barrier_destroy(&clock_stops);
    show_evening(bots);
}

static void live(void *argument)
{
    struct bot *bot = argument;

    uv_sleep(FIRST_WORK);
    work(bot->role->work);
    meet(); /* all are here: nobody works */
    meet(); /* the clock goes on */
    uv_sleep(FIRST_WORK);
    work(bot->role->work);
    bot->worked = cpu_time(); /* this thread's, from its beginning */
}

/* A barrier lets nobody go on before all have come: the seven, and main. */
static void meet(void)
{
    must("meet", uv_barrier_wait(&clock_stops));
}

static void show_evening(struct bot bots[])
{
    uint64_t worked = 0;

    for (int i = 0; i < BOTS; i++) {
        show_cost(bots[i].role->bot, bots[i].worked);
        worked += bots[i].worked;
    }
    measure("paid for %d s, has worked for %.2f s", BOTS * EVENING / 1000,
            (double)worked / 1e9);
}
