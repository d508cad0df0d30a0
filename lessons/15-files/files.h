/* files.h - what the three programs share, and the lesson is not about: a directory
 * that is gone afterwards, however the program ends; the names of the files; how long
 * it took, and how much came from the disk. */
#ifndef FILES_H
#define FILES_H

#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_KB = 110, NAME = 20 };

struct store {
    int files;
    size_t size;                 /* of each, in bytes */
    bool writing;                /* or else reading */
    unsigned long long checksum; /* of what was read: the sum of all bytes */
    char directory[240];
    pid_t janitor;
    uv_file alive;    /* as long as this is open, so are we */
    uint64_t start;   /* ns, uv_hrtime(), of writing or reading, */
    double from_disk; /* and the megabytes that had come from the disk by then */

    /* files_async's: so many are under way, each in a hand; the next one to be taken. */
    int at_once, next;
    struct hand *hands;
};

/* The system returns -1 and leaves the error in errno; libuv returns the error. */
static int result_of(ssize_t returned)
{
    return returned < 0 ? uv_translate_sys_error(errno) : (int)returned;
}

/* must(), which names the file. */
static int must_file(const char *what, int number, int result)
{
    char sentence[40];

    snprintf(sentence, sizeof sentence, "%s file %04d", what, number);
    return must(sentence, result);
}

/* Of a file, and of what is not a whole one yet. */
static void name(int number, char path[], char part[])
{
    snprintf(path, NAME, "%04d", number);
    snprintf(part, NAME, "%04d.part", number);
}

static unsigned long long sum_of(const char *buffer, size_t size)
{
    unsigned long long sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += (unsigned char)buffer[i];
    return sum;
}

/* The janitor, in the child: make the directory, tell its name, and remove it with all
 * files when we have ended. Into its end of the connection we never write, so reading
 * there ends when we do: at the end of main, after an error, by Ctrl-C, by SIGKILL.
 * (First it leaves our process group, so that it does not hear that Ctrl-C.) */
static _Noreturn void keep_directory(char directory[], size_t size, uv_file end)
{
    char nothing;

    must("set the janitor apart", result_of(setpgid(0, 0)));
    signal(SIGPIPE, SIG_IGN); /* we may have ended already */
    must("make a directory in TMPDIR", result_of(mkdtemp(directory) ? 0 : -1));
    while (write(end, directory, size) > 0 && read(end, &nothing, 1) > 0)
        ;
    execlp("rm", "rm", "-rf", directory, (char *)NULL);
    _exit(EXIT_FAILURE);
}

static void hire_janitor(struct store *store)
{
    uv_os_sock_t ends[2];
    ssize_t size;

    must("connect a janitor", uv_socketpair(SOCK_STREAM, 0, ends, 0, 0));
    store->janitor = must("start a janitor", result_of(fork()));
    if (store->janitor == 0) {
        must("close our end", result_of(close(ends[1])));
        keep_directory(store->directory, sizeof store->directory, ends[0]);
    }
    must("close the janitor's end", result_of(close(ends[0])));
    store->alive = ends[1];
    size = read(store->alive, store->directory, sizeof store->directory);
    if (must("hear of the directory", result_of(size)) == 0)
        exit(EXIT_FAILURE); /* the janitor has said why there is none */
}

/* A new directory in TMPDIR, or /tmp; from here on we are in it. */
static void open_store(struct store *store, int files, int kb)
{
    char place[200];
    size_t size = sizeof place;

    *store = (struct store){.files = files, .size = (size_t)kb * 1000};
    say("files: %d of %d kB", files, kb);
    must("find a place for files", uv_os_tmpdir(place, &size));
    snprintf(store->directory, sizeof store->directory, "%s/files-XXXXXX", place);
    hire_janitor(store);
    must("go into the directory", result_of(chdir(store->directory)));
}

/* Nobody works with the files any more. End the connection, and wait until they are
 * gone. */
static void close_store(const struct store *store)
{
    int status;

    must("end the connection", result_of(close(store->alive)));
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

static void begin(struct store *store, bool writing)
{
    store->writing = writing;
    store->checksum = 0;
    store->from_disk = megabytes_from_disk();
    store->start = uv_hrtime();
}

static void show_cost(const struct store *store)
{
    const char *what = store->writing ? "writing" : "reading";
    double took = (double)(uv_hrtime() - store->start) / 1e9;

    say_untimed("files: done with %s", what);
    measure("%s: %.3f s, %.1f MB from the disk", what, took,
            megabytes_from_disk() - store->from_disk);
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

#endif
