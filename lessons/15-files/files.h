/* files.h - what the three programs share, and the lesson is not about: three rounds of
 * all files, and what each has cost. */
#ifndef FILES_H
#define FILES_H

#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_KB = 110, NAME = 20 };

struct store {
    int files;
    size_t size;                 /* of each, in bytes */
    bool writing;                /* or else reading */
    int flags;                   /* for that, to open a file */
    unsigned long long checksum; /* the sum of all bytes that were read */
    struct worker *workers;      /* files_async's; so many, and the next file to take */
    int at_once, next;
};

/* "read file 0047", for must(); good until the next call. */
static const char *doing(const struct store *store, int number)
{
    static char words[40];

    snprintf(words, sizeof words, "%s file %04d", store->writing ? "write" : "read",
             number);
    return words;
}

/* What is to be written into a file. */
static inline void fill(const struct store *store, int number, char *buffer)
{
    if (store->writing)
        memset(buffer, number, store->size);
}

static unsigned long long sum_of(const char *buffer, size_t size)
{
    unsigned long long sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += (unsigned char)buffer[i];
    return sum;
}

/* What was written or read stays in memory. Have it saved to the disk, since only then
 * it can go, and ask the system to forget it. */
static void forget_files(const struct store *store)
{
    sync();
    for (int i = 0; i < store->files; i++) {
        char path[NAME];
        uv_file file;

        snprintf(path, NAME, "%04d", i);
        file = must_errno(doing(store, i), open(path, O_RDONLY));
#ifdef POSIX_FADV_DONTNEED
        must("forget a file", -posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
#endif
        must_errno("close a file", close(file));
    }
    say_untimed("system: was asked to forget the files");
}

/* Let the program write or read all files. Whether they come from the disk, the megabytes
 * tell (the system counts blocks of 512 bytes, by all threads). */
static void run_round(struct store *store, bool writing, void (*do_files)(struct store *))
{
    const char *what = writing ? "writing" : "reading";
    struct rusage before, after;
    uint64_t start = uv_hrtime();

    must_errno("measure", getrusage(RUSAGE_SELF, &before));
    store->writing = writing;
    store->flags = writing ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY;
    store->next = 0;
    store->checksum = 0;
    do_files(store);
    must_errno("measure", getrusage(RUSAGE_SELF, &after));
    say_untimed("files: done with %s", what);
    measure("%s: %.3f s, %.1f MB from the disk", what,
            (double)(uv_hrtime() - start) / 1e9,
            (double)(after.ru_inblock - before.ru_inblock) * 512 / 1e6);
}

/* Write all files, read them, and read them again when the system was asked to forget
 * them. (with-directory has made the directory, and removes it when we have ended.) */
static void run_rounds(struct store *store, int files, int kb,
                       void (*do_files)(struct store *))
{
    const char *directory = getenv("DIRECTORY");

    if (directory == NULL) {
        fprintf(stderr, "%s: start this with build/common/with-directory\n",
                program_name());
        exit(EXIT_FAILURE);
    }
    say("files: %d of %d kB", files, kb);
    must_errno("go into the directory", chdir(directory));
    store->files = files;
    store->size = (size_t)kb * 1000;
    run_round(store, true, do_files);
    run_round(store, false, do_files);
    forget_files(store);
    run_round(store, false, do_files);
    say_untimed("checksum: %llu", store->checksum);
}

#endif
