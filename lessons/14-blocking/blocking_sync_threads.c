/* blocking_sync_threads.c - a thread for each pipe: each waits for its own bot only, and
 * while it sleeps the other one can hear.
 * You will see each message in the moment in which it was sent. CPU time: none. */

#include "blocking.h"

/* What belongs to all threads may be changed by one at a time: who has the lock. */
static uv_mutex_t lock;

static void listen_to(void *arg);
static void hear(struct bot *bot);
static void hang_up(struct bot *bot);

int main(void)
{
    struct techie techie;
    struct bot bots[BOTS];
    uv_thread_t threads[BOTS];

    start_all(bots, &techie, 0);
    must("make a lock", uv_mutex_init(&lock));
    for (int i = 0; i < BOTS; i++)
        must("start a thread", uv_thread_create(&threads[i], listen_to, &bots[i]));
    for (int i = 0; i < BOTS; i++)
        must("wait for a thread", uv_thread_join(&threads[i]));
    uv_mutex_destroy(&lock);
    see_off_all(bots);
}

/* In a thread of its own. */
static void listen_to(void *arg)
{
    struct bot *bot = arg;

    while (bot->pipe >= 0)
        hear(bot);
}

/* Wait for the next message, as blocking_sync does. */
static void hear(struct bot *bot)
{
    struct message message;
    ssize_t size = read(bot->pipe, &message, sizeof message);

    uv_mutex_lock(&lock);
    bot->techie->asked++;
    uv_mutex_unlock(&lock);
    if (must_errno("hear a bot", size) == 0)
        hang_up(bot);
    else
        tell(bot, &message);
}

/* The end of a pipe can be read like a message, one of no bytes. It ends the thread. */
static void hang_up(struct bot *bot)
{
    say("%s: has hung up", bot->name);
    must_errno("close a pipe", close(bot->pipe));
    bot->pipe = -1;
}
