/* check_around.c - stands for with-site and with-postgres in check.t: something that
 * takes a while to start, becomes the program, and leaves a helper behind.
 *
 *     check_around PROGRAM ARGUMENT...
 *
 * It takes $START_UP ms; its helper goes on for $LINGER ms after the program. */

#include "around.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for(const char *name)
{
    const char *ms = getenv(name);

    poll(NULL, 0, ms ? atoi(ms) : 0);
}

static void sign_log(void)
{
    const char *path = getenv("SUBJECT_LOG");
    FILE *log = fopen(path ? path : "/dev/null", "a");

    if (log == NULL)
        _exit(99);
    fprintf(log, "child %ld\n", (long)getpid());
    fclose(log);
}

/* The program holds the other end of its pipe, and never writes. */
static void help(int file)
{
    char byte;

    sign_log();
    for (int i = 0; i < 3; i++)
        close(i);
    while (read(file, &byte, 1) > 0)
        ;
    wait_for("LINGER");
    _exit(0);
}

int main(int argc, char *argv[])
{
    int ends[2];

    if (argc < 2 || pipe(ends) != 0)
        return 2;
    wait_for("START_UP");
    if (fork() == 0) {
        close(ends[1]);
        setsid();
        help(ends[0]);
    }
    close(ends[0]);
    become("check_around", argv + 1);
}
