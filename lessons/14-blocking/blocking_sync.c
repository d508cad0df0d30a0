/* blocking_sync.c - ask and wait: each bot in turn is read from, until it has said
 * something. Both are child processes, and each writes into a pipe of its own.
 * You will see that Pepper Bot's first message waits from 0.30 to 0.70, while we
 * wait for Smart Bot, who has nothing to say yet. CPU time: none. */

#include "lesson.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BOTS = 2, MOST_MESSAGES = 3 };

/* All have one size, so that one read takes one message (lesson 31: if they haven't). */
struct message {
    unsigned ms; /* when it is sent */
    char text[36];
};

struct techie {
    int listening; /* to how many bots */
    int asked, in_vain;
    uint64_t start; /* ns */
    clock_t cpu_time;
};

struct bot {
    const char *name;
    struct message messages[MOST_MESSAGES + 1]; /* ends with an empty one */
    pid_t child;
    uv_file pipe; /* we read from it; -1 when the bot has hung up */
    struct techie *techie;
};

static void start(struct bot *bot, struct techie *techie);
static void send_messages(const struct bot *bot, uv_file pipe);
static void hear(struct bot *bot);
static void hang_up(struct bot *bot);
static void see_off(const struct bot *bot);
static void show_cost(const struct techie *techie);
static int result_of(ssize_t returned);

int main(void)
{
    struct techie techie = {.listening = BOTS};
    struct bot bots[BOTS] = {
        {.name = "Smart Bot", .messages = {{700, "leaving home"}, {1700, "at the door"}}},
        {.name = "Pepper Bot",
         .messages = {{300, "leaving home"},
                      {1200, "bought flowers"},
                      {2200, "at the door"}}},
    };

    say("Techie: listens to two bots");
    techie.start = uv_hrtime();
    techie.cpu_time = clock();
    for (int i = 0; i < BOTS; i++)
        start(&bots[i], &techie);
    while (techie.listening > 0)
        for (int i = 0; i < BOTS; i++)
            if (bots[i].pipe >= 0)
                hear(&bots[i]);
    for (int i = 0; i < BOTS; i++)
        see_off(&bots[i]);
    show_cost(&techie);
    say("Techie: has heard everything");
}

/* A bot is a copy of this program that does nothing but send its messages. */
static void start(struct bot *bot, struct techie *techie)
{
    uv_file ends[2];

    bot->techie = techie;
    must("make a pipe", uv_pipe(ends, 0, 0));
    bot->child = must("start a bot", result_of(fork()));
    if (bot->child == 0) {
        must("close our end", result_of(close(ends[0])));
        send_messages(bot, ends[1]);
        _exit(EXIT_SUCCESS);
    }
    /* Where the pipe can still be written to, its end is never seen. */
    must("close the bot's end", result_of(close(ends[1])));
    bot->pipe = ends[0];
}

/* In the child. Each message has its time, so that no delay is added to another. */
static void send_messages(const struct bot *bot, uv_file pipe)
{
    for (const struct message *message = bot->messages; message->text[0]; message++) {
        uint64_t due = bot->techie->start + (uint64_t)message->ms * 1000000;
        uint64_t now = uv_hrtime();

        if (now < due)
            uv_sleep((unsigned)((due - now) / 1000000) + 1);
        must("send a message", result_of(write(pipe, message, sizeof *message)));
    }
}

/* Read one message. When there is none the system lets us sleep, in this read(). */
static void hear(struct bot *bot)
{
    struct message message;
    ssize_t size = read(bot->pipe, &message, sizeof message);

    bot->techie->asked++;
    if (must("hear a bot", result_of(size)) == 0)
        hang_up(bot);
    else
        say("%s: %s (sent at %u.%02u)", bot->name, message.text, message.ms / 1000,
            message.ms / 10 % 100);
}

/* The end of a pipe can be read like a message, one of no bytes. */
static void hang_up(struct bot *bot)
{
    say("%s: has hung up", bot->name);
    must("close a pipe", result_of(close(bot->pipe)));
    bot->pipe = -1;
    bot->techie->listening--;
}

/* Who has started a process asks how it ended; until then it is not quite gone. */
static void see_off(const struct bot *bot)
{
    int status;

    must("wait for a bot", result_of(waitpid(bot->child, &status, 0)));
    must("hear all of a bot", status == 0 ? 0 : UV_EOF);
}

/* Whoever never asks in vain takes no CPU time that could be spared. */
static void show_cost(const struct techie *techie)
{
    double took = (double)(uv_hrtime() - techie->start) / 1e9;
    double cpu_time = (double)(clock() - techie->cpu_time) / CLOCKS_PER_SEC;
    const char *share = cpu_time > took / 20 ? "all"
                        : techie->in_vain    ? "little"
                                             : "none";

    measure("CPU time: %s, %.4f s", share, cpu_time);
    measure("asked %d times, %d in vain", techie->asked, techie->in_vain);
}

/* The system returns -1 and leaves the error in errno; libuv returns the error. */
static int result_of(ssize_t returned)
{
    return returned < 0 ? uv_translate_sys_error(errno) : (int)returned;
}
