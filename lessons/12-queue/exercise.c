/* exercise.c - ten jobs of unequal length, and workers to whom they are dealt like
 * cards. Let the workers share one queue, and find out how many are worth it. */

#include "lesson.h"

/* TODO 1: the smallest number with which the last job is done as early as can be */
enum { WORKERS = 1 };

enum { JOBS = 10, MOST_WORKERS = 100 };

struct queue {
    int jobs[JOBS]; /* how long each takes, in tenths of a second */
    int workers;
};

struct worker {
    uv_timer_t job_timer;
    int number, job, done, next; /* jobs[next] is this worker's next one */
    struct queue *queue;
};

static void hire(struct worker *worker, int number, struct queue *queue);
static void take_job(struct worker *worker);
static void on_done(uv_timer_t *job_timer);

int main(int argc, char *argv[])
{
    struct number asked = {"WORKERS", WORKERS, 1, MOST_WORKERS};
    struct worker workers[MOST_WORKERS];
    struct queue queue = {.jobs = {4, 3, 1, 2, 1, 7, 3, 1, 4, 1}};

    read_numbers(argc, argv, &asked, 1);
    say("prediction: %d workers", WORKERS);
    queue.workers = asked.value;
    for (int i = 0; i < asked.value; i++)
        hire(&workers[i], i + 1, &queue);
    run_and_close();
    say("all jobs done");
}

static void hire(struct worker *worker, int number, struct queue *queue)
{
    *worker = (struct worker){.number = number, .next = number - 1, .queue = queue};
    must("hire a worker", uv_timer_init(uv_default_loop(), &worker->job_timer));
    worker->job_timer.data = worker;
    take_job(worker);
}

static void take_job(struct worker *worker)
{
    struct queue *queue = worker->queue;
    int tenths;

    /* TODO 2: with 3 workers, worker 1 has the jobs 1, 4, 7, 10, come what may */
    if (worker->next >= JOBS) {
        say("worker %d: goes home, jobs done: %d", worker->number, worker->done);
        uv_close((uv_handle_t *)&worker->job_timer, NULL);
        return;
    }
    tenths = queue->jobs[worker->next];
    worker->job = worker->next + 1;
    worker->next += queue->workers;
    say("worker %d: takes job %d, of 0.%d s", worker->number, worker->job, tenths);
    must("start a job",
         uv_timer_start(&worker->job_timer, on_done, (uint64_t)tenths * 100, 0));
}

/* The loop calls this when a worker's job is done. */
static void on_done(uv_timer_t *job_timer)
{
    struct worker *worker = job_timer->data;

    say("worker %d: done with job %d", worker->number, worker->job);
    worker->done++;
    take_job(worker);
}
