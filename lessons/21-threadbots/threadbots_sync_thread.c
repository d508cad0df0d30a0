/* threadbots_sync_thread.c - one thread: started, waited for with a limit, and joined.
 *
 * You will see that main and WaitBot are at work at the same time, that main waits for at
 * most 0.40 s, then for as long as it takes, and what it gets back. Order of events: main
 * -> clean_tables, in a thread of its own; meanwhile main -> has_left -> main joins it.
 */

#include "threadbots.h"

struct bot {
    uv_thread_t thread;
    int cleaned;     /* tables: the value that comes back */
    uv_mutex_t lock; /* held by whoever uses the other two */
    uv_cond_t leaving;
    bool has_left;
};

static void clean_tables(void *bot);
static bool has_left(struct bot *bot, uint64_t limit);

int main(void)
{
    struct bot bot = {.cleaned = 0};

    must("make a lock", uv_mutex_init(&bot.lock));
    must("make a condition variable", uv_cond_init(&bot.leaving));
    say("main: hires WaitBot");
    must("start a thread", uv_thread_create(&bot.thread, clean_tables, &bot));
    uv_sleep(200);
    say("main: has counted the money");
    if (!has_left(&bot, 400000000))
        say("main: WaitBot is still there");
    must("join a thread", uv_thread_join(&bot.thread));
    say("main: WaitBot has cleaned %d tables", bot.cleaned);
    uv_cond_destroy(&bot.leaving);
    uv_mutex_destroy(&bot.lock);
}

/* The thread: it ends when this returns. */
static void clean_tables(void *argument)
{
    struct bot *bot = argument;

    while (bot->cleaned < 3) {
        uv_sleep(400);
        say("WaitBot: table %d is clean", ++bot->cleaned);
    }
    uv_mutex_lock(&bot->lock);
    bot->has_left = true;
    uv_cond_signal(&bot->leaving);
    uv_mutex_unlock(&bot->lock);
}

/* A join has no limit; this has, in ns. */
static bool has_left(struct bot *bot, uint64_t limit)
{
    int result = 0;
    bool has_left;

    uv_mutex_lock(&bot->lock);
    while (!bot->has_left && result == 0)
        result = uv_cond_timedwait(&bot->leaving, &bot->lock, limit);
    has_left = bot->has_left;
    uv_mutex_unlock(&bot->lock);
    return has_left;
}
