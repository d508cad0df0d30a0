/* wrong_threads.c - no loop: a thread for each pipe, which waits for it alone.
 *
 * verdict: a thread or a process is */

#include "lesson.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOTS = 3, MOST = 3 };

struct message {
    unsigned ms;
    char text[36];
};

static const struct bot {
    const char *name;
    struct message messages[MOST + 1];
} bots[BOTS] = {{"Smart Bot", {{300, "leaving"}, {1100, "on a bus"}, {1900, "here"}}},
                {"Pepper Bot", {{700, "leaving"}, {3000, "here"}}},
                {"CloudBot", {{900, "leaving"}, {1400, "walking"}, {2200, "here"}}}};

static uint64_t start;

static uint64_t now(void)
{
    return (uv_hrtime() - start) / 1000000;
}

static void send_messages(const struct bot *bot, uv_file pipe)
{
    for (const struct message *message = bot->messages; message->text[0]; message++) {
        while (now() < message->ms)
            uv_sleep(1);
        if (write(pipe, message, sizeof *message) < 0)
            _exit(1);
    }
    _exit(0);
}

struct listener {
    const struct bot *bot;
    uv_file pipe;
    int timeout;
};

static void listen_to(void *arg)
{
    struct listener *listener = arg;
    struct pollfd readable = {.fd = listener->pipe, .events = POLLIN};
    struct message message;

    while (poll(&readable, 1, listener->timeout) == 1) {
        if (read(listener->pipe, &message, sizeof message) <= 0) {
            say("%s: has hung up", listener->bot->name);
            return;
        }
        say("%s: %s (sent at %u.%02u)", listener->bot->name, message.text,
            message.ms / 1000, message.ms / 10 % 100);
    }
    say("%s: given up", listener->bot->name);
}

int main(int argc, char *argv[])
{
    struct number timeout = {.name = "MS", .value = 1000, .least = 1, .most = 10000};
    struct listener listeners[BOTS];
    uv_thread_t threads[BOTS];
    pid_t children[BOTS];
    uv_file ends[2];

    read_numbers(argc, argv, &timeout, 1);
    say("Techie: waits %d ms for each bot", timeout.value);
    start = uv_hrtime();
    for (int i = 0; i < BOTS; i++) {
        must("make a pipe", uv_pipe(ends, UV_NONBLOCK_PIPE, 0));
        listeners[i] = (struct listener){&bots[i], ends[0], timeout.value};
        children[i] = fork();
        if (children[i] == 0)
            send_messages(&bots[i], ends[1]);
        close(ends[1]);
    }
    for (int i = 0; i < BOTS; i++)
        must("start a thread", uv_thread_create(&threads[i], listen_to, &listeners[i]));
    for (int i = 0; i < BOTS; i++)
        must("wait for a thread", uv_thread_join(&threads[i]));
    say("Techie: listens to nobody any more");
    for (int i = 0; i < BOTS; i++) {
        kill(children[i], SIGTERM);
        waitpid(children[i], NULL, 0);
    }
}
