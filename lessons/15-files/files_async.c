/* files_async.c - the same files, with a request to libuv for each call that files_sync
 * makes; 64 files are under way at the same time (the third argument).
 * You will see the same checksum, and what it costs to pass each call to a thread.
 * Order of events: main -> take_next -> on_open -> on_moved -> on_closed -> take_next */

#include "files.h"

/* Has one file under way, and then the next. */
struct worker {
    uv_fs_t req; /* of the present step: there is never more than one */
    int number;
    uv_file file;
    size_t done; /* bytes of it */
    char buffer[MOST_KB * 1000];
    struct store *store;
};

static void do_files(struct store *store);
static void take_next(struct worker *worker);
static void on_open(uv_fs_t *req);
static void move(struct worker *worker);
static void on_moved(uv_fs_t *req);
static void on_closed(uv_fs_t *req);
static int result_of(struct worker *worker);

int main(int argc, char *argv[])
{
    struct number asked[] = {
        {"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}, {"AT_ONCE", 64, 1, 1000}};
    struct store store = {0};

    read_numbers(argc, argv, asked, 3);
    store.at_once = asked[2].value;
    store.workers = malloc((size_t)store.at_once * sizeof *store.workers);
    must("get buffers", store.workers ? 0 : UV_ENOMEM);
    run_rounds(&store, asked[0].value, asked[1].value, do_files);
    free(store.workers);
    run_and_close();
}

/* Write or read all files: the loop runs until no worker has anything left to do. */
static void do_files(struct store *store)
{
    for (int i = 0; i < store->at_once; i++) {
        store->workers[i].store = store;
        store->workers[i].req.data = &store->workers[i];
        take_next(&store->workers[i]);
    }
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
}

static void take_next(struct worker *worker)
{
    uv_loop_t *loop = uv_default_loop();
    struct store *store = worker->store;
    char path[NAME]; /* libuv makes a copy of it */

    if (store->next == store->files)
        return;
    worker->number = store->next++;
    worker->done = 0;
    snprintf(path, sizeof path, "%04d", worker->number);
    fill(store, worker->number, worker->buffer);
    must("open", uv_fs_open(loop, &worker->req, path, store->flags, 0600, on_open));
}

static void on_open(uv_fs_t *req)
{
    struct worker *worker = req->data;

    worker->file = result_of(worker);
    move(worker);
}

/* What is missing, from where the last step stopped (-1). libuv copies `rest` itself. */
static void move(struct worker *worker)
{
    uv_loop_t *loop = uv_default_loop();
    uv_fs_t *req = &worker->req;
    uv_buf_t rest = uv_buf_init(worker->buffer + worker->done,
                                (unsigned)(worker->store->size - worker->done));

    if (worker->store->writing)
        must("write", uv_fs_write(loop, req, worker->file, &rest, 1, -1, on_moved));
    else
        must("read", uv_fs_read(loop, req, worker->file, &rest, 1, -1, on_moved));
}

/* The system may have taken, or given, only a part. */
static void on_moved(uv_fs_t *req)
{
    struct worker *worker = req->data;
    int moved = result_of(worker);

    must(doing(worker->store, worker->number), moved > 0 ? 0 : UV_EOF);
    worker->done += (size_t)moved;
    if (worker->done < worker->store->size)
        move(worker);
    else
        must("close", uv_fs_close(uv_default_loop(), req, worker->file, on_closed));
}

static void on_closed(uv_fs_t *req)
{
    struct worker *worker = req->data;

    result_of(worker);
    if (!worker->store->writing)
        worker->store->checksum += sum_of(worker->buffer, worker->store->size);
    take_next(worker);
}

/* A request may be used again only after uv_fs_req_cleanup(). */
static int result_of(struct worker *worker)
{
    int result = (int)worker->req.result;

    uv_fs_req_cleanup(&worker->req);
    return must(doing(worker->store, worker->number), result);
}
