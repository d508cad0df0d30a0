/* exercise.c - five bots are asked; their replies are printed as they come.
 * Techie also notes them in the order of asking, each as early as possible. The program
 * takes the milliseconds until Smart Bot replies; the check tries it with 600, too. */

#include "lesson.h"

#include <stdbool.h>

enum { BOTS = 5 };

struct bot {
    const char *name, *presence, *reply;
    unsigned ms; /* until it replies */
    uv_timer_t timer;
    bool has_replied;
};

/* In the order of asking. All callbacks see them: there is one loop. */
static struct bot bots[BOTS] = {
    {.name = "Smart Bot", .presence = "online", .reply = "accept"},
    {.name = "Volter Bot", .presence = "busy", .reply = "reject", .ms = 500},
    {.name = "Fintech Bot", .presence = "online", .reply = "accept", .ms = 100},
    {.name = "Pepper Bot", .presence = "offline", .reply = "on sick leave", .ms = 700},
    {.name = "CloudBot", .presence = "online", .reply = "accept", .ms = 200},
};

static void invite(struct bot *bot);
static void on_reply(uv_timer_t *timer);
static void note_replies(void);
static void note(const struct bot *bot);

int main(int argc, char *argv[])
{
    struct number ms = {.name = "MS", .value = 300, .least = 0, .most = 60000};

    read_numbers(argc, argv, &ms, 1);
    bots[0].ms = (unsigned)ms.value;
    say("Techie: invites %d bots", BOTS);
    for (int i = 0; i < BOTS; i++)
        invite(&bots[i]);
    run_and_close();
    say("Techie: has noted everybody");
}

static void invite(struct bot *bot)
{
    say("%s: is asked", bot->name);
    must("listen to a bot", uv_timer_init(uv_default_loop(), &bot->timer));
    bot->timer.data = bot;
    must("listen to a bot", uv_timer_start(&bot->timer, on_reply, bot->ms, 0));
}

/* The loop calls this for each bot, the quickest first. */
static void on_reply(uv_timer_t *timer)
{
    struct bot *bot = timer->data;

    say("%s: %s, %s", bot->name, bot->presence, bot->reply);
    uv_close((uv_handle_t *)timer, NULL);
    bot->has_replied = true;
    note_replies();
}

/* Note every bot that can be noted now. */
static void note_replies(void)
{
    /* TODO: this notes all the replies again and again, in any order */
    for (int i = 0; i < BOTS; i++)
        if (bots[i].has_replied)
            note(&bots[i]);
}

static void note(const struct bot *bot)
{
    say("Techie: notes %s, %s", bot->name, bot->reply);
}
