/* exercise.c - photos are made smaller in the thread pool, and twice meanwhile a file is
 * looked at, which libuv does in the same pool. That has to wait until a photo is done.
 * Keep one thread free for it. The argument is how many threads the pool has; the check
 * tries other numbers, too. */

#include "lesson.h"

#include <fcntl.h>
#include <stdio.h>

enum { MOST = 17, FILES = 2 };

struct lab;

struct job {
    uv_work_t work;
    int number;
    struct lab *lab;
};

struct lab {
    struct job jobs[MOST];
    int threads, next; /* next: the number of the next photo, from 1 */
    int in_pool, most; /* photos that the pool has now; the most that it had */
    uv_timer_t timer;
    uv_fs_t req;
    uv_file file;
    int files; /* times that its size was asked for */
    char byte;
};

static void submit(struct lab *lab);
static void do_job(uv_work_t *work);
static void on_done(uv_work_t *work, int status);
static void on_time(uv_timer_t *timer);
static void on_size(uv_fs_t *req);

/* One photo more than there are threads. */
int main(int argc, char *argv[])
{
    struct number asked = {"THREADS", 4, 2, MOST - 1};
    static struct lab lab = {.next = 1};
    char threads[8];

    read_numbers(argc, argv, &asked, 1);
    lab.threads = asked.value;
    snprintf(threads, sizeof threads, "%d", lab.threads);
    must("set the size", uv_os_setenv("UV_THREADPOOL_SIZE", threads));
    must("keep files in the pool", uv_os_setenv("UV_USE_IO_URING", "0"));
    say("lab: %d threads, %d photos", lab.threads, lab.threads + 1);
    lab.file = must("open the file", uv_fs_open(NULL, &lab.req, ".", O_RDONLY, 0, NULL));
    uv_fs_req_cleanup(&lab.req);
    must("make a timer", uv_timer_init(uv_default_loop(), &lab.timer));
    lab.timer.data = &lab;
    must("start a timer", uv_timer_start(&lab.timer, on_time, 150, 0));
    for (int i = 0; i < lab.threads + 1; i++) /* TODO: all of them at once? */
        submit(&lab);
    run_and_close();
    must("close the file", uv_fs_close(NULL, &lab.req, lab.file, NULL));
    uv_fs_req_cleanup(&lab.req);
    say("lab: the pool had %d photos at most", lab.most);
}

/* Give the next photo to the pool. */
static void submit(struct lab *lab)
{
    struct job *job = &lab->jobs[lab->next - 1];

    job->number = lab->next++;
    job->lab = lab;
    job->work.data = job;
    if (++lab->in_pool > lab->most)
        lab->most = lab->in_pool;
    say("photo %d: given to the pool", job->number);
    must("ask for a thread",
         uv_queue_work(uv_default_loop(), &job->work, do_job, on_done));
}

/* In a thread of the pool. Photo 1 takes 0.3 s, photo 2 takes 0.6 s, and so on. */
static void do_job(uv_work_t *work)
{
    struct job *job = work->data;

    uv_sleep(300 * (unsigned)job->number);
}

/* The loop calls this when a photo is done. */
static void on_done(uv_work_t *work, int status)
{
    struct job *job = work->data;

    must("use a thread", status);
    say("photo %d: done", job->number);
    job->lab->in_pool--;
                                              /* TODO: what can begin now? */
}

/* At 0.15 s, and 0.3 s after the first answer. */
static void on_time(uv_timer_t *timer)
{
    struct lab *lab = timer->data;

    say("file: how large is it?");
    lab->req.data = lab;
    must("ask for its size",
         uv_fs_fstat(uv_default_loop(), &lab->req, lab->file, on_size));
}

static void on_size(uv_fs_t *req)
{
    struct lab *lab = req->data;

    must("ask for its size", req->result);
    uv_fs_req_cleanup(req);
    say("file: the size is known");
    if (++lab->files == FILES)
        uv_close((uv_handle_t *)&lab->timer, NULL);
    else
        must("start the timer", uv_timer_start(&lab->timer, on_time, 300, 0));
}
