/* exercise.c - ten files are copied, one after the other, through one buffer. The disk
 * is slow here: each copy takes 0.2 s, in a thread of the pool. Copy all of them at the
 * same time. The program takes the number of files; the check tries it with 5, too. */

#include "lesson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 4096 };

struct office;

struct copy {
    uv_work_t work;
    int number, error;
    FILE *from, *to;
#ifdef SOLUTION
    char buffer[SIZE];
#endif
    struct office *office;
};

struct office {
    struct copy *copies;
    int count, done;
#ifndef SOLUTION
    char buffer[SIZE]; /* TODO 1: one for all is enough, as long as ... */
#endif
};

static void prepare(struct copy *copy, int number, struct office *office);
static void start(struct copy *copy);
static void do_copy(uv_work_t *work);
static void on_copied(uv_work_t *work, int status);
static void on_all_copied(struct office *office);
static int is_equal(const struct copy *copy);
static int first_byte_of(const struct copy *copy);
static int result_of(ssize_t returned);

int main(int argc, char *argv[])
{
    struct number asked = {.name = "FILES", .value = 10, .least = 1, .most = 100};
    struct office office = {0};

    read_numbers(argc, argv, &asked, 1);
    office.count = asked.value;
    office.copies = calloc((size_t)office.count, sizeof *office.copies);
    must("remember all copies", office.copies ? 0 : UV_ENOMEM);
    for (int i = 0; i < office.count; i++)
        prepare(&office.copies[i], i, &office);
#ifdef SOLUTION
    for (int i = 0; i < office.count; i++)
        start(&office.copies[i]);
#else
    start(&office.copies[0]); /* TODO 2: and the others? */
#endif
    run_and_close();
    free(office.copies);
}

/* tmpfile() makes a file without a name, which is gone when it is closed, or when the
 * program ends. File 3 is full of threes. */
static void prepare(struct copy *copy, int number, struct office *office)
{
    char content[SIZE];

    copy->number = number;
    copy->office = office;
    copy->work.data = copy;
    copy->from = tmpfile();
    copy->to = tmpfile();
    must("make two files", copy->from && copy->to ? 0 : uv_translate_sys_error(errno));
    memset(content, number, SIZE);
    must("write a file", result_of(pwrite(fileno(copy->from), content, SIZE, 0)));
}

static void start(struct copy *copy)
{
    say("file %d: start", copy->number);
    must("ask for a thread",
         uv_queue_work(uv_default_loop(), &copy->work, do_copy, on_copied));
}

/* In a thread of the pool, beside other threads. */
static void do_copy(uv_work_t *work)
{
    struct copy *copy = work->data;
#ifdef SOLUTION
    char *buffer = copy->buffer;
#else
    char *buffer = copy->office->buffer;
#endif

    copy->error = result_of(pread(fileno(copy->from), buffer, SIZE, 0));
    uv_sleep(200); /* plays the slow disk */
    if (copy->error >= 0)
        copy->error = result_of(pwrite(fileno(copy->to), buffer, SIZE, 0));
}

/* The loop calls this when a copy is done. */
static void on_copied(uv_work_t *work, int status)
{
    struct copy *copy = work->data;
    struct office *office = copy->office;

    must("use a thread", status);
    must("copy a file", copy->error);
    if (++office->done == office->count)
        on_all_copied(office);
#ifndef SOLUTION
    else
        start(&office->copies[office->done]); /* TODO 2, too */
#endif
}

static void on_all_copied(struct office *office)
{
    int equal = 0;

    for (int i = 0; i < office->count; i++) {
        struct copy *copy = &office->copies[i];

        if (is_equal(copy))
            say("file %d: its copy is equal", i);
        else
            say("file %d: its copy begins like file %d", i, first_byte_of(copy));
        equal += is_equal(copy);
        must("close a file", fclose(copy->from) ? UV_EIO : 0);
        must("close a file", fclose(copy->to) ? UV_EIO : 0);
    }
    say("%d copies, %d equal", office->count, equal);
}

static int is_equal(const struct copy *copy)
{
    char content[SIZE], expected[SIZE];
    int size = must("read a copy", result_of(pread(fileno(copy->to), content, SIZE, 0)));

    memset(expected, copy->number, SIZE);
    return size == SIZE && memcmp(content, expected, SIZE) == 0;
}

static int first_byte_of(const struct copy *copy)
{
    unsigned char byte = 0;

    must("read a copy", result_of(pread(fileno(copy->to), &byte, 1, 0)));
    return byte;
}

static int result_of(ssize_t returned)
{
    return returned < 0 ? uv_translate_sys_error(errno) : (int)returned;
}
