/* exercise.c - what does a hand-over take with 2, 10, 100 and 1,000 runners in one loop?
 * Each gives way after every step. The arguments are the number of steps that each runner
 * makes, and how many runners there are at last; the check tries others, too. */

#include "lesson.h"

/* TODO 1: 1,000 runners make 20 steps each. How often does the loop go round? */
enum { ROUNDS = 0 };

enum { MOST = 1000 };

struct runner {
    int number, steps; /* that it has made */
};

struct ring {
    uv_idle_t idle;   /* calls in every round */
    uv_check_t check; /* and this does */
    int rounds;       /* of the loop */
    int steps;        /* that each runner has to make */
    struct runner runners[MOST];
    struct runner *queue[MOST]; /* a ring: after the last place comes the first */
    int first, waiting;         /* the place of whoever is next, how many are there */
    int handovers, checksum;
};

static void measure_ring(int runners, int steps);
static void on_round(uv_idle_t *idle);
static void on_check(uv_check_t *check);
static struct runner *take_first(struct ring *ring);
static void on_step(struct ring *ring, struct runner *me);
static void give_way(struct ring *ring, struct runner *me);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"STEPS", 20, 1, 100}, {"RUNNERS", MOST, 2, MOST}};
    const int fewer[] = {2, 10, 100};

    read_numbers(argc, argv, asked, 2);
    say("prediction: %d rounds", ROUNDS);
    for (int i = 0; i < 3; i++)
        measure_ring(fewer[i], asked[0].value);
    measure_ring(asked[1].value, asked[0].value);
    run_and_close();
}

/* Let so many runners make so many steps each, and show what it took. */
static void measure_ring(int runners, int steps)
{
    static struct ring ring;
    uint64_t start;
    double took; /* ns */

    ring = (struct ring){.steps = steps};
    for (int i = 0; i < runners; i++) {
        ring.runners[i].number = i;
        give_way(&ring, &ring.runners[i]);
    }
    must("make an idle handle", uv_idle_init(uv_default_loop(), &ring.idle));
    must("make a check handle", uv_check_init(uv_default_loop(), &ring.check));
    ring.idle.data = ring.check.data = &ring;
    must("start an idle handle", uv_idle_start(&ring.idle, on_round));
    must("start a check handle", uv_check_start(&ring.check, on_check));
    start = uv_hrtime();
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    took = (double)(uv_hrtime() - start);
    say_untimed("%d runners: %d hand-overs, %d rounds, checksum %d", runners,
                ring.handovers, ring.rounds, ring.checksum);
    measure("%.1f ns for a hand-over, %.1f for a round", took / ring.handovers,
            took / ring.rounds);
}

/* The loop calls this once a round. */
static void on_round(uv_idle_t *idle)
{
    struct ring *ring = idle->data;

    on_step(ring, take_first(ring)); /* TODO 2: has each runner had a turn now? */
}

/* And this after it: all done? */
static void on_check(uv_check_t *check)
{
    struct ring *ring = check->data;

    ring->rounds++;
    if (ring->waiting > 0)
        return;
    uv_close((uv_handle_t *)&ring->idle, NULL);
    uv_close((uv_handle_t *)check, NULL);
}

static struct runner *take_first(struct ring *ring)
{
    struct runner *first = ring->queue[ring->first];

    ring->first = (ring->first + 1) % MOST;
    ring->waiting--;
    return first;
}

/* 31: steps that change places end at another checksum. */
static void on_step(struct ring *ring, struct runner *me)
{
    ring->handovers++;
    ring->checksum = (31 * ring->checksum + me->number + 1) % 1000003;
    if (++me->steps < ring->steps)
        give_way(ring, me);
}

/* To the end of the queue. */
static void give_way(struct ring *ring, struct runner *me)
{
    ring->queue[(ring->first + ring->waiting) % MOST] = me;
    ring->waiting++;
}
