/* queue_sync.c - one worker takes job after job, until the queue is empty.
 * You will see 2.00 s: ten jobs of 0.2 s each, one after the other. */

#include "lesson.h"

#include <stdbool.h>

enum { JOBS = 10 };

struct queue {
    int jobs[JOBS];
    int put, taken; /* how many; jobs[taken] is the next one */
    int checksum;   /* the sum of all results */
};

struct worker {
    int number, job, done;
    struct queue *queue;
};

static void fill(struct queue *queue);
static bool take_job(struct worker *worker);
static void finish(struct worker *worker);

int main(void)
{
    struct queue queue = {0};
    struct worker worker = {.number = 1, .queue = &queue};

    fill(&queue);
    while (take_job(&worker)) {
        uv_sleep(200); /* the job */
        finish(&worker);
    }
    say("checksum: %d", queue.checksum);
}

static void fill(struct queue *queue)
{
    for (int job = 1; job <= JOBS; job++)
        queue->jobs[queue->put++] = job;
    say("%d jobs of 0.2 s are in the queue", queue->put);
}

/* Returns whether there was one. */
static bool take_job(struct worker *worker)
{
    struct queue *queue = worker->queue;

    if (queue->taken == queue->put) {
        say("worker %d: goes home, jobs done: %d", worker->number, worker->done);
        return false;
    }
    worker->job = queue->jobs[queue->taken++];
    say("worker %d: takes job %d", worker->number, worker->job);
    return true;
}

/* The result of job 7 is 7 x 7. */
static void finish(struct worker *worker)
{
    say("worker %d: done with job %d", worker->number, worker->job);
    worker->queue->checksum += worker->job * worker->job;
    worker->done++;
}
