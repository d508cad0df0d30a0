/* wrong_polls.c - no loop: asks all pipes every 5 ms whether something has come.
 *
 * verdict: but in these 2.20 s the loop has waited for 0.00 s */

#include "lesson.h"

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

static void listen_to(const uv_file pipes[], uint64_t timeout)
{
    uint64_t heard[BOTS] = {0};
    struct message message;

    for (int left = BOTS, gone[BOTS] = {0}; left > 0; uv_sleep(5))
        for (int i = 0; i < BOTS; i++) {
            ssize_t size = gone[i] ? -1 : read(pipes[i], &message, sizeof message);

            if (size > 0) {
                say("%s: %s (sent at %u.%02u)", bots[i].name, message.text,
                    message.ms / 1000, message.ms / 10 % 100);
                heard[i] = now();
            } else if (!gone[i] && (size == 0 || now() - heard[i] >= timeout)) {
                say("%s: %s", bots[i].name, size == 0 ? "has hung up" : "given up");
                gone[i] = 1;
                left--;
            }
        }
}

int main(int argc, char *argv[])
{
    struct number timeout = {.name = "MS", .value = 1000, .least = 1, .most = 10000};
    uv_file pipes[BOTS], ends[2];
    pid_t children[BOTS];

    read_numbers(argc, argv, &timeout, 1);
    say("Techie: waits %d ms for each bot", timeout.value);
    start = uv_hrtime();
    for (int i = 0; i < BOTS; i++) {
        must("make a pipe", uv_pipe(ends, UV_NONBLOCK_PIPE, 0));
        pipes[i] = ends[0];
        children[i] = fork();
        if (children[i] == 0)
            send_messages(&bots[i], ends[1]);
        close(ends[1]);
    }
    listen_to(pipes, (uint64_t)timeout.value);
    say("Techie: listens to nobody any more");
    for (int i = 0; i < BOTS; i++) {
        kill(children[i], SIGTERM);
        waitpid(children[i], NULL, 0);
    }
}
