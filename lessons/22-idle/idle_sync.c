/* idle_sync.c - seven bots, a thread each. Every bot measures how long it has worked.
 *
 * You will see what they wait for in the middle of the evening, and that the busiest was
 * idle for about 98 % of it. Order of events: main -> each bot, in a thread of its own:
 * waits, works, waits, works; meanwhile main -> 2.00 -> 4.00 -> main joins them. */

#include "idle.h"

#include <stdatomic.h>

struct bot {
    const struct role *role;
    atomic_bool is_working;
    uint64_t worked; /* ns: what comes back from the thread */
    uv_thread_t thread;
};

static void live(void *bot);
static void work_for_a_while(struct bot *bot);
static void show_moment(struct bot bots[]);
static void show_evening(struct bot bots[]);

int main(void)
{
    struct bot bots[BOTS];

    say("restaurant: opens");
    for (int i = 0; i < BOTS; i++) {
        bots[i] = (struct bot){.role = &roles[i]};
        must("start a thread", uv_thread_create(&bots[i].thread, live, &bots[i]));
    }
    uv_sleep(HALF);
    show_moment(bots);
    uv_sleep(HALF);
    say("restaurant: closes");
    for (int i = 0; i < BOTS; i++)
        must("join a thread", uv_thread_join(&bots[i].thread));
    show_evening(bots);
}

static void live(void *argument)
{
    struct bot *bot = argument;

    uv_sleep(HALF / 4);
    work_for_a_while(bot);
    uv_sleep(HALF);
    work_for_a_while(bot);
    bot->worked = cpu_time(); /* this thread's, from its beginning */
}

static void work_for_a_while(struct bot *bot)
{
    bot->is_working = true;
    work(bot->role->work);
    bot->is_working = false;
}

static void show_moment(struct bot bots[])
{
    for (int i = 0; i < BOTS; i++) {
        if (bots[i].is_working)
            say("%s: works", bots[i].role->bot);
        else
            say("%s: waits for %s", bots[i].role->bot, bots[i].role->waits_for);
    }
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
