/* files_async.c - the same files, with a request to libuv for each call that files_sync
 * makes; 64 files are under way at the same time (the third argument).
 * You will see the same checksum, and what it costs to pass each call to a thread.
 * Order of events: main -> take_next -> on_open -> on_moved -> on_closed -> on_renamed
 * -> take_next -> ..., for 64 files at a time */

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

enum { MOST_KB = 110, NAME = 20 };

struct store {
    int files;
    size_t size;  /* of each, in bytes */
    bool writing; /* or else reading */
    unsigned long long checksum;
    char directory[240];
    pid_t janitor;
    uv_file alive; /* as long as this is open, so are we */
    int next, at_once;
    struct hand *hands;
};

/* Has one file under way, and then the next. */
struct hand {
    uv_fs_t req; /* of the present step: there is never more than one */
    int number;
    uv_file file;
    size_t done; /* bytes of it */
    char path[NAME], part[NAME], buffer[MOST_KB * 1000];
    struct store *store;
};

static void make_directory(struct store *store);
static void hire_janitor(struct store *store);
static void make_hands(struct store *store);
static void do_files(struct store *store, bool writing);
static void do_all(struct store *store);
static void take_next(struct hand *hand);
static void on_open(uv_fs_t *req);
static void move(struct hand *hand);
static void on_moved(uv_fs_t *req);
static void on_closed(uv_fs_t *req);
static void on_renamed(uv_fs_t *req);
static int result_of_step(struct hand *hand);
static unsigned long long sum_of(const char *buffer, size_t size);
static void forget_files(const struct store *store);
static void dismiss_janitor(const struct store *store);
static double megabytes_from_disk(void);
static void name(int number, char path[], char part[]);
static int must_file(const char *what, int number, int result);
static int result_of(ssize_t returned);

int main(int argc, char *argv[])
{
    struct number asked[] = {
        {"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}, {"AT_ONCE", 64, 1, 1000}};
    struct store store = {0};

    read_numbers(argc, argv, asked, 3);
    store.files = asked[0].value;
    store.size = (size_t)asked[1].value * 1000;
    store.at_once = asked[2].value;
    say("files: %d of %d kB", store.files, asked[1].value);
    make_directory(&store);
    hire_janitor(&store);
    make_hands(&store);
    do_files(&store, true);
    do_files(&store, false);
    forget_files(&store);
    do_files(&store, false);
    dismiss_janitor(&store);
    say_untimed("checksum: %llu", store.checksum);
    free(store.hands);
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

static void make_hands(struct store *store)
{
    store->hands = malloc((size_t)store->at_once * sizeof *store->hands);
    must("get buffers", store->hands ? 0 : UV_ENOMEM);
    for (int i = 0; i < store->at_once; i++) {
        store->hands[i].store = store;
        store->hands[i].req.data = &store->hands[i];
    }
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

/* The loop runs until no hand has anything left to do. */
static void do_all(struct store *store)
{
    store->next = 0;
    for (int i = 0; i < store->at_once; i++)
        take_next(&store->hands[i]);
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
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

/* Write or read what is still missing. */
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
