/* mixed_async_one_lane.c - the same eleven jobs, all by the loop: what waits, as it
 * should be; and also the library and what computes, each in a callback.
 *
 * You will see who is held up: the ones that would have been done first. Order of events:
 * main -> start, for each job that waits -> on_start: the library and the computing, one
 * after the other -> on_wait, on_page, all of them late. */

#include "mixed.h"

struct office {
    struct fetcher fetcher;
    uv_timer_t starter;
    int to_come, done[KINDS];
    long sum;
};

struct task {
    struct job job;
    struct office *office;
    struct fetch fetch;
    uv_timer_t timer;
};

static void start(struct task *task);
static void on_start(uv_timer_t *starter);
static void start_download(struct task *task);
static void on_page(struct fetch *fetch);
static void start_waiting(struct task *task);
static void on_wait(uv_timer_t *timer);
static void end(struct task *task);

static struct task tasks[JOBS];

int main(void)
{
    struct office office = {.to_come = JOBS};

    say("office: eleven jobs");
    must("make a fetcher", fetcher_init(uv_default_loop(), &office.fetcher, 0));
    must("make a timer", uv_timer_init(uv_default_loop(), &office.starter));
    must("start a timer", uv_timer_start(&office.starter, on_start, 0, 0));
    for (int i = 0; i < JOBS; i++) {
        tasks[i].job = all_jobs[i];
        tasks[i].office = &office;
    }
    run_and_close();
    say("checksum: %ld", office.sum);
}

static void on_start(uv_timer_t *starter)
{
    for (int i = 0; i < JOBS; i++)
        start(&tasks[i]);
    say("office: held for 4.0 s");
    uv_close((uv_handle_t *)starter, NULL);
}

static void start(struct task *task)
{
    tell_start(&task->job);
    if (task->job.kind == DOWNLOADS) {
        start_download(task);
    } else if (task->job.kind == WAITING) {
        start_waiting(task);
    } else if (task->job.kind == LIBRARY) {
        ask_library(&task->job); /* the loop waits here, with all others */
        end(task);
    } else {
        compute(&task->job); /* and here it computes */
        end(task);
    }
}

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

static void end(struct task *task)
{
    struct office *office = task->office;

    tell_end(&task->job, office->done);
    office->sum += task->job.result;
    if (--office->to_come == 0)
        fetcher_close(&office->fetcher, NULL);
}
