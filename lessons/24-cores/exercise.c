/* exercise.c - 40 jobs for four workers. Ten of the jobs are large, and which they are
 * nobody knows before they are done. The program takes how far apart they are, and how
 * many ticks each takes. */

#include "lesson.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { WORKERS = 4, JOBS = 40, LARGE = 10 };

struct worker {
    uv_thread_t thread;
    int first, end; /* its share of the jobs */
    int busy_until; /* tick */
};

/* The clock of this program does not go by itself: when all workers are busy, it goes on
 * to the next tick at which one of them is done. So it is the same on any machine. */
static struct {
    uv_mutex_t lock;
    uv_cond_t goes_on;
    int now, awake; /* ticks; workers that are not busy, and have not left */
} wall_clock = {.awake = WORKERS};

static struct worker crew[WORKERS];
static struct number asked[] = {{"APART", 1, 1, 4}, {"TICKS", 30, 2, 99}};
static int done[JOBS]; /* how often */

static void work(void *worker);
static void do_job(struct worker *worker, int job);
static void leave(void);
static void let_clock_go(void);

int main(int argc, char *argv[])
{
    int once = 0;

    read_numbers(argc, argv, asked, 2);
    must("make a lock", uv_mutex_init(&wall_clock.lock));
    must("make a condition variable", uv_cond_init(&wall_clock.goes_on));
    say("jobs: %d, for %d workers", JOBS, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        crew[i].first = JOBS * i / WORKERS;
        crew[i].end = JOBS * (i + 1) / WORKERS;
        must("start a thread", uv_thread_create(&crew[i].thread, work, &crew[i]));
    }
    for (int i = 0; i < WORKERS; i++)
        must("join a thread", uv_thread_join(&crew[i].thread));
    for (int i = 0; i < JOBS; i++)
        once += done[i] == 1;
    say_untimed("jobs: %d of %d were done once", once, JOBS);
    say_untimed("clock: all was done after %d ticks", wall_clock.now);
    uv_cond_destroy(&wall_clock.goes_on);
    uv_mutex_destroy(&wall_clock.lock);
}

/* Each worker is a thread that runs this. */
static void work(void *argument)
{
    struct worker *worker = argument;

    /* TODO: with equal shares one has nearly everything to do. Hand out small pieces. */
    for (int job = worker->first; job < worker->end; job++)
        do_job(worker, job);
    leave();
}

/* --- What follows is right as it is. --- */

/* How long it takes one knows when it is done. */
static void do_job(struct worker *worker, int job)
{
    int apart = asked[0].value, ticks = asked[1].value;
    bool is_large = job % apart == 0 && job / apart < LARGE;

    uv_mutex_lock(&wall_clock.lock);
    done[job]++;
    worker->busy_until = wall_clock.now + (is_large ? ticks : 1);
    let_clock_go();
    while (wall_clock.now < worker->busy_until)
        uv_cond_wait(&wall_clock.goes_on, &wall_clock.lock);
    uv_mutex_unlock(&wall_clock.lock);
}

static void leave(void)
{
    uv_mutex_lock(&wall_clock.lock);
    let_clock_go();
    uv_mutex_unlock(&wall_clock.lock);
}

/* One worker less is awake. If it was the last, those that are done next are. */
static void let_clock_go(void)
{
    int next = INT_MAX;

    if (--wall_clock.awake > 0)
        return;
    for (int i = 0; i < WORKERS; i++)
        if (crew[i].busy_until > wall_clock.now && crew[i].busy_until < next)
            next = crew[i].busy_until;
    if (next == INT_MAX)
        return; /* all have left */
    wall_clock.now = next;
    for (int i = 0; i < WORKERS; i++)
        wall_clock.awake += crew[i].busy_until == next;
    uv_cond_broadcast(&wall_clock.goes_on);
}
