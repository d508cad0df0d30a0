/* pool_async.c - the same six photos, given to the thread pool of libuv.
 *
 * You will see that four are under way at the same time: the pool has four threads, and
 * the fifth photo begins when the first is done. Order of events: main -> submit, for
 * each photo -> do_job, in a thread of the pool -> on_done, in the loop. */

#include "pool.h"

struct job {
    uv_work_t work;
    struct photo photo;
    long *sum;
};

static void submit(struct job *job);
static void do_job(uv_work_t *work);
static void on_done(uv_work_t *work, int status);

int main(void)
{
    struct job jobs[PHOTOS];
    long sum = 0;

    say("lab: six photos");
    for (int i = 0; i < PHOTOS; i++) {
        jobs[i] = (struct job){.photo = {.number = i + 1}, .sum = &sum};
        submit(&jobs[i]);
    }
    run_and_close();
    say("checksum: %ld", sum);
}

/* Into the queue of the pool. Whichever thread is free takes the first job. */
static void submit(struct job *job)
{
    say("photo %d: asked for", job->photo.number);
    job->work.data = job;
    must("ask for a thread",
         uv_queue_work(uv_default_loop(), &job->work, do_job, on_done));
}

/* In a thread of the pool, beside the loop: here it may block. It must touch
 * nothing that the loop, or another job, uses meanwhile. */
static void do_job(uv_work_t *work)
{
    struct job *job = work->data;

    shrink(&job->photo);
}

/* In the loop again, one after the other: the sum needs no lock. */
static void on_done(uv_work_t *work, int status)
{
    struct job *job = work->data;

    must("use a thread", status);
    show(&job->photo);
    *job->sum += job->photo.result;
}
