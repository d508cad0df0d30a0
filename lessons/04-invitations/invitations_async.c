/* invitations_async.c - Techie asks everybody, then listens.
 * You will see 0.70 s for five bots, the replies in the order in which they
 * come, and 0.08 s for a hundred friends: 30 ms of waiting, once, and then
 * 100 x 0.5 ms of work, which nobody takes off Techie's hands.
 * Order of events: main -> on_reply, ... -> main -> on_friend, ... */

#include "lesson.h"

#include <stdlib.h>

struct bot {
    const char *name, *presence;
    enum { ACCEPT, REJECT, ON_SICK_LEAVE } reply;
    unsigned ms; /* until it replies: 200, and more if it is busy */
    uv_timer_t timer;
    struct queue *queue; /* where the reply goes */
};

struct queue {
    const char *names[6]; /* five bots and Pretbot */
    int length;
};

static const char *const words[] = {"accept", "reject", "on sick leave"};

static void invite(struct bot *bot, struct queue queues[]);
static void on_reply(uv_timer_t *timer);
static void read_queue(const struct queue *queue, const char *answer);
static void invite_friend(uv_timer_t *friend);
static void on_friend(uv_timer_t *friend);
static void write_name_tag(void);

int main(int argc, char *argv[])
{
    struct bot bots[] = {
        {.name = "Smart Bot", .presence = "busy", .reply = ACCEPT, .ms = 700},
        {.name = "Volter Bot", .presence = "busy", .reply = REJECT, .ms = 500},
        {.name = "Fintech Bot", .presence = "online", .reply = ACCEPT, .ms = 200},
        {.name = "Pepper Bot", .presence = "offline", .reply = ON_SICK_LEAVE, .ms = 200},
        {.name = "CloudBot", .presence = "online", .reply = ACCEPT, .ms = 200},
    };
    struct queue queues[] = {[ON_SICK_LEAVE] = {{"Pretbot"}, 1}};
    struct number asked[] = {{"BOTS", 5, 0, 5}, {"FRIENDS", 100, 0, 100000}};
    uv_timer_t *friends;

    read_numbers(argc, argv, asked, 2);
    say("Techie: invites %d bots", asked[0].value);
    for (int i = 0; i < asked[0].value; i++)
        invite(&bots[i], queues);
    must("wait for the bots", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    read_queue(&queues[ACCEPT], "Welcome");
    read_queue(&queues[REJECT], "What a pity");
    read_queue(&queues[ON_SICK_LEAVE], "Get well soon");

    say("Techie: invites %d friends", asked[1].value);
    friends = calloc((size_t)asked[1].value + 1, sizeof *friends);
    must("remember all friends", friends ? 0 : UV_ENOMEM);
    for (int i = 0; i < asked[1].value; i++)
        invite_friend(&friends[i]);
    run_and_close();
    free(friends);
    say("Techie: all %d friends have replied", asked[1].value);
}

static void invite(struct bot *bot, struct queue queues[])
{
    say("%s: is asked", bot->name);
    bot->queue = &queues[bot->reply];
    must("listen to a bot", uv_timer_init(uv_default_loop(), &bot->timer));
    bot->timer.data = bot;
    must("listen to a bot", uv_timer_start(&bot->timer, on_reply, bot->ms, 0));
}

/* The loop calls this for each bot, the quickest first. */
static void on_reply(uv_timer_t *timer)
{
    struct bot *bot = timer->data;

    say("%s: %s, %s", bot->name, bot->presence, words[bot->reply]);
    bot->queue->names[bot->queue->length++] = bot->name;
    uv_close((uv_handle_t *)timer, NULL);
}

static void read_queue(const struct queue *queue, const char *answer)
{
    if (queue->length == 0)
        say("Techie: nobody to tell \"%s\"", answer);
    for (int i = 0; i < queue->length; i++)
        say("Techie: %s, %s", answer, queue->names[i]);
}

static void invite_friend(uv_timer_t *friend)
{
    must("listen to a friend", uv_timer_init(uv_default_loop(), friend));
    must("listen to a friend", uv_timer_start(friend, on_friend, 30, 0));
}

/* All are due at 30 ms. The loop calls this for one after the other, so the
 * last of a hundred is heard at 80 ms. */
static void on_friend(uv_timer_t *friend)
{
    write_name_tag();
    uv_close((uv_handle_t *)friend, NULL);
}

/* Half a millisecond of Techie's own work: this is no waiting. He begins a name tag when
 * its reply has come, which is when the loop woke up, or when the last one is written. */
static void write_name_tag(void)
{
    static uint64_t end; /* of the last one, ns */
    uint64_t came = uv_now(uv_default_loop()) * 1000000;

    end = (came > end ? came : end) + 500000;
    while (uv_hrtime() < end)
        ;
}
