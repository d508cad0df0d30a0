/* queue_async.c - as many workers as you like take their jobs from one queue.
 * You will see 2.00 s with one worker (the argument), 1.00 s with 2, 0.40 s
 * with 5 and 0.20 s with 10: nobody has decided beforehand who does which job.
 * Order of events: main -> take_job, ... -> on_done -> take_job, ... */

#include "lesson.h"

enum { JOBS = 10, MOST_WORKERS = 100 };

struct queue {
    int jobs[JOBS];
    int put, taken; /* how many; jobs[taken] is the next one */
    int checksum;   /* the sum of all results */
};

struct worker {
    uv_timer_t job_timer;
    int number, job, done;
    struct queue *queue;
};

static void fill(struct queue *queue);
static void hire(struct worker *worker, int number, struct queue *queue);
static void take_job(struct worker *worker);
static void on_done(uv_timer_t *job_timer);
static void finish(struct worker *worker);

int main(int argc, char *argv[])
{
    struct number asked = {"WORKERS", 2, 1, MOST_WORKERS};
    struct worker workers[MOST_WORKERS];
    struct queue queue = {0};

    read_numbers(argc, argv, &asked, 1);
    fill(&queue);
    for (int i = 0; i < asked.value; i++)
        hire(&workers[i], i + 1, &queue);
    run_and_close();
    say("checksum: %d", queue.checksum);
}

static void fill(struct queue *queue)
{
    for (int job = 1; job <= JOBS; job++)
        queue->jobs[queue->put++] = job;
    say("%d jobs of 0.2 s are in the queue", queue->put);
}

static void hire(struct worker *worker, int number, struct queue *queue)
{
    *worker = (struct worker){.number = number, .queue = queue};
    must("hire a worker", uv_timer_init(uv_default_loop(), &worker->job_timer));
    worker->job_timer.data = worker;
    take_job(worker);
}

/* Take the next job, whichever it is, and let the loop tell when it is done. */
static void take_job(struct worker *worker)
{
    struct queue *queue = worker->queue;

    if (queue->taken == queue->put) {
        say("worker %d: goes home, jobs done: %d", worker->number, worker->done);
        uv_close((uv_handle_t *)&worker->job_timer, NULL);
        return;
    }
    worker->job = queue->jobs[queue->taken++];
    say("worker %d: takes job %d", worker->number, worker->job);
    must("start a job", uv_timer_start(&worker->job_timer, on_done, 200, 0));
}

/* The loop calls this when a worker's job is done. */
static void on_done(uv_timer_t *job_timer)
{
    struct worker *worker = job_timer->data;

    finish(worker);
    take_job(worker);
}

/* The result of job 7 is 7 x 7. */
static void finish(struct worker *worker)
{
    say("worker %d: done with job %d", worker->number, worker->job);
    worker->queue->checksum += worker->job * worker->job;
    worker->done++;
}
