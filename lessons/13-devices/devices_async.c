/* devices_async.c - all messages of a program are sent at once.
 * You will see 0.60 s, three programs of 0.2 s; and a toilet that is cleaned
 * while it flushes: nobody has said that the one comes after the other.
 * Order of events: main -> run -> on_reply, ... -> run -> on_reply, ... */

#include "lesson.h"

struct program;

struct message {
    const char *device, *order;
    const char *answer; /* what the device will say, after 0.2 s */
    const char *reply;  /* what it has said, or NULL */
    uv_timer_t timer;
    struct program *program;
};

struct program {
    struct message messages[4];
    int count, replies;
    struct program *next; /* to run when this one is done, or NULL */
};

static void run(struct program *program);
static void tell(struct message *message);
static void on_reply(uv_timer_t *timer);
static void show_replies(const struct program *program);

int main(void)
{
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
    struct program waking_up = {
        .count = 3,
        .next = &going_to_sleep,
        .messages =
            {
                {.device = "Hue Light", .order = "switch on", .answer = "is on"},
                {.device = "Smart Speaker",
                 .order = "play a song",
                 .answer = "plays a song"},
                {.device = "Smart Toilet", .order = "warm up", .answer = "is warm"},
            },
    };
    struct program connecting = {
        .count = 3,
        .next = &waking_up,
        .messages =
            {
                {.device = "Hue Light", .order = "connect", .answer = "is online"},
                {.device = "Smart Speaker", .order = "connect", .answer = "is online"},
                {.device = "Smart Toilet", .order = "connect", .answer = "is online"},
            },
    };

    run(&connecting);
    run_and_close();
    show_replies(&connecting);
    show_replies(&waking_up);
    show_replies(&going_to_sleep);
}

static void run(struct program *program)
{
    for (int i = 0; i < program->count; i++) {
        program->messages[i].program = program;
        tell(&program->messages[i]);
    }
}

static void tell(struct message *message)
{
    say("%s: told to %s", message->device, message->order);
    must("tell a device", uv_timer_init(uv_default_loop(), &message->timer));
    message->timer.data = message;
    must("tell a device", uv_timer_start(&message->timer, on_reply, 200, 0));
}

/* The loop calls this for each message. The last reply starts what comes next. */
static void on_reply(uv_timer_t *timer)
{
    struct message *message = timer->data;
    struct program *program = message->program;

    message->reply = message->answer;
    say("%s: %s", message->device, message->reply);
    uv_close((uv_handle_t *)timer, NULL);
    if (++program->replies == program->count && program->next)
        run(program->next);
}

static void show_replies(const struct program *program)
{
    for (int i = 0; i < program->count; i++) {
        const struct message *message = &program->messages[i];

        say("home: %s %s", message->device,
            message->reply ? message->reply : "is silent");
    }
}
