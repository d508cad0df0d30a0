/* switching_async.c - two tasks take turns in one loop: each does very little, puts
 * itself at the end of a queue, and returns. Who is first in the queue is called next.
 *
 * You will see that a hand-over takes some nanoseconds; but thousands, if the loop goes
 * round for each of them (the argument is 1). Order of events: main -> on_round,
 * in each round of the loop -> on_turn, of whoever is first, again and again. */

#include "switching.h"

struct runner {
    int number, turns;
    struct relay *relay;
    struct runner *next; /* in the queue */
};

struct relay {
    uv_idle_t idle; /* calls in every round */
    int per_round;  /* so many turns at most */
    struct runner *first, *last;
    int checksum;
};

static void on_round(uv_idle_t *idle);
static struct runner *take_first(struct relay *relay);
static void on_turn(struct runner *me);
static void give_way(struct runner *me);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"PER_ROUND", 1000, 1, MOST}, {"TURNS", TURNS, 1, MOST}};
    struct relay relay = {.first = NULL};
    struct runner runners[RUNNERS];
    uint64_t start;

    read_numbers(argc, argv, asked, 2);
    say("2 tasks hand over %d times, %d a round", RUNNERS * asked[1].value,
        asked[0].value);
    relay.per_round = asked[0].value;
    for (int i = 0; i < RUNNERS; i++) {
        runners[i] =
            (struct runner){.number = i, .turns = asked[1].value, .relay = &relay};
        give_way(&runners[i]);
    }
    must("make an idle handle", uv_idle_init(uv_default_loop(), &relay.idle));
    relay.idle.data = &relay;
    must("start an idle handle", uv_idle_start(&relay.idle, on_round));
    start = uv_hrtime();
    run_and_close();
    show_handover(asked[1].value, start, relay.checksum);
}

/* After so many turns the loop has one: it asks the system what has arrived, and calls
 * this again. */
static void on_round(uv_idle_t *idle)
{
    struct relay *relay = idle->data;

    for (int i = 0; i < relay->per_round && relay->first; i++)
        on_turn(take_first(relay));
    if (!relay->first)
        uv_close((uv_handle_t *)idle, NULL);
}

static struct runner *take_first(struct relay *relay)
{
    struct runner *first = relay->first;

    relay->first = first->next;
    return first;
}

/* No lock: nobody else runs until this returns. */
static void on_turn(struct runner *me)
{
    me->relay->checksum = take_turn(me->relay->checksum, me->number);
    if (--me->turns > 0)
        give_way(me);
}

/* To the end of the queue. */
static void give_way(struct runner *me)
{
    struct relay *relay = me->relay;

    me->next = NULL;
    if (relay->first)
        relay->last->next = me;
    else
        relay->first = me;
    relay->last = me;
}
