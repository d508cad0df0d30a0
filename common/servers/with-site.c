/* with-site.c - start the course's own web site, and then a program with
 * its address.
 *
 *     build/common/with-site build/lessons/16-requests/requests_async
 *
 * Puts the site's address into $SITE and is replaced by the program: its exit status, its
 * signals and its times are its own.
 *
 * Lifeline: the site (see site.c) ends when its stdin closes, and the program inherits
 * the only write end of that pipe. So the site ends with the program, even by SIGKILL.
 * (It would live on with a grandchild that the program leaves behind; ours leave none.)
 *
 * The site is no child of the program, which may wait() for its own children. A starter,
 * our child, starts it, reports whether the site has printed why it ends, and is killed
 * as soon as the site serves, so that init inherits the site. The site is in a session of
 * its own: Ctrl-C reaches the program, which can still ask for pages.
 * Order of events: main -> start_site -> exec_site; read_address -> launch_exec */

#include "die.h"
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
#include <unistd.h>
#include <uv.h>

enum {
    PATIENCE = 120 * 1000, /* ms; it takes 10, but under valgrind a second */
    HAS_SAID_WHY = 9       /* an exit status */
};

static void find_site(const char *self, char *path, size_t size);
static void open_high_pipe(int ends[2]);
static pid_t start_site(const char *path, const int input[2], const int output[2]);
static _Noreturn void exec_site(const char *path, int input, int output);
static bool read_address(int from, char *address, size_t size);
static int exit_status_of(pid_t child);

int main(int argc, char *argv[])
{
    char path[4096], address[64];
    int input[2], output[2], status;
    bool has_started;
    pid_t starter;

    die_as("with-site", 1);
    if (argc < 2) {
        fprintf(stderr, "usage: with-site PROGRAM ARGUMENTS...\n");
        return 2;
    }
    find_site(argv[0], path, sizeof path);
    open_high_pipe(input);
    open_high_pipe(output);
    starter = start_site(path, input, output);
    close(input[0]);
    close(output[1]);
    has_started = read_address(output[0], address, sizeof address);
    close(output[0]);
    if (has_started)
        kill(starter, SIGKILL);
    status = exit_status_of(starter);
    if (!has_started && status == HAS_SAID_WHY)
        return 1;
    if (!has_started)
        die("the site has not started");
    if (setenv("SITE", address, 1) != 0)
        die_errno("cannot set SITE");
    launch_exec("with-site", argv + 1); /* with input[1], the lifeline */
}

/* It is beside this program. (Without /proc, argv[0] may say where that is.) */
static void find_site(const char *self, char *path, size_t size)
{
    size_t length = size - sizeof "site";

    if (uv_exepath(path, &length) != 0) {
        if (strchr(self, '/') == NULL || strlen(self) >= length)
            die("cannot find itself, and the site beside it: is /proc missing?");
        strcpy(path, self);
    }
    strcpy(strrchr(path, '/') + 1, "site");
}

/* Above stdin, stdout and stderr, should one of them be closed. */
static void open_high_pipe(int ends[2])
{
    int fds[2];

    if (pipe(fds) != 0)
        die_errno("cannot make a pipe");
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(fds[i], F_DUPFD, STDERR_FILENO + 1);
        if (ends[i] < 0)
            die_errno("cannot make a pipe");
        close(fds[i]);
    }
}

/* Returns the starter, a child that starts the site and waits for its end. */
static pid_t start_site(const char *path, const int input[2], const int output[2])
{
    pid_t child = fork();

    if (child < 0)
        die_errno("cannot start the site");
    if (child > 0)
        return child;
    setsid();
    child = fork();
    if (child == 0)
        exec_site(path, input[0], output[1]);
    launch_close_others(-1, -1); /* the lifeline, and the site's stdout */
    if (child < 0)
        fprintf(stderr, "with-site: cannot start the site: %s\n", strerror(errno));
    _exit(child < 0 || exit_status_of(child) != 0 ? HAS_SAID_WHY : 0);
}

/* No other file of ours may stay open: a reader may wait for its end. */
static _Noreturn void exec_site(const char *path, int input, int output)
{
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    launch_close_others(-1, -1);
    execl(path, "site", (char *)NULL);
    die_errno("cannot start %s", path);
}

/* Returns the exit status; 0 if it was killed. */
static int exit_status_of(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* The only line that the site prints. Returns false if it ends before. */
static bool read_address(int from, char *address, size_t size)
{
    struct pollfd poll_from = {.fd = from, .events = POLLIN};

    for (size_t length = 0; length < size;) {
        ssize_t count = poll(&poll_from, 1, PATIENCE);

        if (count < 0 && errno == EINTR)
            continue;
        if (count == 0)
            die("the site has not started in %d s", PATIENCE / 1000);
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
