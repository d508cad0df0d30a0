/* around.c - see around.h */

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

enum { MOST = 1 << 20 }; /* files that are looked for where there is no /dev/fd */

void close_others(int one, int other)
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

/* What was before is not the program's time. (Who wanted to know may be gone: no reason
 * for SIGPIPE to end us.) */
static void tell_that_it_begins(int file)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual;
    struct timespec now;
    int64_t ns;

    sigaction(SIGPIPE, &ignore, &usual);

    clock_gettime(CLOCK_MONOTONIC, &now);
    ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    if (write(file, &ns, sizeof ns) == sizeof ns) /* otherwise nobody wants to know */
        close(file);
    sigaction(SIGPIPE, &usual, NULL);
}

void become(const char *self, char *argv[])
{
    const char *started = getenv("STARTED_FD"), *gate = getenv("START_GATE_FD");
    char byte;

    if (started) {
        tell_that_it_begins(atoi(started));
        unsetenv("STARTED_FD");
    }
    if (gate) {
        while (read(atoi(gate), &byte, 1) > 0)
            ;
        close(atoi(gate));
        unsetenv("START_GATE_FD");
    }
    execvp(argv[0], argv);
    fprintf(stderr, "%s: cannot start %s: %s\n", self, argv[0], strerror(errno));
    exit(errno == ENOENT ? 127 : 126);
}
