/* blocking_sync.c - ask and wait: each bot in turn is read from, until it has said
 * something. Both are child processes, and each writes into a pipe of its own.
 * You will see that Pepper Bot's first message waits from 0.30 to 0.70, while we
 * wait for Smart Bot, who has nothing to say yet. CPU time: none. */

#include "blocking.h"

static void hear(struct bot *bot);
static void hang_up(struct bot *bot);

int main(void)
{
    struct techie techie;
    struct bot bots[BOTS];

    start_all(bots, &techie, 0);
    while (techie.listening > 0)
        for (int i = 0; i < BOTS; i++)
            if (bots[i].pipe >= 0)
                hear(&bots[i]);
    see_off_all(bots);
}

/* Read one message. When there is none the system lets us sleep, in this read(). */
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

/* The end of a pipe can be read like a message, one of no bytes. */
static void hang_up(struct bot *bot)
{
    say("%s: has hung up", bot->name);
    must_errno("close a pipe", close(bot->pipe));
    bot->pipe = -1;
    bot->techie->listening--;
}
