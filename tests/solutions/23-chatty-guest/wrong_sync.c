/* wrong_sync.c - one callback for the whole story, which looks at the clock by itself:
 * nobody else has a turn.
 *
 * verdict: on_guest held the loop for */

#include "lesson.h"

enum { SENTENCE = 300, BAKING = 650, PATIENCE = 1000 }; /* ms */
enum { TOO_LONG = 500 };                                /* ms, for a callback */

struct guest {
    uv_timer_t arrival;
    int heard, sentences;
};

static void on_guest(uv_timer_t *arrival);
static void serve(void);
static void on_souffle_ready(uv_timer_t *oven);
static void end(const char *callback, uint64_t began);

static uint64_t opened; /* ns */
static int too_long;    /* callbacks */
static int served;

int main(int argc, char *argv[])
{
    struct number sentences = {"SENTENCES", 6, 1, 100};
    struct guest guest = {.heard = 0};
    uv_timer_t oven;

    read_numbers(argc, argv, &sentences, 1);
    guest.sentences = sentences.value;
    say("souffle: in the oven");
    opened = uv_hrtime();
    must("make a timer", uv_timer_init(uv_default_loop(), &oven));
    must("start a timer", uv_timer_start(&oven, on_souffle_ready, BAKING, 0));
    must("make a timer", uv_timer_init(uv_default_loop(), &guest.arrival));
    guest.arrival.data = &guest;
    must("start a timer", uv_timer_start(&guest.arrival, on_guest, 200, 0));
    run_and_close();
    measure("too long for a callback: %d times", too_long);
}

static void on_guest(uv_timer_t *arrival)
{
    uint64_t began = uv_hrtime();
    struct guest *guest = arrival->data;

    say("guest: takes LoopBot's hand");
    uv_close((uv_handle_t *)arrival, NULL);
    while (guest->heard < guest->sentences) {
        say("guest: sentence %d", ++guest->heard);
        uv_sleep(SENTENCE); /* LoopBot listens */
        say("LoopBot: nods");
        if (!served && uv_hrtime() > opened + BAKING * 1000000ull)
            serve();
    }
    say("guest: lets go");
    end(__func__, began);
}

static void serve(void)
{
    uint64_t due = opened + BAKING * 1000000ull;

    say("souffle: %s", uv_hrtime() > due + PATIENCE * 1000000ull ? "flops" : "is served");
    served = 1;
}

static void on_souffle_ready(uv_timer_t *oven)
{
    uint64_t began = uv_hrtime();

    if (!served)
        serve();
    uv_close((uv_handle_t *)oven, NULL);
    end(__func__, began);
}

/* The last line of each callback: was it too long? */
static void end(const char *callback, uint64_t began)
{
    double ms = (double)(uv_hrtime() - began) / 1e6;

    if (ms < TOO_LONG)
        return;
    measure("%s held the loop for %.0f ms", callback, ms);
    too_long++;
}
