/* with-site.c - start the course's own web site, and then a program that knows
 * where it is.
 *
 *     build/common/with-site build/lessons/16-requests/requests_async
 *
 * Puts the site's address into $SITE and becomes the program: its exit status, its
 * signals and its times are its own. The site (see site.c) ends when its stdin closes.
 * The program inherits the only other end of that, and so the site ends when the program
 * does, however that is, even by SIGKILL. (So it would live on with a grandchild that the
 * program leaves behind; ours leave none.)
 *
 * The site is no child of the program, which may wait() for its own children, and would
 * find one that it doesn't know: it is started by a child of ours, which we end as soon
 * as the site serves, so that init, or whoever looks after orphans, waits for it. (Until
 * then that child tells us whether the site has said why it ends.) And it is in a session
 * of its own, so that Ctrl-C reaches the program but not the site: who handles it can
 * still ask for pages. Order of events: main -> start_site -> be_site; read_address ->
 * launch_exec */

#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum {
    PATIENCE = 120 * 1000, /* ms; it takes 10, but under valgrind a second */
    HAS_SAID_WHY = 9       /* an exit status */
};

struct ends {
    int to_read, to_write;
};

static void find_site(const char *self, char *path, size_t size);
static struct ends make_pipe(void);
static int move_up(int fd);
static pid_t start_site(const char *path, struct ends input, struct ends output);
static _Noreturn void be_site(const char *path, struct ends input, struct ends output);
static bool read_address(int from, char *address, size_t size);
static int end_of(pid_t starter);
static _Noreturn void stop(const char *what);

int main(int argc, char *argv[])
{
    char path[4096], address[64];
    struct ends input, output;
    pid_t starter;
    bool has_started;

    if (argc < 2) {
        fprintf(stderr, "usage: with-site PROGRAM ARGUMENTS...\n");
        return 2;
    }
    find_site(argv[0], path, sizeof path);
    input = make_pipe();
    output = make_pipe();
    starter = start_site(path, input, output);
    close(input.to_read);
    close(output.to_write);
    has_started = read_address(output.to_read, address, sizeof address);
    close(output.to_read);
    if (has_started)
        kill(starter, SIGKILL);
    if (end_of(starter) != HAS_SAID_WHY && !has_started)
        fprintf(stderr, "with-site: the site has not started\n");
    if (!has_started)
        return 1;
    if (setenv("SITE", address, 1) != 0)
        stop("set SITE");
    launch_exec("with-site", argv + 1); /* with input.to_write, which it need not know */
}

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "with-site: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

/* It is beside ourselves. (Where there is no /proc, argv[0] may tell where that is.) */
static void find_site(const char *self, char *path, size_t size)
{
    size_t length = size - sizeof "site";
    int result = uv_exepath(path, &length);

    if (result != 0 && strchr(self, '/') && strlen(self) < length)
        strcpy(path, self);
    else if (result != 0) {
        fprintf(stderr, "with-site: cannot find itself, and the site beside it: is /proc "
                        "missing?\n");
        exit(1);
    }
    strcpy(strrchr(path, '/') + 1, "site");
}

static struct ends make_pipe(void)
{
    int fds[2];

    if (pipe(fds) != 0)
        stop("make a pipe");
    return (struct ends){move_up(fds[0]), move_up(fds[1])};
}

/* Above stdin, stdout and stderr, should one of them be closed. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);

    if (moved < 0)
        stop("make a pipe");
    close(fd);
    return moved;
}

/* Returns the child of ours that starts it, and then waits for its end. */
static pid_t start_site(const char *path, struct ends input, struct ends output)
{
    pid_t child = fork();
    int status = 0;

    if (child < 0)
        stop("start the site");
    if (child > 0)
        return child;
    setsid();
    child = fork();
    if (child == 0)
        be_site(path, input, output);
    launch_close_others(
        -1, -1); /* by which the site knows that we are there, and we that it is */
    if (child < 0)
        fprintf(stderr, "with-site: cannot start the site: %s\n", strerror(errno));
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(child < 0 || (WIFEXITED(status) && WEXITSTATUS(status) != 0) ? HAS_SAID_WHY
                                                                       : 0);
}

/* Nothing else of the program's stays open here: somebody may wait for it to close. */
static _Noreturn void be_site(const char *path, struct ends input, struct ends output)
{
    dup2(input.to_read, STDIN_FILENO);
    dup2(output.to_write, STDOUT_FILENO);
    launch_close_others(-1, -1);
    execl(path, "site", (char *)NULL);
    fprintf(stderr, "with-site: cannot start %s: %s\n", path, strerror(errno));
    _exit(1);
}

static long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000L + time.tv_nsec / 1000000L;
}

static int end_of(pid_t starter)
{
    int status = 0;

    while (waitpid(starter, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* Its only line. Returns whether it has come before its end. */
static bool read_address(int from, char *address, size_t size)
{
    const long end = now() + PATIENCE;
    struct pollfd poll_from = {.fd = from, .events = POLLIN};
    size_t length = 0;

    while (length < size) {
        long left = end - now();
        ssize_t count = poll(&poll_from, 1, left > 0 ? (int)left : 0);

        if (count < 0 && errno == EINTR)
            continue;
        if (count == 0) {
            fprintf(stderr, "with-site: the site has not started in %d s\n",
                    PATIENCE / 1000);
            exit(1);
        }
        if (count > 0)
            count = read(from, address + length, size - length);
        if (count <= 0)
            return false;
        length += (size_t)count;
        if (address[length - 1] == '\n') {
            address[length - 1] = '\0';
            return true;
        }
    }
    return false;
}
