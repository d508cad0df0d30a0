/* exercise.c - three bots, each a child process with a pipe of its own. Pepper Bot
 * falls silent, and everybody waits for it until 3.00. Give up every bot of which
 * nothing has been heard for some time. The program takes that time, in ms; the check
 * tries it with 500, too. */

#include "lesson.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOTS = 3, MOST_MESSAGES = 3 };

struct message {
    unsigned ms; /* when it is sent */
    char text[36];
};

struct techie {
    int timeout;    /* ms */
    uint64_t start; /* ns */
};

struct bot {
    const char *name;
    struct message messages[MOST_MESSAGES + 1]; /* ends with an empty one */
    pid_t child;
    uv_file pipe; /* we read from it */
    uv_poll_t readable;
    struct techie *techie;
};

static void start(struct bot *bot, struct techie *techie);
static void send_messages(const struct bot *bot, uv_file pipe);
static void watch(struct bot *bot);
static void on_readable(uv_poll_t *readable, int status, int events);
static void stop_listening(struct bot *bot);
static void see_off(const struct bot *bot);

int main(int argc, char *argv[])
{
    struct number timeout = {.name = "MS", .value = 1000, .least = 1, .most = 10000};
    struct techie techie = {0};
    struct bot bots[BOTS] = {
        {.name = "Smart Bot",
         .messages = {{300, "leaving"}, {1100, "on a bus"}, {1900, "here"}}},
        {.name = "Pepper Bot", .messages = {{700, "leaving"}, {3000, "here"}}},
        {.name = "CloudBot",
         .messages = {{900, "leaving"}, {1400, "walking"}, {2200, "here"}}},
    };

    read_numbers(argc, argv, &timeout, 1);
    techie.timeout = timeout.value;
    say("Techie: waits %d ms for each bot", techie.timeout);
    techie.start = uv_hrtime();
    for (int i = 0; i < BOTS; i++)
        start(&bots[i], &techie);
    for (int i = 0; i < BOTS; i++)
        watch(&bots[i]);
    run_and_close();
    for (int i = 0; i < BOTS; i++)
        see_off(&bots[i]);
    say("Techie: listens to nobody any more");
}

static void start(struct bot *bot, struct techie *techie)
{
    uv_file ends[2];

    bot->techie = techie;
    must("make a pipe", uv_pipe(ends, UV_NONBLOCK_PIPE, 0));
    bot->child = must_errno("start a bot", fork());
    if (bot->child == 0) {
        must_errno("close our end", close(ends[0]));
        send_messages(bot, ends[1]);
        _exit(EXIT_SUCCESS);
    }
    must_errno("close the bot's end", close(ends[1]));
    bot->pipe = ends[0];
}

/* In the child. */
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

static void watch(struct bot *bot)
{
    must("watch a bot", uv_poll_init(uv_default_loop(), &bot->readable, bot->pipe));
    bot->readable.data = bot;
    must("watch a bot", uv_poll_start(&bot->readable, UV_READABLE, on_readable));
    /* TODO 1: a timer for each bot. What does its callback do? */
}

/* The loop calls this when a pipe has something to read, or has ended. */
static void on_readable(uv_poll_t *readable, int status, int events)
{
    struct bot *bot = readable->data;
    struct message message;

    (void)events;
    must("watch a bot", status);
    if (must_errno("hear a bot", read(bot->pipe, &message, sizeof message)) == 0) {
        say("%s: has hung up", bot->name);
        stop_listening(bot);
        return;
    }
    say("%s: %s (sent at %u.%02u)", bot->name, message.text, message.ms / 1000,
        message.ms / 10 % 100);
    /* TODO 2: it has spoken, so it has its whole time again */
}

/* The bot has hung up, or we have given it up. Called once for each. */
static void stop_listening(struct bot *bot)
{
    uv_close((uv_handle_t *)&bot->readable, NULL);
    /* TODO 3: what else is still active? */
    must_errno("close a pipe", close(bot->pipe));
}

/* A bot that we have given up is still at it: so end it. To one that has ended
 * already it does nothing. */
static void see_off(const struct bot *bot)
{
    must_errno("end a bot", kill(bot->child, SIGTERM));
    must_errno("wait for a bot", waitpid(bot->child, NULL, 0));
}
