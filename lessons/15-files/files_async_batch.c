/* files_async_batch.c - the same files, in four large jobs for the threads of libuv's
 * pool; a job does with a quarter of them what files_sync does with all.
 * You will see the same checksum, and what is gained when four threads wait for a disk.
 * Order of events: main -> do_batch, in a thread -> on_done, four times */

#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_KB = 110, NAME = 20, BATCHES = 4 };

struct store {
    int files;
    size_t size;  /* of each, in bytes */
    bool writing; /* or else reading */
    unsigned long long checksum;
    char directory[240];
    pid_t janitor;
    uv_file alive; /* as long as this is open, so are we */
};

/* All that a thread works with. The loop looks at it when the thread is done. */
struct batch {
    uv_work_t work;
    const struct store *store;
    int next, end; /* the files; where it failed, that is `next` */
    int error;
    unsigned long long checksum;
};

static void make_directory(struct store *store);
static void hire_janitor(struct store *store);
static void do_files(struct store *store, bool writing);
static void do_all(struct store *store);
static void do_batch(uv_work_t *work);
static void on_done(uv_work_t *work, int status);
static int do_file(const struct store *store, int number, unsigned long long *checksum);
static int move(const struct store *store, uv_file file, char *buffer);
static unsigned long long sum_of(const char *buffer, size_t size);
static void forget_files(const struct store *store);
static void dismiss_janitor(const struct store *store);
static double megabytes_from_disk(void);
static void name(int number, char path[], char part[]);
static int must_file(const char *what, int number, int result);
static int result_of(ssize_t returned);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}};
    struct store store = {0};

    read_numbers(argc, argv, asked, 2);
    store.files = asked[0].value;
    store.size = (size_t)asked[1].value * 1000;
    say("files: %d of %d kB", store.files, asked[1].value);
    make_directory(&store);
    hire_janitor(&store);
    do_files(&store, true);
    do_files(&store, false);
    forget_files(&store);
    do_files(&store, false);
    dismiss_janitor(&store);
    say_untimed("checksum: %llu", store.checksum);
    run_and_close();
}

/* In TMPDIR, or /tmp. */
static void make_directory(struct store *store)
{
    char place[200];
    size_t size = sizeof place;

    must("find a place for files", uv_os_tmpdir(place, &size));
    snprintf(store->directory, sizeof store->directory, "%s/files-XXXXXX", place);
    must("make a directory in TMPDIR", result_of(mkdtemp(store->directory) ? 0 : -1));
}

/* A child process that removes the files when we have ended. It reads from a pipe into
 * which nobody writes, and which ends when we do: at the end of main, after an error,
 * by Ctrl-C, by SIGKILL. (In a group of its own the janitor does not hear that Ctrl-C;
 * parent and child both see to it, whoever comes first.) */
static void hire_janitor(struct store *store)
{
    uv_file ends[2];
    char nothing;

    must("make a pipe", uv_pipe(ends, 0, 0));
    store->janitor = must("start a janitor", result_of(fork()));
    must("set it apart", result_of(setpgid(store->janitor, store->janitor)));
    if (store->janitor == 0) {
        must("close our end", result_of(close(ends[1])));
        must("wait for the end", result_of(read(ends[0], &nothing, 1)));
        execlp("rm", "rm", "-r", store->directory, (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    must("close the janitor's end", result_of(close(ends[0])));
    store->alive = ends[1];
    must("go into the directory", result_of(chdir(store->directory)));
}

/* Write or read all files, and say how long it took. */
static void do_files(struct store *store, bool writing)
{
    const char *what = writing ? "writing" : "reading";
    double from_disk = megabytes_from_disk();
    uint64_t start = uv_hrtime();

    store->writing = writing;
    store->checksum = 0;
    do_all(store);
    say_untimed("files: done with %s", what);
    measure("%s: %.3f s, %.1f MB from the disk", what,
            (double)(uv_hrtime() - start) / 1e9, megabytes_from_disk() - from_disk);
}

/* Deal the files out evenly; the loop runs until all batches are done. */
static void do_all(struct store *store)
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
        batch->next += batch->error == 0;
    }
}

/* The loop calls this when a batch is done, or has failed. */
static void on_done(uv_work_t *work, int status)
{
    struct batch *batch = work->data;

    must("use a thread", status);
    must_file(batch->store->writing ? "write" : "read", batch->next, batch->error);
}

/* Returns 0 or an error. A file has another name until it is whole, so that nobody ever
 * finds half of one. */
static int do_file(const struct store *store, int number, unsigned long long *checksum)
{
    bool writing = store->writing;
    int flags = writing ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY, file, error;
    char path[NAME], part[NAME], buffer[MOST_KB * 1000];

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

static unsigned long long sum_of(const char *buffer, size_t size)
{
    unsigned long long sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += (unsigned char)buffer[i];
    return sum;
}

/* What was written or read stays in memory. Have it saved to the disk, since only then
 * it can go, and ask the system to forget it. Whether it did, the megabytes tell. */
static void forget_files(const struct store *store)
{
    char path[NAME], part[NAME];

    sync();
    for (int i = 0; i < store->files; i++) {
        uv_file file;

        name(i, path, part);
        file = must_file("open", i, result_of(open(path, O_RDONLY)));
#ifdef POSIX_FADV_DONTNEED
        must_file("forget", i, -posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
#endif
        must_file("close", i, result_of(close(file)));
    }
    say_untimed("system: was asked to forget the files");
}

/* Nobody works with the files any more. End the pipe, and wait until they are gone. */
static void dismiss_janitor(const struct store *store)
{
    int status;

    must("end the pipe", result_of(close(store->alive)));
    must("wait for the janitor", result_of(waitpid(store->janitor, &status, 0)));
    must("remove the files", status == 0 ? 0 : UV_EIO);
}

/* By all threads, since the program began; the system counts blocks of 512 bytes. */
static double megabytes_from_disk(void)
{
    struct rusage usage;

    must("ask for the use of the disk", result_of(getrusage(RUSAGE_SELF, &usage)));
    return (double)usage.ru_inblock * 512 / 1e6;
}

static void name(int number, char path[], char part[])
{
    snprintf(path, NAME, "%04d", number);
    snprintf(part, NAME, "%04d.part", number);
}

/* must(), which names the file. */
static int must_file(const char *what, int number, int result)
{
    char sentence[40];

    snprintf(sentence, sizeof sentence, "%s file %04d", what, number);
    return must(sentence, result);
}

/* The system returns -1 and leaves the error in errno; libuv returns the error. */
static int result_of(ssize_t returned)
{
    return returned < 0 ? uv_translate_sys_error(errno) : (int)returned;
}
