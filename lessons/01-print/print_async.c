/* print_async.c - two words that take their time, both at once.
 * You will see Second, then First, 2.00 s: the longest of the waits.
 * Order of events: main -> print, print -> on_time (Second), on_time (First) */

#include "lesson.h"

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

    say("start");
    print(&first);
    print(&second);
    run_and_close(); /* here we wait, for both */
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
