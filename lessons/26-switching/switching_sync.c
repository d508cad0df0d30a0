/* switching_sync.c - two threads take turns: each waits for its turn, does very little,
 * and hands over to the other.
 *
 * You will see what a hand-over takes, and what a call of the same function takes.
 * Order of events: main -> run, in each thread; they take turns; main joins them. */

#include "switching.h"

struct relay {
    uv_mutex_t lock; /* held by whoever looks at the rest, or changes it */
    uv_cond_t handed_over;
    int turn; /* whose it is, 0 or 1 */
    int checksum;
};

struct runner {
    uv_thread_t thread;
    int number, turns;
    struct relay *relay;
};

static void run(void *argument);

int main(int argc, char *argv[])
{
    struct number turns = {"TURNS", TURNS, 1, MOST};
    struct relay relay = {.turn = 0, .checksum = 0};
    struct runner runners[RUNNERS];
    uint64_t start;

    read_numbers(argc, argv, &turns, 1);
    say("2 threads hand over %d times", RUNNERS * turns.value);
    must("make a lock", uv_mutex_init(&relay.lock));
    must("make a condition variable", uv_cond_init(&relay.handed_over));
    start = uv_hrtime();
    for (int i = 0; i < RUNNERS; i++) {
        runners[i] = (struct runner){.number = i, .turns = turns.value, .relay = &relay};
        must("start a thread", uv_thread_create(&runners[i].thread, run, &runners[i]));
    }
    for (int i = 0; i < RUNNERS; i++)
        must("join a thread", uv_thread_join(&runners[i].thread));
    show_handover(turns.value, start, relay.checksum);
    uv_cond_destroy(&relay.handed_over);
    uv_mutex_destroy(&relay.lock);
}

/* Each thread runs this. To wait gives the lock back, and the processor. When the
 * other signals, the system wakes this thread, sooner or later. */
static void run(void *argument)
{
    struct runner *me = argument;
    struct relay *relay = me->relay;

    for (int i = 0; i < me->turns; i++) {
        uv_mutex_lock(&relay->lock);
        while (relay->turn != me->number)
            uv_cond_wait(&relay->handed_over, &relay->lock);
        relay->checksum = take_turn(relay->checksum, me->number);
        relay->turn = 1 - me->number;
        uv_cond_signal(&relay->handed_over);
        uv_mutex_unlock(&relay->lock);
    }
}
