/* mixed_async.c - the same eleven jobs, and each kind has its own lane: what waits is on
 * the loop, the library in the pool, and what computes in threads of its own.
 *
 * You will see that it takes as long as the longest job. Order of events: main -> start,
 * for each job -> on_page; on_wait, again and again; on_library; on_computed -> end, for
 * each job -> with the last one the fetcher is closed. */

#include "mixed.h"

struct office {
    struct fetcher fetcher;
    int to_come, done[KINDS];
    long sum;
};

struct task {
    struct job job;
    struct office *office;
    struct fetch fetch; /* a download */
    uv_timer_t timer;   /* one that waits */
    uv_work_t work;     /* the library */
    uv_thread_t thread; /* what computes, */
    uv_async_t bell;    /* and says that it is done */
};

static void start(struct task *task);
static void start_download(struct task *task);
static void on_page(struct fetch *fetch);
static void start_waiting(struct task *task);
static void on_wait(uv_timer_t *timer);
static void do_library(uv_work_t *work);
static void on_library(uv_work_t *work, int status);
static void start_computing(struct task *task);
static void do_computing(void *task);
static void on_computed(uv_async_t *bell);
static void end(struct task *task);

int main(void)
{
    static struct task tasks[JOBS];
    struct office office = {.to_come = JOBS};

    say("office: eleven jobs");
    must("make a fetcher", fetcher_init(uv_default_loop(), &office.fetcher, 0));
    for (int i = 0; i < JOBS; i++) {
        tasks[i].job = all_jobs[i];
        tasks[i].office = &office;
        start(&tasks[i]);
    }
    run_and_close();
    say("checksum: %ld", office.sum);
}

/* Which lane? */
static void start(struct task *task)
{
    tell_start(&task->job);
    if (task->job.kind == DOWNLOADS)
        start_download(task);
    else if (task->job.kind == WAITING)
        start_waiting(task);
    else if (task->job.kind == COMPUTING)
        start_computing(task);
    else {
        task->work.data = task;
        must("ask for a thread",
             uv_queue_work(uv_default_loop(), &task->work, do_library, on_library));
    }
}

/* --- The loop --- */

static void start_download(struct task *task)
{
    char url[100];

    address_of(&task->job, url, sizeof url);
    task->fetch.data = task;
    must("ask for a page",
         fetch_start(&task->office->fetcher, &task->fetch, url, DEADLINE, on_page));
}

static void on_page(struct fetch *fetch)
{
    struct task *task = fetch->data;

    must("fetch a page", fetch->status == 200 ? 0 : UV_EIO);
    task->job.result = (long)fetch->size;
    fetch_cleanup(fetch);
    end(task);
}

static void start_waiting(struct task *task)
{
    uint64_t ms = (uint64_t)task->job.ms / WAITS;

    must("make a timer", uv_timer_init(uv_default_loop(), &task->timer));
    task->timer.data = task;
    must("start a timer", uv_timer_start(&task->timer, on_wait, ms, ms));
}

static void on_wait(uv_timer_t *timer)
{
    struct task *task = timer->data;

    if (++task->job.result < WAITS)
        return;
    uv_close((uv_handle_t *)timer, NULL);
    end(task);
}

/* --- The pool: for what blocks and hardly computes --- */

static void do_library(uv_work_t *work)
{
    struct task *task = work->data;

    ask_library(&task->job);
}

static void on_library(uv_work_t *work, int status)
{
    must("use a thread", status);
    end(work->data);
}

/* --- Threads of their own: for what computes long --- */

static void start_computing(struct task *task)
{
    must("make a bell", uv_async_init(uv_default_loop(), &task->bell, on_computed));
    task->bell.data = task;
    must("start a thread", uv_thread_create(&task->thread, do_computing, task));
}

static void do_computing(void *argument)
{
    struct task *task = argument;

    compute(&task->job);
    must("ring", uv_async_send(&task->bell));
}

static void on_computed(uv_async_t *bell)
{
    struct task *task = bell->data;

    must("join a thread", uv_thread_join(&task->thread));
    uv_close((uv_handle_t *)bell, NULL);
    end(task);
}

/* Always in the loop: the sum needs no lock. */
static void end(struct task *task)
{
    struct office *office = task->office;

    tell_end(&task->job, office->done);
    office->sum += task->job.result;
    if (--office->to_come == 0)
        fetcher_close(&office->fetcher, NULL);
}
