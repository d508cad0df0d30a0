/* blocking_sync_poll.c - ask for all at once: poll() waits until one of the pipes has
 * something to read, and says which.
 * You will see each message in the moment in which it was sent. CPU time: none. It is
 * what the loop of blocking_async does, by hand. */

#include "blocking.h"

#include <poll.h>

static void hear_any(struct bot bots[]);
static void hear(struct bot *bot);
static void hang_up(struct bot *bot);

int main(void)
{
    struct techie techie;
    struct bot bots[BOTS];

    start_all(bots, &techie, 0);
    while (techie.listening > 0)
        hear_any(bots);
    see_off_all(bots);
}

/* One call waits for all pipes. (It leaves out those with the number -1.) */
static void hear_any(struct bot bots[])
{
    struct pollfd pipes[BOTS];

    for (int i = 0; i < BOTS; i++)
        pipes[i] = (struct pollfd){.fd = bots[i].pipe, .events = POLLIN};
    must_errno("wait for the bots", poll(pipes, BOTS, -1));
    for (int i = 0; i < BOTS; i++)
        if (pipes[i].revents != 0) /* something to read, or the end */
            hear(&bots[i]);
}

/* Read one message. There is one, or poll() would not have said so. */
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
