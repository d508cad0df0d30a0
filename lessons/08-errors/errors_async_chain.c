/* errors_async_chain.c - three steps, each after the one before; the second fails.
 * You will see that what had been opened is closed, the last first, and only then
 * the failure told, once. (An argument says which step fails; with 0, none.)
 * Order of events: main -> on_source -> on_target -> on_written
 * -> on_target_closed -> on_source_closed -> end; a failure skips ahead. */

#include "lesson.h"

struct copy {
    uv_fs_t req; /* of the present step: there is never more than one */
    int failing; /* the step that shall fail */
    uv_file source, target;
    int error; /* of the step that failed, or 0 */
};

static const uv_buf_t hello = {.base = "hello", .len = 5};

static void on_source(uv_fs_t *req);
static void on_target(uv_fs_t *req);
static void on_written(uv_fs_t *req);
static void close_target(struct copy *copy);
static void on_target_closed(uv_fs_t *req);
static void close_source(struct copy *copy);
static void on_source_closed(uv_fs_t *req);
static void end(struct copy *copy);
static int result_of(uv_fs_t *req, const char *who, const char *what);

int main(int argc, char *argv[])
{
    struct number step = {.name = "STEP", .value = 2, .least = 0, .most = 3};
    struct copy copy = {.req.data = &copy};

    read_numbers(argc, argv, &step, 1);
    copy.failing = step.value;
    must("ask for the source", uv_fs_open(uv_default_loop(), &copy.req,
                                          step.value == 1 ? "missing" : "/dev/null",
                                          UV_FS_O_RDONLY, 0, on_source));
    run_and_close();
    return copy.error ? 1 : 0;
}

static void on_source(uv_fs_t *req)
{
    struct copy *copy = req->data;
    const char *path = copy->failing == 2 ? "missing" : "/dev/null";
    int flags = copy->failing == 3 ? UV_FS_O_RDONLY : UV_FS_O_WRONLY;

    copy->source = result_of(req, "source", "open");
    copy->error = copy->source < 0 ? copy->source : 0;
    if (copy->error)
        end(copy); /* there is nothing to close */
    else
        must("ask for the target",
             uv_fs_open(uv_default_loop(), req, path, flags, 0, on_target));
}

static void on_target(uv_fs_t *req)
{
    struct copy *copy = req->data;

    copy->target = result_of(req, "target", "open");
    copy->error = copy->target < 0 ? copy->target : 0;
    if (copy->error)
        close_source(copy); /* what step 1 did, and no more */
    else
        must("ask to write",
             uv_fs_write(req->loop, req, copy->target, &hello, 1, -1, on_written));
}

static void on_written(uv_fs_t *req)
{
    struct copy *copy = req->data;
    int written = result_of(req, "target", "written");

    copy->error = written < 0 ? written : 0;
    close_target(copy); /* failed or not: from here on the way is the same */
}

static void close_target(struct copy *copy)
{
    must("ask to close the target",
         uv_fs_close(uv_default_loop(), &copy->req, copy->target, on_target_closed));
}

static void on_target_closed(uv_fs_t *req)
{
    must("close the target", result_of(req, "target", "closed"));
    close_source(req->data);
}

static void close_source(struct copy *copy)
{
    must("ask to close the source",
         uv_fs_close(uv_default_loop(), &copy->req, copy->source, on_source_closed));
}

static void on_source_closed(uv_fs_t *req)
{
    must("close the source", result_of(req, "source", "closed"));
    end(req->data);
}

/* Every way leads here, once, and when everything is closed. */
static void end(struct copy *copy)
{
    if (copy->error)
        say("copy: failed, %s", uv_err_name(copy->error));
    else
        say("copy: done");
}

/* A request may be used again only after uv_fs_req_cleanup(). */
static int result_of(uv_fs_t *req, const char *who, const char *what)
{
    int result = (int)req->result;

    uv_fs_req_cleanup(req);
    say("%s: %s", who, result < 0 ? uv_err_name(result) : what);
    return result;
}
