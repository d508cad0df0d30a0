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

static void do_files(struct store *store);
static void do_batch(uv_work_t *work);
static void on_done(uv_work_t *work, int status);
static int do_file(const struct store *store, int number, unsigned long long *checksum);
static int move(const struct store *store, uv_file file, char *buffer);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}};
    struct store store = {0};

    read_numbers(argc, argv, asked, 2);
    run_rounds(&store, asked[0].value, asked[1].value, do_files);
    run_and_close();
}

/* Write or read all files: deal them out evenly, and let the loop run until all batches
 * are done. */
static void do_files(struct store *store)
{
    struct batch batches[BATCHES] = {0};

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
    must(doing(batch->store, batch->next), batch->error);
}

/* Returns 0 or an error; what was read is added to the checksum. */
static int do_file(const struct store *store, int number, unsigned long long *checksum)
{
    char path[NAME], buffer[MOST_KB * 1000];
    int file, error;

    snprintf(path, sizeof path, "%04d", number);
    fill(store, number, buffer);
    file = open(path, store->flags, 0600);
    if (file < 0)
        return uv_translate_sys_error(errno);
    error = move(store, file, buffer);
    if (close(file) < 0 && error == 0)
        error = uv_translate_sys_error(errno);
    if (error == 0 && !store->writing)
        *checksum += sum_of(buffer, store->size);
    return error;
}

/* The system may take, or give, only a part. */
static int move(const struct store *store, uv_file file, char *buffer)
{
    for (size_t done = 0; done < store->size;) {
        size_t rest = store->size - done;
        ssize_t moved = store->writing ? write(file, buffer + done, rest)
                                       : read(file, buffer + done, rest);

        if (moved <= 0)
            return moved < 0 ? uv_translate_sys_error(errno) : UV_EOF;
        done += (size_t)moved;
    }
    return 0;
}
