/* chatty_guest_sync.c - Friday evening, and each bot is a thread. Three guests take their
 * time; one of them, who came alone, holds WaitBot's hand.
 *
 * You will see that the kitchen does not notice: the souffle is served when it is ready.
 * Order of events: main -> each bot, in a thread of its own -> main joins them. */

#include "lesson.h"

enum { BOTS = 4 };
enum { COMPLAINT = 300, COCKTAIL = 300, TALK = 900 }; /* ms */
enum { BAKING = 1700, PATIENCE = 500 };               /* ms; after both it flops */

static void greet(void *unused);
static void pour(void *unused);
static void wait_at_tables(void *unused);
static void cook(void *unused);

int main(void)
{
    void (*const work[BOTS])(void *) = {greet, pour, wait_at_tables, cook};
    uv_thread_t bots[BOTS];

    say("Friday");
    for (int i = 0; i < BOTS; i++)
        must("start a thread", uv_thread_create(&bots[i], work[i], NULL));
    for (int i = 0; i < BOTS; i++)
        must("join a thread", uv_thread_join(&bots[i]));
    say("the restaurant closes");
}

/* Each bot waits for its guest, and then its guest has all of its time. */
static void greet(void *unused)
{
    (void)unused;
    uv_sleep(200);
    say("GreetBot: a complaint");
    uv_sleep(COMPLAINT);
    say("GreetBot: the guest is content");
}

static void pour(void *unused)
{
    (void)unused;
    uv_sleep(800);
    say("WineBot: a cocktail");
    uv_sleep(COCKTAIL);
    say("WineBot: the umbrella is on");
}

static void wait_at_tables(void *unused)
{
    (void)unused;
    uv_sleep(1400);
    say("WaitBot: a guest who came alone takes his hand");
    uv_sleep(TALK);
    say("WaitBot: the guest lets go");
}

static void cook(void *unused)
{
    uint64_t due = uv_hrtime() + BAKING * 1000000ull;

    (void)unused;
    say("ChefBot: the souffle is in the oven");
    uv_sleep(BAKING);
    say("ChefBot: the souffle %s",
        uv_hrtime() > due + PATIENCE * 1000000ull ? "flops" : "is served");
}
