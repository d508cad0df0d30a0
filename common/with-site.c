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
 * find one that it doesn't know: it is started by a child of ours that ends at once, so
 * that init, or whoever looks after orphans, waits for it. And it is in a session of its
 * own, so that Ctrl-C reaches the program but not the site: who handles it can still ask
 * for pages. Order of events: main -> start_site -> be_site; read_address -> become */

#include "around.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { PATIENCE = 10000 }; /* ms; it takes 10, but under valgrind a second */

struct ends {
    int to_read, to_write;
};

static void find_site(char *path, size_t size);
static struct ends make_pipe(void);
static int move_up(int fd);
static void start_site(const char *path, struct ends input, struct ends output);
static _Noreturn void be_site(const char *path, struct ends input, struct ends output);
static void read_address(int from, char *address, size_t size);
static _Noreturn void stop(const char *what);

int main(int argc, char *argv[])
{
    char path[4096], address[64];
    struct ends input, output;

    if (argc < 2) {
        fprintf(stderr, "usage: with-site PROGRAM ARGUMENTS...\n");
        return 2;
    }
    find_site(path, sizeof path);
    input = make_pipe();
    output = make_pipe();
    start_site(path, input, output);
    close(input.to_read);
    close(output.to_write);
    read_address(output.to_read, address, sizeof address);
    close(output.to_read);
    if (setenv("SITE", address, 1) != 0)
        stop("set SITE");
    become("with-site", argv + 1); /* with input.to_write, which it need not know */
}

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "with-site: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

/* It is beside ourselves. */
static void find_site(char *path, size_t size)
{
    size_t length = size - sizeof "site";
    int result = uv_exepath(path, &length);

    if (result != 0) {
        errno = -result;
        stop("find the site");
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

static void start_site(const char *path, struct ends input, struct ends output)
{
    pid_t child = fork();

    if (child == 0) {
        setsid();
        child = fork();
        if (child == 0)
            be_site(path, input, output);
        _exit(child < 0 ? 1 : 0);
    }
    if (child < 0)
        stop("start the site");
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Nothing else of the program's stays open here: somebody may wait for it to close. */
static _Noreturn void be_site(const char *path, struct ends input, struct ends output)
{
    dup2(input.to_read, STDIN_FILENO);
    dup2(output.to_write, STDOUT_FILENO);
    close_others(-1, -1);
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

/* Its only line. When it can't start, it has said why. */
static void read_address(int from, char *address, size_t size)
{
    const long end = now() + PATIENCE;
    struct pollfd poll_from = {.fd = from, .events = POLLIN};
    size_t length = 0;

    while (length < size) {
        long left = end - now();
        ssize_t count = poll(&poll_from, 1, left > 0 ? (int)left : 0);

        if (count < 0 && errno == EINTR)
            continue;
        if (count > 0)
            count = read(from, address + length, size - length);
        if (count <= 0)
            break;
        length += (size_t)count;
        if (address[length - 1] == '\n') {
            address[length - 1] = '\0';
            return;
        }
    }
    fprintf(stderr, "with-site: the site has not started\n");
    exit(1);
}
