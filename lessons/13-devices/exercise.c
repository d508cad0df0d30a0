/* exercise.c - a coffee machine that grinds its beans in the dark, and brews before
 * they are ground. Let each step wait for what it needs, and for nothing else.
 * The program takes the ms by which the water is slower; the check tries it with 0,
 * and with 400. */

#include "lesson.h"

/* TODO 1: how many ms is it from the first line to "all done"? */
enum { PREDICTION = 0 };

struct step {
    enum { MESSAGE, SEQUENCE, PARALLEL } kind;
    const char *device, *order; /* a message has these ... */
    const char *answer;         /* what the device will say, after 0.2 s ... */
    unsigned more;              /* ... and so many ms more */
    uv_timer_t timer;
    struct step *steps; /* ... and the other two consist of steps */
    int count, done;
    struct step *parent; /* NULL: the whole day */
};

static void start(struct step *step, struct step *parent);
static void tell(struct step *message);
static void on_reply(uv_timer_t *timer);
static void finish(struct step *step);
static void on_end(void);

int main(int argc, char *argv[])
{
    struct number more = {.name = "MORE_MS", .value = 0, .least = 0, .most = 5000};

    read_numbers(argc, argv, &more, 1); /* for the water */
    struct step connecting[] = {
        {.device = "Hue Light", .order = "connect", .answer = "is online"},
        {.device = "Smart Speaker", .order = "connect", .answer = "is online"},
        {.device = "Smart Toilet", .order = "connect", .answer = "is online"},
        {.device = "Coffee Machine", .order = "connect", .answer = "is online"},
    };
    /* TODO 2: first the light, then grind; heat at any time; brew after both */
    struct step waking_up[] = {
        {.device = "Hue Light", .order = "switch on", .answer = "is on"},
        {.device = "Coffee Machine", .order = "grind", .answer = "has ground beans"},
        {.device = "Coffee Machine",
         .order = "heat",
         .answer = "has hot water",
         .more = (unsigned)more.value},
        {.device = "Coffee Machine", .order = "brew", .answer = "has made coffee"},
        {.device = "Smart Speaker", .order = "play a song", .answer = "plays a song"},
        {.device = "Smart Toilet", .order = "warm up", .answer = "is warm"},
    };
    struct step toilet[] = {
        {.device = "Smart Toilet", .order = "flush", .answer = "is flushed"},
        {.device = "Smart Toilet", .order = "clean", .answer = "is clean"},
    };
    struct step going_to_sleep[] = {
        {.device = "Hue Light", .order = "switch off", .answer = "is off"},
        {.device = "Smart Speaker", .order = "switch off", .answer = "is off"},
        {.device = "Coffee Machine", .order = "switch off", .answer = "is off"},
        {.kind = SEQUENCE, .steps = toilet, .count = 2},
    };
    struct step programs[] = {
        {.kind = PARALLEL, .steps = connecting, .count = 4},
        {.kind = PARALLEL, .steps = waking_up, .count = 6},
        {.kind = PARALLEL, .steps = going_to_sleep, .count = 4},
    };
    struct step day = {.kind = SEQUENCE, .steps = programs, .count = 3};

    say("prediction: %d ms", PREDICTION);
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
    must("tell a device",
         uv_timer_start(&message->timer, on_reply, 200 + message->more, 0));
}

/* The loop calls this for each message. */
static void on_reply(uv_timer_t *timer)
{
    struct step *message = timer->data;

    say("%s: %s", message->device, message->answer);
    uv_close((uv_handle_t *)timer, NULL);
    finish(message);
}

/* Called once for each step of any kind: what depends on it goes on. */
static void finish(struct step *step)
{
    struct step *parent = step->parent;

    if (parent == NULL)
        on_end();
    else if (++parent->done == parent->count)
        finish(parent);
    else if (parent->kind == SEQUENCE)
        start(&parent->steps[parent->done], parent);
}

/* The whole day is done: called once, by its last reply. */
static void on_end(void)
{
    say("home: all done");
}
