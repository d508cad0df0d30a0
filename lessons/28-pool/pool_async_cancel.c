/* pool_async_cancel.c - two photos in a pool with one thread, and both are no longer
 * wanted.
 *
 * You will see that a job that waits can be cancelled, and that one that has begun can't:
 * it has to ask by itself whether it is still wanted. Order of events: main -> do_job, in
 * the thread, of photo 6 -> on_time -> on_done of photo 1, which never began -> on_done
 * of photo 6, which has looked at its flag. */

#include "pool.h"

#include <stdatomic.h>
#include <stdbool.h>

struct lab;

struct job {
    uv_work_t work;
    int number;
    atomic_bool unwanted; /* set in the loop, read in the thread */
    int parts;            /* that are done, of 20 * number */
    struct lab *lab;
};

struct lab {
    struct job six, one;
    uv_timer_t timer;
};

static void submit(struct job *job, int number, struct lab *lab);
static void do_job(uv_work_t *work);
static void on_time(uv_timer_t *timer);
static void cancel(struct job *job);
static void on_done(uv_work_t *work, int status);

int main(void)
{
    struct lab lab;

    must("set the size", uv_os_setenv("UV_THREADPOOL_SIZE", "1"));
    say("lab: one thread");
    submit(&lab.six, 6, &lab);
    submit(&lab.one, 1, &lab);
    must("make a timer", uv_timer_init(uv_default_loop(), &lab.timer));
    lab.timer.data = &lab;
    must("start a timer", uv_timer_start(&lab.timer, on_time, 400, 0));
    run_and_close();
}

static void submit(struct job *job, int number, struct lab *lab)
{
    job->number = number;
    job->parts = 0;
    job->lab = lab;
    job->work.data = job;
    atomic_init(&job->unwanted, false);
    say("photo %d: asked for", number);
    must("ask for a thread",
         uv_queue_work(uv_default_loop(), &job->work, do_job, on_done));
}

/* In small parts, so that it can ask in between. */
static void do_job(uv_work_t *work)
{
    struct job *job = work->data;

    while (job->parts < 20 * job->number && !atomic_load(&job->unwanted)) {
        uv_sleep(10);
        job->parts++;
    }
}

static void on_time(uv_timer_t *timer)
{
    struct lab *lab = timer->data;

    cancel(&lab->six);
    cancel(&lab->one);
    uv_close((uv_handle_t *)timer, NULL);
}

/* Whatever it returns, on_done() comes, and until then the job's memory is in use. */
static void cancel(struct job *job)
{
    int result = uv_cancel((uv_req_t *)&job->work);

    say("photo %d: uv_cancel() returns %s", job->number,
        result == 0 ? "0" : uv_err_name(result));
}

/* Who is told that the other one never began, asks the one that runs to stop. */
static void on_done(uv_work_t *work, int status)
{
    struct job *job = work->data;

    if (status == UV_ECANCELED) {
        say("photo %d: %s, it never began", job->number, uv_err_name(status));
        say("lab: sets the flag of photo 6");
        atomic_store(&job->lab->six.unwanted, true);
        return;
    }
    must("use a thread", status);
    say("photo %d: %s", job->number,
        job->parts < 20 * job->number ? "has stopped on the way" : "done");
}
