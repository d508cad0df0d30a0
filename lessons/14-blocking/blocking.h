/* blocking.h - what the programs share: two bots, each a process of its own, that
 * send messages to us; and what it has cost to hear them. How we listen is each
 * program's own matter. */
#ifndef BLOCKING_H
#define BLOCKING_H

#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
    uint64_t start, queued; /* ns; see time_queued() */
    clock_t cpu_time;
};

struct bot {
    const char *name;
    struct message messages[MOST_MESSAGES + 1]; /* ends with an empty one */
    pid_t child;
    uv_file pipe;       /* we read from it; -1 when the bot has hung up */
    uv_poll_t readable; /* blocking_async's handle for that pipe */
    struct techie *techie;
};

static const struct bot all_bots[BOTS] = {
    {.name = "Smart Bot", .messages = {{700, "leaving home"}, {1700, "at the door"}}},
    {.name = "Pepper Bot",
     .messages = {{300, "leaving home"},
                  {1200, "bought flowers"},
                  {2200, "at the door"}}},
};

/* In the child. (The sleep is rounded up, so that no message is too early.) Each message
 * has its time, so that no delay is added to another. */
static void send_messages(const struct bot *bot, uv_file pipe)
{
    for (const struct message *message = bot->messages; message->text[0]; message++) {
        uint64_t due = bot->techie->start + (uint64_t)message->ms * 1000000;
        uint64_t now = uv_hrtime();

        if (now < due)
            uv_sleep((unsigned)((due - now) / 1000000) + 1);
        must_errno("send a message", write(pipe, message, sizeof *message));
    }
}

/* A bot is a copy of this program that does nothing but send its messages. What it writes
 * into ends[1] we read from ends[0]; a uv_file is the number of an open file. `flags` are
 * for our end: 0, or UV_NONBLOCK_PIPE. */
static void start(struct bot *bot, int flags)
{
    uv_file ends[2];

    must("make a pipe", uv_pipe(ends, flags, 0));
    bot->child = must_errno("start a bot", fork());
    if (bot->child == 0) {
        must_errno("close our end", close(ends[0]));
        send_messages(bot, ends[1]);
        _exit(EXIT_SUCCESS);
    }
    /* Where the pipe can still be written to, its end is never seen. */
    must_errno("close the bot's end", close(ends[1]));
    bot->pipe = ends[0];
}

/* ns for which this process could have gone on, but had to wait for a processor, since
 * others had them all. Only Linux tells; elsewhere 0. */
static uint64_t time_queued(void)
{
    char text[100] = "";
    unsigned long long queued = 0;
    uv_file file = open("/proc/self/schedstat", O_RDONLY);

    if (file >= 0 && read(file, text, sizeof text - 1) > 0 &&
        sscanf(text, "%*u %llu", &queued) != 1)
        queued = 0;
    if (file >= 0)
        must_errno("close a file", close(file));
    return queued;
}

static void start_all(struct bot bots[], struct techie *techie, int flags)
{
    say("Techie: listens to two bots");
    *techie = (struct techie){.listening = BOTS};
    techie->start = uv_hrtime();
    techie->queued = time_queued();
    techie->cpu_time = clock();
    for (int i = 0; i < BOTS; i++) {
        bots[i] = all_bots[i];
        bots[i].techie = techie;
        start(&bots[i], flags);
    }
}

static void tell(const struct bot *bot, const struct message *message)
{
    say("%s: %s (sent at %u.%02u)", bot->name, message->text, message->ms / 1000,
        message->ms / 10 % 100);
}

/* "all": of what others left, or a tenth of it. "none": none but for reading what is
 * there. */
static void show_cost(const struct techie *techie)
{
    double took = (double)(uv_hrtime() - techie->start) / 1e9;
    double queued = (double)(time_queued() - techie->queued) / 1e9;
    double cpu_time = (double)(clock() - techie->cpu_time) / CLOCKS_PER_SEC;
    const char *share = cpu_time > (took - queued) / 10 ? "all"
                        : techie->in_vain               ? "little"
                                                        : "none";

    measure("CPU time: %s, %.4f s", share, cpu_time);
    measure("asked %d times, %d in vain", techie->asked, techie->in_vain);
}

/* Who has started a process asks how it ended; until then it is not quite gone. A status
 * of 0: it has sent everything. */
static void see_off_all(const struct bot bots[])
{
    int status;

    for (int i = 0; i < BOTS; i++) {
        must_errno("wait for a bot", waitpid(bots[i].child, &status, 0));
        must("hear all of a bot", status == 0 ? 0 : UV_EOF);
    }
    show_cost(bots[0].techie);
    say("Techie: has heard everything");
}

#endif
