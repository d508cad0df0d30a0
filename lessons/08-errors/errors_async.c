/* errors_async.c - six things that fail, one after the other.
 * You will see the doors: one error is what the call returns, four come to the
 * callback, and one callback hears ECANCELED, since we gave up. Each error comes
 * once. The exit status is 1, since nothing has worked.
 * Order of events: main -> begin -> on_name, on_open, ... -> report -> begin ... */

#include "lesson.h"

#include <stdlib.h>

struct attempts {
    const char *name; /* of the present one */
    int begun, errors;
    uv_timer_t pause;
    uv_getaddrinfo_t name_req;
    uv_fs_t open_req;
    uv_tcp_t port, client;
    uv_connect_t connect_req;
    uv_pipe_t pipe;
    uv_write_t write_req;
};

static void begin(uv_timer_t *pause);
static void look_up_no_name(struct attempts *all);
static void look_up_unknown_name(struct attempts *all);
static void open_missing_file(struct attempts *all);
static void connect_to_closed_port(struct attempts *all);
static void write_to_nobody(struct attempts *all);
static void give_up(struct attempts *all);
static void asked(struct attempts *all, int result);
static void on_name(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses);
static void on_open(uv_fs_t *req);
static void on_connect(uv_connect_t *req, int status);
static void on_write(uv_write_t *req, int status);
static void report(struct attempts *all, ssize_t result, const char *door);

static const struct {
    const char *name;
    void (*begin)(struct attempts *all);
} table[] = {
    {"no name", look_up_no_name},        {"unknown name", look_up_unknown_name},
    {"missing file", open_missing_file}, {"closed port", connect_to_closed_port},
    {"broken pipe", write_to_nobody},    {"given up", give_up},
};

enum { ATTEMPTS = sizeof table / sizeof *table };

int main(void)
{
    struct attempts all = {0};

    say("%d things are tried", ATTEMPTS);
    must("start a timer", uv_timer_init(uv_default_loop(), &all.pause));
    all.pause.data = &all;
    all.name_req.data = all.open_req.data = &all;
    all.connect_req.data = all.write_req.data = &all;
    begin(&all.pause);
    run_and_close();
    say("%d attempts, %d errors", all.begun, all.errors);
    return all.errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Begin the next attempt; the loop calls this 0.2 s after the end of the last. */
static void begin(uv_timer_t *pause)
{
    struct attempts *all = pause->data;

    all->name = table[all->begun].name;
    table[all->begun++].begin(all);
}

static void look_up_no_name(struct attempts *all)
{
    uv_loop_t *loop = uv_default_loop();

    asked(all, uv_getaddrinfo(loop, &all->name_req, on_name, NULL, NULL, NULL));
}

/* AI_NUMERICHOST: only the likes of 127.0.0.1 are names, and nobody is asked. */
static void look_up_unknown_name(struct attempts *all)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    uv_loop_t *loop = uv_default_loop();

    asked(all, uv_getaddrinfo(loop, &all->name_req, on_name, "nobody", NULL, &hints));
}

static void open_missing_file(struct attempts *all)
{
    uv_loop_t *loop = uv_default_loop();

    asked(all, uv_fs_open(loop, &all->open_req, "missing", UV_FS_O_RDONLY, 0, on_open));
}

/* The port is certainly closed: it is ours, and we don't listen there. */
static void connect_to_closed_port(struct attempts *all)
{
    struct sockaddr_in address;
    struct sockaddr *any = (struct sockaddr *)&address;
    int size = sizeof address;

    must("name an address", uv_ip4_addr("127.0.0.1", 0, &address));
    must("make a socket", uv_tcp_init(uv_default_loop(), &all->port));
    must("take a port", uv_tcp_bind(&all->port, any, 0));
    must("see which it is", uv_tcp_getsockname(&all->port, any, &size));
    must("make a socket", uv_tcp_init(uv_default_loop(), &all->client));
    asked(all, uv_tcp_connect(&all->connect_req, &all->client, any, on_connect));
}

static void write_to_nobody(struct attempts *all)
{
    uv_buf_t hello = uv_buf_init("hello", 5);
    uv_stream_t *stream = (uv_stream_t *)&all->pipe;
    uv_fs_t close_req;
    uv_file ends[2];

    must("make a pipe", uv_pipe(ends, 0, 0));
    must("close the reader's end", uv_fs_close(NULL, &close_req, ends[0], NULL));
    uv_fs_req_cleanup(&close_req);
    must("make a handle", uv_pipe_init(uv_default_loop(), &all->pipe, 0));
    must("open the writer's end", uv_pipe_open(&all->pipe, ends[1]));
    asked(all, uv_write(&all->write_req, stream, &hello, 1, on_write));
}

/* Ask, and then close the handle before there is an answer. */
static void give_up(struct attempts *all)
{
    connect_to_closed_port(all);
    uv_close((uv_handle_t *)&all->client, NULL);
    say("%s: we close the connection", all->name);
}

/* What the call itself says. When it refuses, no callback will ever come. */
static void asked(struct attempts *all, int result)
{
    if (result < 0)
        report(all, result, "through the return value");
    else
        say("%s: asked, the callback will come", all->name);
}

static void on_name(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
    uv_freeaddrinfo(addresses);
    report(req->data, status, "through the callback");
}

/* A request about a file has no status beside it, but a result in it. */
static void on_open(uv_fs_t *req)
{
    ssize_t result = req->result;

    uv_fs_req_cleanup(req);
    report(req->data, result, "through the callback");
}

static void on_connect(uv_connect_t *req, int status)
{
    struct attempts *all = req->data;

    uv_close((uv_handle_t *)&all->port, NULL);
    if (status == UV_ECANCELED) { /* then client is closed already */
        report(all, status, "through the callback, by our own wish");
        return;
    }
    uv_close((uv_handle_t *)&all->client, NULL);
    report(all, status, "through the callback");
}

static void on_write(uv_write_t *req, int status)
{
    struct attempts *all = req->data;

    uv_close((uv_handle_t *)&all->pipe, NULL);
    report(all, status, "through the callback");
}

/* An attempt has ended, by one door or another: whoever waits for it goes on. */
static void report(struct attempts *all, ssize_t result, const char *door)
{
    all->errors += result < 0;
    if (result < 0)
        say("%s: %s, %s", all->name, uv_err_name((int)result), door);
    else
        say("%s: has worked", all->name);
    if (all->begun < ATTEMPTS)
        must("start a timer", uv_timer_start(&all->pause, begin, 200, 0));
    else
        uv_close((uv_handle_t *)&all->pause, NULL);
}
