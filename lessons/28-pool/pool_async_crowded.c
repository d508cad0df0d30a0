/* pool_async_crowded.c - the six photos in the pool, and behind them a file is read, and
 * then a name is looked up. Libuv does these in the same threads. `pool_async_crowded 8`
 * gives the pool eight of them.
 *
 * You will see that the file, which takes no time, waits for a thread. Order of events:
 * main -> submit, for each photo -> read_file -> on_done, of each photo, when it is done;
 * on_read, as soon as a thread was free -> on_name. */

#include "pool.h"

#include <fcntl.h>
#include <stdio.h>

struct job {
    uv_work_t work;
    struct photo photo;
    long *sum;
};

struct file {
    uv_fs_t req;
    uv_file file;
    char first[1];
    uv_getaddrinfo_t name_req;
};

static void submit(struct job *job);
static void do_job(uv_work_t *work);
static void on_done(uv_work_t *work, int status);
static void read_file(struct file *file);
static void on_read(uv_fs_t *req);
static void on_name(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses);

int main(int argc, char *argv[])
{
    struct number asked = {"THREADS", 4, 1, 1024};
    struct job jobs[PHOTOS];
    struct file file;
    char threads[8];
    long sum = 0;

    read_numbers(argc, argv, &asked, 1);
    snprintf(threads, sizeof threads, "%d", asked.value);
    must("set the size", uv_os_setenv("UV_THREADPOOL_SIZE", threads));
    must("keep files in the pool", uv_os_setenv("UV_USE_IO_URING", "0")); /* 1.45-1.48 */
    say("lab: %d threads", asked.value);
    for (int i = 0; i < PHOTOS; i++) {
        jobs[i] = (struct job){.photo = {.number = i + 1}, .sum = &sum};
        submit(&jobs[i]);
    }
    read_file(&file);
    run_and_close();
    say("checksum: %ld", sum);
}

static void submit(struct job *job)
{
    say("photo %d: asked for", job->photo.number);
    job->work.data = job;
    must("ask for a thread",
         uv_queue_work(uv_default_loop(), &job->work, do_job, on_done));
}

static void do_job(uv_work_t *work)
{
    struct job *job = work->data;

    shrink(&job->photo);
}

static void on_done(uv_work_t *work, int status)
{
    struct job *job = work->data;

    must("use a thread", status);
    show(&job->photo);
    *job->sum += job->photo.result;
}

/* The first byte of this program. It is opened without a callback, and so here and now.
 */
static void read_file(struct file *file)
{
    char program[4096];
    size_t size = sizeof program;
    uv_buf_t buffer = uv_buf_init(file->first, sizeof file->first);

    must("find this program", uv_exepath(program, &size));
    file->file =
        must("open it", uv_fs_open(NULL, &file->req, program, O_RDONLY, 0, NULL));
    uv_fs_req_cleanup(&file->req);
    file->req.data = file;
    say("file: asked for");
    must("read it",
         uv_fs_read(uv_default_loop(), &file->req, file->file, &buffer, 1, 0, on_read));
}

/* Even an address that needs no name server is "looked up" in a thread. */
static void on_read(uv_fs_t *req)
{
    struct file *file = req->data;

    must("read it", req->result);
    uv_fs_req_cleanup(req);
    say("file: read");
    must("close it", uv_fs_close(NULL, req, file->file, NULL));
    uv_fs_req_cleanup(req);
    say("name: asked for");
    must("look a name up", uv_getaddrinfo(uv_default_loop(), &file->name_req, on_name,
                                          "127.0.0.1", NULL, NULL));
}

static void on_name(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
    (void)req;
    must("look a name up", status);
    uv_freeaddrinfo(addresses);
    say("name: found");
}
