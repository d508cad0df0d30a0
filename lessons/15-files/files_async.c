/* files_async.c - the same files, with a request to libuv for each call that files_sync
 * makes; 64 files are under way at the same time (the third argument).
 * You will see the same checksum, and what it costs to pass each call to a thread.
 * Order of events: main -> take_next -> on_open -> on_moved -> on_closed -> on_renamed
 * -> take_next -> ..., for 64 files at a time */

#include "files.h"

/* Has one file under way, and then the next. */
struct hand {
    uv_fs_t req; /* of the present step: there is never more than one */
    int number;
    uv_file file;
    size_t done; /* bytes of it */
    char path[NAME], part[NAME], buffer[MOST_KB * 1000];
    struct store *store;
};

static void make_hands(struct store *store, int at_once);
static void do_files(struct store *store, bool writing);
static void take_next(struct hand *hand);
static void on_open(uv_fs_t *req);
static void move(struct hand *hand);
static void on_moved(uv_fs_t *req);
static void on_closed(uv_fs_t *req);
static void on_renamed(uv_fs_t *req);
static int result_of_step(struct hand *hand);

int main(int argc, char *argv[])
{
    struct number asked[] = {
        {"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}, {"AT_ONCE", 64, 1, 1000}};
    struct store store;

    read_numbers(argc, argv, asked, 3);
    open_store(&store, asked[0].value, asked[1].value);
    make_hands(&store, asked[2].value);
    do_files(&store, true);
    do_files(&store, false);
    forget_files(&store);
    do_files(&store, false);
    say_untimed("checksum: %llu", store.checksum);
    free(store.hands);
    run_and_close();
}

static void make_hands(struct store *store, int at_once)
{
    store->at_once = at_once;
    store->hands = malloc((size_t)at_once * sizeof *store->hands);
    must("get buffers", store->hands ? 0 : UV_ENOMEM);
    for (int i = 0; i < at_once; i++) {
        store->hands[i].store = store;
        store->hands[i].req.data = &store->hands[i];
    }
}

/* Write or read all files: the loop runs until no hand has anything left to do. */
static void do_files(struct store *store, bool writing)
{
    begin(store, writing);
    store->next = 0;
    for (int i = 0; i < store->at_once; i++)
        take_next(&store->hands[i]);
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    show_cost(store);
}

/* Open the next file, if there is one. */
static void take_next(struct hand *hand)
{
    uv_loop_t *loop = uv_default_loop();
    bool writing = hand->store->writing;
    const char *path = writing ? hand->part : hand->path;
    int flags = writing ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY;

    if (hand->store->next == hand->store->files)
        return;
    hand->number = hand->store->next++;
    hand->done = 0;
    name(hand->number, hand->path, hand->part);
    if (writing)
        memset(hand->buffer, hand->number, hand->store->size);
    must("open", uv_fs_open(loop, &hand->req, path, flags, 0600, on_open));
}

static void on_open(uv_fs_t *req)
{
    struct hand *hand = req->data;

    hand->file = result_of_step(hand);
    move(hand);
}

/* Write or read what is still missing, from where the last step has stopped (-1). `rest`
 * may go: libuv copies where and how long the buffer is, and the buffer itself stays. */
static void move(struct hand *hand)
{
    uv_loop_t *loop = uv_default_loop();
    uv_buf_t rest = uv_buf_init(hand->buffer + hand->done,
                                (unsigned)(hand->store->size - hand->done));

    if (hand->store->writing)
        must("write", uv_fs_write(loop, &hand->req, hand->file, &rest, 1, -1, on_moved));
    else
        must("read", uv_fs_read(loop, &hand->req, hand->file, &rest, 1, -1, on_moved));
}

/* The system may have taken, or given, only a part. */
static void on_moved(uv_fs_t *req)
{
    struct hand *hand = req->data;
    int moved = result_of_step(hand);

    must_file("read all of", hand->number, moved > 0 ? 0 : UV_EOF);
    hand->done += (size_t)moved;
    if (hand->done < hand->store->size)
        move(hand);
    else
        must("close", uv_fs_close(uv_default_loop(), &hand->req, hand->file, on_closed));
}

/* A file has another name until it is whole, so that nobody ever finds half of one. */
static void on_closed(uv_fs_t *req)
{
    struct hand *hand = req->data;

    result_of_step(hand);
    if (hand->store->writing) {
        must("rename", uv_fs_rename(uv_default_loop(), &hand->req, hand->part, hand->path,
                                    on_renamed));
    } else {
        hand->store->checksum += sum_of(hand->buffer, hand->store->size);
        take_next(hand);
    }
}

static void on_renamed(uv_fs_t *req)
{
    struct hand *hand = req->data;

    result_of_step(hand);
    take_next(hand);
}

/* A request may be used again only after uv_fs_req_cleanup(). */
static int result_of_step(struct hand *hand)
{
    int result = (int)hand->req.result;

    uv_fs_req_cleanup(&hand->req);
    return must_file(hand->store->writing ? "write" : "read", hand->number, result);
}
