/* exercise.c - peel several potatoes per round of the loop: as many as you can
 * while every beep is still heard within 0.2 s. The program takes the number of potatoes;
 * the check tries it with 7, too. */

#include "lesson.h"

#ifdef SOLUTION
enum { PER_ROUND = 3 };
#else
/* TODO 1: what is the largest number? The dryer beeps too. */
enum { PER_ROUND = 1 };
#endif

struct machine {
    uv_timer_t timer;
    const char *name;
    unsigned ms;
    struct machine *next; /* to start when this one is done, or NULL */
};

struct potatoes {
    uv_idle_t hands; /* called once in every round of the loop */
    int peeled, pieces;
};

static void start(struct machine *machine);
static void peel(struct potatoes *potatoes);
static void on_free_hands(uv_idle_t *hands);
static void on_done(uv_timer_t *timer);

int main(int argc, char *argv[])
{
    struct number pieces = {.name = "POTATOES", .value = 14, .least = 0, .most = 100};
    struct machine dryer = {.name = "dryer", .ms = 750};
    struct machine washer = {.name = "washing machine", .ms = 750, .next = &dryer};
    struct machine dishwasher = {.name = "dishwasher", .ms = 750};
    struct machine kettle = {.name = "kettle", .ms = 1000};
    struct potatoes potatoes = {0};

    read_numbers(argc, argv, &pieces, 1);
    potatoes.pieces = pieces.value;
    say("prediction: %d potatoes per round", PER_ROUND);
    start(&dishwasher);
    start(&washer);
    start(&kettle);
    peel(&potatoes);
    run_and_close();
    say("all chores done");
}

/* Ask the loop to call on_done() when the machine is through; don't wait. */
static void start(struct machine *machine)
{
    say("%s: start", machine->name);
    must("start a timer", uv_timer_init(uv_default_loop(), &machine->timer));
    machine->timer.data = machine;
    must("start a timer", uv_timer_start(&machine->timer, on_done, machine->ms, 0));
}

/* Peel some potatoes in each round of the loop, so that it can look around. */
static void peel(struct potatoes *potatoes)
{
    must("peel", uv_idle_init(uv_default_loop(), &potatoes->hands));
    potatoes->hands.data = potatoes;
    must("peel", uv_idle_start(&potatoes->hands, on_free_hands));
}

/* The loop calls this in every round, after the timers that are due. */
static void on_free_hands(uv_idle_t *hands)
{
    struct potatoes *potatoes = hands->data;

    if (potatoes->peeled == potatoes->pieces) {
        say("potatoes: done");
        uv_close((uv_handle_t *)hands, NULL);
        return;
    }
#ifdef SOLUTION
    for (int i = 0; i < PER_ROUND && potatoes->peeled < potatoes->pieces; i++) {
        say("potatoes: peel number %d", ++potatoes->peeled);
        uv_sleep(125);
    }
#else
    /* TODO 2: not one, but up to PER_ROUND of them */
    say("potatoes: peel number %d", ++potatoes->peeled);
    uv_sleep(125);
#endif
}

/* The loop calls this once for each machine that is through. */
static void on_done(uv_timer_t *timer)
{
    struct machine *machine = timer->data;

    say("%s: done", machine->name);
    uv_close((uv_handle_t *)timer, NULL);
    if (machine->next)
        start(machine->next);
}
