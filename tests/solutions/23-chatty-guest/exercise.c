/* exercise.c - a guest holds LoopBot's hand, and tells a story; LoopBot nods after each
 * sentence. As it stands, LoopBot hears all of it in one callback, and the souffle
 * flops. Cut the story into pieces. The program takes the number of sentences; the check
 * tries it with others, too. */

#include "lesson.h"

enum { SENTENCE = 300, BAKING = 650, PATIENCE = 1000 }; /* ms */
enum { TOO_LONG = 500 };                                /* ms, for a callback */

struct guest {
    uv_timer_t arrival;
#ifdef SOLUTION
    uv_idle_t story; /* called once in every round of the loop */
#else
    /* TODO 1: what is called again after each sentence? */
#endif
    int heard, sentences;
};

static void on_guest(uv_timer_t *arrival);
#ifdef SOLUTION
static void on_sentence(uv_idle_t *story);
#endif
static void on_souffle_ready(uv_timer_t *oven);
static void end(const char *callback, uint64_t began);

static uint64_t opened; /* ns */
static int too_long;    /* callbacks */

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
#ifdef SOLUTION
    must("listen", uv_idle_init(uv_default_loop(), &guest->story));
    guest->story.data = guest;
    must("listen", uv_idle_start(&guest->story, on_sentence));
#else
    /* TODO 2: one sentence in a callback, and then others have a turn */
    while (guest->heard < guest->sentences) {
        say("guest: sentence %d", ++guest->heard);
        uv_sleep(SENTENCE); /* LoopBot listens */
        say("LoopBot: nods");
    }
    say("guest: lets go");
#endif
    end(__func__, began);
}

#ifdef SOLUTION
static void on_sentence(uv_idle_t *story)
{
    uint64_t began = uv_hrtime();
    struct guest *guest = story->data;

    say("guest: sentence %d", ++guest->heard);
    uv_sleep(SENTENCE); /* LoopBot listens */
    say("LoopBot: nods");
    if (guest->heard == guest->sentences) {
        say("guest: lets go");
        uv_close((uv_handle_t *)story, NULL);
    }
    end(__func__, began);
}

#endif
static void on_souffle_ready(uv_timer_t *oven)
{
    uint64_t began = uv_hrtime(), due = opened + BAKING * 1000000ull;

    say("souffle: %s", began > due + PATIENCE * 1000000ull ? "flops" : "is served");
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
