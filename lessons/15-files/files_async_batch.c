/* files_async_batch.c - the same files, in four large jobs for the threads of libuv's
 * pool; a job does with a quarter of them what files_sync does with all.
 * You will see the same checksum, and what is gained when four threads wait for a disk.
 * Order of events: main -> do_batch, in a thread -> on_done, four times */

#include "files.h"

enum { BATCHES = 4 };

/* All that a thread works with. The loop looks at it when the thread is done. */
struct batch {
    uv_work_t work;
    const struct store *store;
    int next, end; /* the files; where it failed, that is `next` */
    int error;
    unsigned long long checksum;
};

static void do_files(struct store *store, bool writing);
static void do_batch(uv_work_t *work);
static void on_done(uv_work_t *work, int status);
static int do_file(const struct store *store, int number, unsigned long long *checksum);
static int move(const struct store *store, uv_file file, char *buffer);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}};
    struct store store;

    read_numbers(argc, argv, asked, 2);
    open_store(&store, asked[0].value, asked[1].value);
    do_files(&store, true);
    do_files(&store, false);
    forget_files(&store);
    do_files(&store, false);
    say_untimed("checksum: %llu", store.checksum);
    run_and_close();
}

/* Write or read all files: deal them out evenly, and let the loop run until all batches
 * are done. */
static void do_files(struct store *store, bool writing)
{
    struct batch batches[BATCHES] = {0};

    begin(store, writing);
    for (int i = 0; i < BATCHES; i++) {
        batches[i].store = store;
        batches[i].next = store->files * i / BATCHES;
        batches[i].end = store->files * (i + 1) / BATCHES;
        batches[i].work.data = &batches[i];
        must("ask for a thread",
             uv_queue_work(uv_default_loop(), &batches[i].work, do_batch, on_done));
    }
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    for (int i = 0; i < BATCHES; i++)
        store->checksum += batches[i].checksum;
    show_cost(store);
}

/* In a thread of the pool: it may block there. It touches its own batch only, and
 * keeps an error for on_done(), since a thread must not end the program. */
static void do_batch(uv_work_t *work)
{
    struct batch *batch = work->data;

    while (batch->error == 0 && batch->next < batch->end) {
        batch->error = do_file(batch->store, batch->next, &batch->checksum);
        if (batch->error == 0)
            batch->next++;
    }
}

/* The loop calls this when a batch is done, or has failed. */
static void on_done(uv_work_t *work, int status)
{
    struct batch *batch = work->data;

    must("use a thread", status);
    must_file(batch->store->writing ? "write" : "read", batch->next, batch->error);
}

/* Returns 0 or an error; what was read is added to the checksum. A file has another name
 * until it is whole, so that nobody ever finds half of one. */
static int do_file(const struct store *store, int number, unsigned long long *checksum)
{
    bool writing = store->writing;
    int flags = writing ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY;
    char path[NAME], part[NAME], buffer[MOST_KB * 1000];
    int file, error;

    name(number, path, part);
    if (writing)
        memset(buffer, number, store->size);
    file = result_of(open(writing ? part : path, flags, 0600));
    if (file < 0)
        return file;
    error = move(store, file, buffer);
    if (close(file) < 0 && error == 0)
        error = result_of(-1);
    if (error == 0 && writing)
        error = result_of(rename(part, path));
    else if (error == 0)
        *checksum += sum_of(buffer, store->size);
    return error;
}

/* The system may take, or give, only a part. */
static int move(const struct store *store, uv_file file, char *buffer)
{
    for (size_t done = 0; done < store->size;) {
        int moved =
            result_of(store->writing ? write(file, buffer + done, store->size - done)
                                     : read(file, buffer + done, store->size - done));

        if (moved <= 0)
            return moved < 0 ? moved : UV_EOF;
        done += (size_t)moved;
    }
    return 0;
}
