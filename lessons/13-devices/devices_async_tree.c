/* devices_async_tree.c - what depends on what is data: a tree, whose leaves are
 * messages, and whose branches are sequences and parallels.
 * You will see 1.00 s: the speaker plays when it is on, the toilet is cleaned when
 * it has flushed, and nothing else waits for these.
 * Order of events: main -> start -> on_reply -> finish -> start, ... */

#include "lesson.h"

struct step {
    enum { MESSAGE, SEQUENCE, PARALLEL } kind;
    const char *device, *order; /* a message has these ... */
    const char *answer;         /* what the device will say, after 0.2 s */
    const char *reply;          /* what it has said, or NULL */
    uv_timer_t timer;
    struct step *steps; /* ... and the other two consist of steps */
    int count, done;
    struct step *parent; /* NULL: the whole day */
};

static void start(struct step *step, struct step *parent);
static void tell(struct step *message);
static void on_reply(uv_timer_t *timer);
static void finish(struct step *step);
static void show_replies(const struct step *step);

int main(void)
{
    struct step connecting[] = {
        {.device = "Hue Light", .order = "connect", .answer = "is online"},
        {.device = "Smart Speaker", .order = "connect", .answer = "is online"},
        {.device = "Smart Toilet", .order = "connect", .answer = "is online"},
    };
    struct step speaker[] = {
        {.device = "Smart Speaker", .order = "switch on", .answer = "is on"},
        {.device = "Smart Speaker", .order = "play", .answer = "plays Kind of Blue"},
    };
    struct step waking_up[] = {
        {.device = "Hue Light", .order = "switch on", .answer = "is on"},
        {.kind = SEQUENCE, .steps = speaker, .count = 2},
    };
    struct step toilet[] = {
        {.device = "Smart Toilet", .order = "flush", .answer = "is flushed"},
        {.device = "Smart Toilet", .order = "clean", .answer = "is clean"},
    };
    struct step going_to_sleep[] = {
        {.device = "Hue Light", .order = "switch off", .answer = "is off"},
        {.device = "Smart Speaker", .order = "switch off", .answer = "is off"},
        {.kind = SEQUENCE, .steps = toilet, .count = 2},
    };
    struct step programs[] = {
        {.kind = PARALLEL, .steps = connecting, .count = 3},
        {.kind = PARALLEL, .steps = waking_up, .count = 2},
        {.kind = PARALLEL, .steps = going_to_sleep, .count = 3},
    };
    struct step day = {.kind = SEQUENCE, .steps = programs, .count = 3};

    start(&day, NULL);
    run_and_close();
}

static void start(struct step *step, struct step *parent)
{
    step->parent = parent;
    if (step->kind == MESSAGE)
        tell(step);
    else if (step->count == 0)
        finish(step); /* nobody would ever call it */
    else if (step->kind == SEQUENCE)
        start(&step->steps[0], step);
    else
        for (int i = 0; i < step->count; i++)
            start(&step->steps[i], step);
}

static void tell(struct step *message)
{
    say("%s: told to %s", message->device, message->order);
    must("tell a device", uv_timer_init(uv_default_loop(), &message->timer));
    message->timer.data = message;
    must("tell a device", uv_timer_start(&message->timer, on_reply, 200, 0));
}

/* The loop calls this for each message. */
static void on_reply(uv_timer_t *timer)
{
    struct step *message = timer->data;

    message->reply = message->answer;
    say("%s: %s", message->device, message->reply);
    uv_close((uv_handle_t *)timer, NULL);
    finish(message);
}

/* Called once for each step of any kind: what depends on it goes on. */
static void finish(struct step *step)
{
    struct step *parent = step->parent;

    if (parent == NULL)
        show_replies(step); /* the whole day is done */
    else if (++parent->done == parent->count)
        finish(parent);
    else if (parent->kind == SEQUENCE)
        start(&parent->steps[parent->done], parent);
}

static void show_replies(const struct step *step)
{
    if (step->kind == MESSAGE)
        say("home: %s %s", step->device, step->reply ? step->reply : "is silent");
    for (int i = 0; i < step->count; i++)
        show_replies(&step->steps[i]);
}
