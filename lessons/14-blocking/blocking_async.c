/* blocking_async.c - be told: the loop watches both pipes, and calls us when there is
 * something to read.
 * You will see each message in the moment in which it was sent. CPU time: none.
 * Order of events: main -> watch -> on_readable -> hear, on_readable -> hear, ... */

#include "blocking.h"

static void watch(struct bot *bot);
static void on_readable(uv_poll_t *readable, int status, int events);
static void hear(struct bot *bot);
static void hang_up(struct bot *bot);

int main(void)
{
    struct techie techie;
    struct bot bots[BOTS];

    start_all(bots, &techie, 0);
    for (int i = 0; i < BOTS; i++)
        watch(&bots[i]);
    run_and_close();
    see_off_all(bots);
}

/* After the forks: a loop belongs to one process. (The handle makes the pipe
 * non-blocking by itself.) */
static void watch(struct bot *bot)
{
    must("watch a bot", uv_poll_init(uv_default_loop(), &bot->readable, bot->pipe));
    bot->readable.data = bot;
    must("watch a bot", uv_poll_start(&bot->readable, UV_READABLE, on_readable));
}

/* The loop calls this when a pipe has something to read, or has ended. */
static void on_readable(uv_poll_t *readable, int status, int events)
{
    (void)events; /* we asked for one only */
    must("watch a bot", status);
    hear(readable->data);
}

/* Read one message. There is one, or the loop would not have called. */
static void hear(struct bot *bot)
{
    struct message message;
    ssize_t size = read(bot->pipe, &message, sizeof message);

    bot->techie->asked++;
    if (must_errno("hear a bot", size) == 0)
        hang_up(bot);
    else
        tell(bot, &message);
}

/* The end of a pipe can be read like a message, one of no bytes. Nobody has to count who
 * is left: the loop ends by itself when it has nothing to watch any more. */
static void hang_up(struct bot *bot)
{
    say("%s: has hung up", bot->name);
    uv_close((uv_handle_t *)&bot->readable, NULL);
    must_errno("close a pipe", close(bot->pipe));
}
