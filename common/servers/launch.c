/* launch.c - see launch.h */

#include "launch.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20 }; /* file descriptors tried where there is no /dev/fd */

void launch_close_others(int one, int other)
{
    DIR *open_files = opendir("/dev/fd");
    struct dirent *entry;
    long most = sysconf(_SC_OPEN_MAX);

    while (open_files && (entry = readdir(open_files)) != NULL) {
        int fd = atoi(entry->d_name);

        if (fd > STDERR_FILENO && fd != one && fd != other && fd != dirfd(open_files))
            close(fd);
    }
    if (open_files) {
        closedir(open_files);
        return;
    }
    for (int fd = STDERR_FILENO + 1; fd < (most > 0 && most < MOST ? most : MOST); fd++)
        if (fd != one && fd != other)
            close(fd);
}

/* The reader may be gone: then SIGPIPE must not end the wrapper. */
static void report_readiness(int fd)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual;
    struct timespec now;
    int64_t ns;

    sigaction(SIGPIPE, &ignore, &usual);
    clock_gettime(CLOCK_MONOTONIC, &now);
    ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    if (write(fd, &ns, sizeof ns) ==
        sizeof ns) /* else it is no such pipe: keep it open */
        close(fd);
    sigaction(SIGPIPE, &usual, NULL);
}

void launch_exec(const char *self, char *argv[])
{
    const char *ready = getenv("READY_FD"), *barrier = getenv("START_BARRIER_FD");
    char byte;

    if (ready) {
        report_readiness(atoi(ready));
        unsetenv("READY_FD");
    }
    if (barrier) {
        while (read(atoi(barrier), &byte, 1) > 0)
            ;
        close(atoi(barrier));
        unsetenv("START_BARRIER_FD");
    }
    execvp(argv[0], argv);
    fprintf(stderr, "%s: cannot start %s: %s\n", self, argv[0], strerror(errno));
    exit(errno == ENOENT ? 127 : 126);
}
