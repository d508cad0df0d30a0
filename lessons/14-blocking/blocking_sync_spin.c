/* blocking_sync_spin.c - ask again and again: a read that finds nothing returns at
 * once, so each bot in turn is asked without end.
 * You will see each message in the moment in which it was sent, and what that costs:
 * millions of questions, nearly all in vain. CPU time: all. */

#include "blocking.h"

static void hear(struct bot *bot);
static void hang_up(struct bot *bot);

int main(void)
{
    struct techie techie;
    struct bot bots[BOTS];

    start_all(bots, &techie, UV_NONBLOCK_PIPE);
    while (techie.listening > 0)
        for (int i = 0; i < BOTS; i++)
            if (bots[i].pipe >= 0)
                hear(&bots[i]);
    see_off_all(bots);
}

/* Read one message. When there is none, read() says so: try again (EAGAIN). */
static void hear(struct bot *bot)
{
    struct message message;
    ssize_t size = read(bot->pipe, &message, sizeof message);

    bot->techie->asked++;
    if (size < 0 && errno == EAGAIN)
        bot->techie->in_vain++;
    else if (must_errno("hear a bot", size) == 0)
        hang_up(bot);
    else
        tell(bot, &message);
}

/* The end of a pipe can be read like a message, one of no bytes. */
static void hang_up(struct bot *bot)
{
    say("%s: has hung up", bot->name);
    must_errno("close a pipe", close(bot->pipe));
    bot->pipe = -1;
    bot->techie->listening--;
}
