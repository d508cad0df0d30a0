/* files.h - what the three programs share, and the lesson is not about: the names of the
 * files; how long it took, and how much came from the disk. */
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
    unsigned long long checksum; /* of what was read: the sum of all bytes */
    uint64_t start;              /* ns, uv_hrtime(), of writing or reading, */
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

/* with-directory has made us a directory, and removes it when we have ended. */
static void open_store(struct store *store, int files, int kb)
{
    const char *directory = getenv("DIRECTORY");

    if (directory == NULL) {
        fprintf(stderr, "%s: start this with build/common/with-directory\n",
                program_name());
        exit(EXIT_FAILURE);
    }
    *store = (struct store){.files = files, .size = (size_t)kb * 1000};
    say("files: %d of %d kB", files, kb);
    must("go into the directory", result_of(chdir(directory)));
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
