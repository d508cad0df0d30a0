/* blocking_sync_interval.c - ask now and then: the bots are asked every 0.5 s (the
 * argument, in ms), and in between we sleep.
 * You will see that what was sent at 0.70 is heard at 1.00. CPU time: little. */

#include "blocking.h"

#include <stdbool.h>

static bool hear(struct bot *bot);
static void hang_up(struct bot *bot);

int main(int argc, char *argv[])
{
    struct number pause = {"MS", 500, 1, 1000};
    struct techie techie;
    struct bot bots[BOTS];

    read_numbers(argc, argv, &pause, 1);
    start_all(bots, &techie, UV_NONBLOCK_PIPE);
    while (techie.listening > 0) {
        uv_sleep((unsigned)pause.value);
        for (int i = 0; i < BOTS; i++)
            while (bots[i].pipe >= 0 && hear(&bots[i]))
                ; /* there may be more than one message */
    }
    see_off_all(bots);
}

/* Read one message. When there is none, read() says so: try again (EAGAIN).
 * Returns whether there was one. */
static bool hear(struct bot *bot)
{
    struct message message;
    ssize_t size = read(bot->pipe, &message, sizeof message);

    bot->techie->asked++;
    if (size < 0 && errno == EAGAIN) {
        bot->techie->in_vain++;
        return false;
    }
    if (must_errno("hear a bot", size) == 0)
        hang_up(bot);
    else
        tell(bot, &message);
    return true;
}

/* The end of a pipe can be read like a message, one of no bytes. */
static void hang_up(struct bot *bot)
{
    say("%s: has hung up", bot->name);
    must_errno("close a pipe", close(bot->pipe));
    bot->pipe = -1;
    bot->techie->listening--;
}
