/* invitations_sync.c - Techie asks one bot, waits for its reply, asks the next.
 * You will see 1.80 s for five bots, the replies in the order of asking, and
 * 3.05 s for a hundred friends: 100 x (30 ms of waiting + 0.5 ms of work). */

#include "lesson.h"

struct bot {
    const char *name, *presence;
    enum { ACCEPT, REJECT, ON_SICK_LEAVE } reply;
    unsigned ms; /* until it replies: 200, and more if it is busy */
};

struct queue {
    const char *names[6]; /* five bots and Pretbot */
    int length;
};

static const char *const words[] = {"accept", "reject", "on sick leave"};

static void invite(const struct bot *bot, struct queue queues[]);
static void read_queue(const struct queue *queue, const char *answer);
static void invite_friend(void);
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

    read_numbers(argc, argv, asked, 2);
    say("Techie: invites %d bots", asked[0].value);
    for (int i = 0; i < asked[0].value; i++)
        invite(&bots[i], queues);
    read_queue(&queues[ACCEPT], "Welcome");
    read_queue(&queues[REJECT], "What a pity");
    read_queue(&queues[ON_SICK_LEAVE], "Get well soon");

    say("Techie: invites %d friends", asked[1].value);
    for (int i = 0; i < asked[1].value; i++)
        invite_friend();
    say("Techie: all %d friends have replied", asked[1].value);
}

static void invite(const struct bot *bot, struct queue queues[])
{
    struct queue *queue = &queues[bot->reply];

    say("%s: is asked", bot->name);
    uv_sleep(bot->ms); /* and nobody else is asked in the meantime */
    say("%s: %s, %s", bot->name, bot->presence, words[bot->reply]);
    queue->names[queue->length++] = bot->name;
}

static void read_queue(const struct queue *queue, const char *answer)
{
    if (queue->length == 0)
        say("Techie: nobody to tell \"%s\"", answer);
    for (int i = 0; i < queue->length; i++)
        say("Techie: %s, %s", answer, queue->names[i]);
}

static void invite_friend(void)
{
    uv_sleep(30);
    write_name_tag();
}

/* Half a millisecond of Techie's own work: this is no waiting. */
static void write_name_tag(void)
{
    uint64_t end = uv_hrtime() + 500000; /* ns */

    while (uv_hrtime() < end)
        ;
}
