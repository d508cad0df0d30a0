/* fake_wrapper.c - stands for with-site and with-postgres in check.t: it starts a helper,
 * reports readiness, and is replaced by the program.
 *
 *     fake_wrapper PROGRAM ARGUMENT...
 *
 * The moment of readiness that it reports is $READY seconds from now; negative: before.
 * Its helper ends when the program does; with $STAYS, never. */

#include "servers/launch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void write_log(void)
{
    const char *path = getenv("SUBJECT_LOG");
    FILE *log = fopen(path ? path : "/dev/null", "a");

    if (log == NULL)
        _exit(99);
    fprintf(log, "child %ld\n", (long)getpid());
    fclose(log);
}

/* The lifeline: the program inherits its write end. */
static void help(int file)
{
    char byte;

    write_log();
    for (int i = 0; i < 3; i++)
        close(i);
    while (read(file, &byte, 1) > 0 || getenv("STAYS"))
        pause();
    _exit(0);
}

static void report_readiness(void)
{
    const char *ready = getenv("READY"), *fd = getenv("READY_FD");
    struct timespec now;
    int64_t ns;

    clock_gettime(CLOCK_MONOTONIC, &now);
    ns = ((int64_t)now.tv_sec + (ready ? atoi(ready) : 0)) * 1000000000 + now.tv_nsec;
    if (fd && write(atoi(fd), &ns, sizeof ns) == sizeof ns)
        close(atoi(fd));
    unsetenv("READY_FD");
}

int main(int argc, char *argv[])
{
    int ends[2];

    if (argc < 2 || pipe(ends) != 0)
        return 2;
    if (fork() == 0) {
        close(ends[1]);
        setsid();
        help(ends[0]);
    }
    close(ends[0]);
    report_readiness();
    launch_exec("fake_wrapper", argv + 1);
}
