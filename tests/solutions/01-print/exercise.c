/* exercise.c - a third word that takes 1.5 s.
 * Predict first: in which order do the words appear, and when is the last one
 * there? Write it down below, then add the word. */

#include "lesson.h"

#ifdef SOLUTION
static const char *const prediction = "Second, Third, First, 2.00 s";
#else
/* TODO 1: what do you predict? This is what the sync program would do. */
static const char *const prediction = "First, Second, Third, 4.50 s";
#endif

struct word {
    uv_timer_t timer;
    const char *text;
    unsigned ms;
};

static void print(struct word *word);
static void on_time(uv_timer_t *timer);

int main(void)
{
    struct word first = {.text = "First", .ms = 2000};
    struct word second = {.text = "Second", .ms = 1000};
#ifdef SOLUTION
    struct word third = {.text = "Third", .ms = 1500};
#else
    /* TODO 2: the third word, "Third", takes 1500 ms */
#endif

    say("prediction: %s", prediction);
    say("start");
    print(&first);
    print(&second);
#ifdef SOLUTION
    print(&third);
#else
    /* TODO 3: ask for it here */
#endif
    run_and_close();
    say("done");
}

/* Ask the loop to call on_time() when the word is due; don't wait for it. */
static void print(struct word *word)
{
    must("start a timer", uv_timer_init(uv_default_loop(), &word->timer));
    word->timer.data = word;
    must("start a timer", uv_timer_start(&word->timer, on_time, word->ms, 0));
}

/* The loop calls this once for each word, when its time has come. */
static void on_time(uv_timer_t *timer)
{
    struct word *word = timer->data;

    say("%s", word->text);
    uv_close((uv_handle_t *)timer, NULL);
}
