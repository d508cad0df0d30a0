/* devices_sync.c - ten messages to the devices at home, one after the other.
 * You will see 2.00 s: each message is sent when the one before is answered. */

#include "lesson.h"

struct message {
    const char *device, *order;
    const char *answer; /* what the device will say, after 0.2 s */
    const char *reply;  /* what it has said, or NULL */
};

struct program {
    struct message messages[4];
    int count;
};

static void run(struct program *program);
static void tell(struct message *message);
static void show_replies(const struct program *program);

int main(void)
{
    struct program connecting = {
        .count = 3,
        .messages =
            {
                {.device = "Hue Light", .order = "connect", .answer = "is online"},
                {.device = "Smart Speaker", .order = "connect", .answer = "is online"},
                {.device = "Smart Toilet", .order = "connect", .answer = "is online"},
            },
    };
    struct program waking_up = {
        .count = 3,
        .messages =
            {
                {.device = "Hue Light", .order = "switch on", .answer = "is on"},
                {.device = "Smart Speaker",
                 .order = "play a song",
                 .answer = "plays a song"},
                {.device = "Smart Toilet", .order = "warm up", .answer = "is warm"},
            },
    };
    struct program going_to_sleep = {
        .count = 4,
        .messages =
            {
                {.device = "Hue Light", .order = "switch off", .answer = "is off"},
                {.device = "Smart Speaker", .order = "switch off", .answer = "is off"},
                {.device = "Smart Toilet", .order = "flush", .answer = "is flushed"},
                {.device = "Smart Toilet", .order = "clean", .answer = "is clean"},
            },
    };

    run(&connecting);
    run(&waking_up);
    run(&going_to_sleep);
    show_replies(&connecting);
    show_replies(&waking_up);
    show_replies(&going_to_sleep);
}

static void run(struct program *program)
{
    for (int i = 0; i < program->count; i++)
        tell(&program->messages[i]);
}

static void tell(struct message *message)
{
    say("%s: told to %s", message->device, message->order);
    uv_sleep(200); /* nobody else is told anything in the meantime */
    message->reply = message->answer;
    say("%s: %s", message->device, message->reply);
}

static void show_replies(const struct program *program)
{
    for (int i = 0; i < program->count; i++) {
        const struct message *message = &program->messages[i];

        say("home: %s %s", message->device,
            message->reply ? message->reply : "is silent");
    }
}
