/* errors_async.c - three things that fail, one after the other.
 * You will see three doors: one error is what the call returns, one comes to the
 * callback, and one callback hears ECANCELED, since we gave up. Each error comes
 * once. The exit status is 1, since nothing has worked.
 * Order of events: main -> begin_next -> on_file, on_connect -> report -> begin_next */

#include "lesson.h"

#include <stdlib.h>

struct attempts {
    const char *name; /* of the present one */
    int begun, errors;
    uv_timer_t pause;
    uv_fs_t file_req;
    uv_tcp_t client;
    uv_connect_t connect_req;
};

static void begin_next(uv_timer_t *pause);
static void read_without_buffer(struct attempts *all);
static void open_missing_file(struct attempts *all);
static void connect_and_give_up(struct attempts *all);
static void asked(struct attempts *all, int result);
static void on_file(uv_fs_t *req);
static void on_connect(uv_connect_t *req, int status);
static void report(struct attempts *all, ssize_t result, const char *door);

int main(void)
{
    struct attempts all = {0};

    say("3 things are tried");
    must("make a timer", uv_timer_init(uv_default_loop(), &all.pause));
    all.pause.data = all.file_req.data = all.connect_req.data = &all;
    begin_next(&all.pause);
    run_and_close();
    say("3 attempts, %d errors", all.errors);
    return all.errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The loop calls this 0.2 s after an attempt has ended. */
static void begin_next(uv_timer_t *pause)
{
    struct attempts *all = pause->data;

    if (++all->begun == 1)
        read_without_buffer(all);
    else if (all->begun == 2)
        open_missing_file(all);
    else if (all->begun == 3)
        connect_and_give_up(all);
    else
        uv_close((uv_handle_t *)pause, NULL);
}

/* From file 0, which is stdin, into no buffer at all. */
static void read_without_buffer(struct attempts *all)
{
    all->name = "no buffer";
    asked(all, uv_fs_read(uv_default_loop(), &all->file_req, 0, NULL, 0, -1, on_file));
}

static void open_missing_file(struct attempts *all)
{
    uv_loop_t *loop = uv_default_loop();

    all->name = "missing file";
    asked(all, uv_fs_open(loop, &all->file_req, "missing", UV_FS_O_RDONLY, 0, on_file));
}

/* Ask, and then close the handle before there is an answer. (Nobody listens on port
 * 1; and if somebody did, there is no time to hear of it.) */
static void connect_and_give_up(struct attempts *all)
{
    struct sockaddr_in port;
    struct sockaddr *to = (struct sockaddr *)&port;

    all->name = "connection";
    must("name a port", uv_ip4_addr("127.0.0.1", 1, &port));
    must("make a socket", uv_tcp_init(uv_default_loop(), &all->client));
    asked(all, uv_tcp_connect(&all->connect_req, &all->client, to, on_connect));
    say("%s: we give up, and close it", all->name);
    uv_close((uv_handle_t *)&all->client, NULL);
}

/* What the call itself says. When it refuses, no callback will ever come. */
static void asked(struct attempts *all, int result)
{
    if (result < 0)
        report(all, result, "door 1, the return value");
    else
        say("%s: asked, the callback will come", all->name);
}

/* A request about a file has no status beside it, but a result in it. */
static void on_file(uv_fs_t *req)
{
    ssize_t result = req->result;

    uv_fs_req_cleanup(req);
    report(req->data, result, "door 2, the callback");
}

/* It comes although we gave up, with ECANCELED. The handle is being closed already; a
 * second uv_close() would end the program. */
static void on_connect(uv_connect_t *req, int status)
{
    report(req->data, status, "door 3, the callback of what we gave up");
}

/* An attempt has ended, by one door or another: whoever waits for it goes on. */
static void report(struct attempts *all, ssize_t result, const char *door)
{
    const char *what = result < 0 ? uv_err_name((int)result) : "has worked";

    say("%s: %s, through %s", all->name, what, door);
    all->errors += result < 0;
    must("pause", uv_timer_start(&all->pause, begin_next, 200, 0));
}
