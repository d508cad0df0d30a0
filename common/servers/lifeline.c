/* lifeline.c - run a program beside a server that lives as long as it does.
 *
 *     build/common/lifeline SERVER PROGRAM [ARGUMENT...]
 *     build/common/lifeline --as USER PROGRAM [ARGUMENT...]    for root: as that user
 *
 * SERVER is a script (with-postgres, with-directory). `SERVER --start` is started in a
 * new directory in $TMPDIR, in a process group of its own. It prints what the program has
 * to know, NAME=VALUE a line, and closes its stdout when it is ready. If it has printed
 * nothing, it has failed, and said why. Then this process becomes PROGRAM, by exec.
 *
 * A watcher holds the read end of a pipe, the lifeline; nobody writes to it, and the only
 * write end is the program's. However that ends, the system closes its files, and the
 * watcher reads end of file. It calls `SERVER --stop GROUP`, kills what is left of the
 * process group, and removes the directory.
 * Order of events: main -> watch -> start -> launch_exec; clean_up */

#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE = 120
}; /* s for the server to be ready; the busiest machine needs less */

static const char *self; /* the server's name */

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s: cannot %s: %s\n", self, what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* If one of the three standard files is closed, no other file must get its number. To the
 * program it is closed, as it was. Returns another one, open to /dev/null. */
static int occupy_closed_files(void)
{
    int fd;

    while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) <= STDERR_FILENO)
        if (fd < 0)
            fail("open /dev/null");
    return fd;
}

/* In $TMPDIR. From here on we are in it. */
static void make_directory(char path[PATH_MAX + 300])
{
    const char *wanted = getenv("TMPDIR");
    char parent[PATH_MAX];

    if (wanted == NULL || *wanted == '\0')
        wanted = "/tmp";
    if (realpath(wanted, parent) != NULL) {
        snprintf(path, PATH_MAX + 300, "%s/%s-XXXXXX", parent, self);
        if (mkdtemp(path) != NULL && chdir(path) == 0)
            return;
    }
    fprintf(stderr, "%s: cannot make a directory in %s: %s (set TMPDIR to another)\n",
            self, wanted, strerror(errno));
    _exit(EXIT_FAILURE);
}

/* In a process group of its own. Returns -1 when that can't be. */
static pid_t start(const char *server, const char *action, const char *group)
{
    pid_t child = fork();

    if (child > 0)
        setpgid(child, child); /* by both, for either may be first */
    if (child != 0)
        return child;
    setpgid(0, 0);
    execl(server, server, action, group, (char *)NULL);
    fprintf(stderr, "%s: cannot start %s: %s\n", self, server, strerror(errno));
    _exit(EXIT_FAILURE);
}

/* A process that was killed may still complete a system call, and make a file: then rm is
 * repeated. */
static _Noreturn void clean_up(const char *server, pid_t group, const char *directory)
{
    char number[32];

    snprintf(number, sizeof number, "%ld", (long)group);
    if (group > 0) {
        waitpid(start(server, "--stop", number), NULL, 0);
        kill(-group, SIGKILL);
    }
    execlp("sh", "sh", "-c",
           "cd /; for _ in 1 2 3 4 5 6 7 8 9; do rm -rf \"$0\" && exit; sleep 0.2; done",
           directory, (char *)NULL);
    _exit(EXIT_FAILURE);
}

/* In a session of our own Ctrl-C does not reach us, and only the lifeline ends us.
 * Nothing of what our parent had open stays open here: whoever reads what the program
 * prints waits until nobody is left who could print there. */
static _Noreturn void watch(const char *server, int null, int lifeline, int report)
{
    const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    char directory[PATH_MAX + 300], nothing;
    sigset_t none;
    pid_t group;

    setsid();
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL); /* a script ends without a word when the program is gone */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(null, STDIN_FILENO);
    dup2(report, STDOUT_FILENO);
    fcntl(STDERR_FILENO, F_SETFD, 0);
    launch_close_others(lifeline, -1);
    make_directory(directory);
    group = start(server, "--start", NULL);
    if (group < 0)
        fprintf(stderr, "%s: cannot start the server: %s\n", self, strerror(errno));
    dup2(STDIN_FILENO, STDOUT_FILENO);
    dup2(STDIN_FILENO, STDERR_FILENO);
    while (read(lifeline, &nothing, 1) > 0)
        ;
    clean_up(server, group, directory);
}

/* The server is never ready: the lifeline ends with us, and with it the server. */
static void on_alarm(int number)
{
    static const char words[] = ": the server is not ready after two minutes\n";

    (void)number;
    _exit(write(STDERR_FILENO, self, strlen(self)) > 0 &&
                  write(STDERR_FILENO, words, sizeof words - 1) > 0
              ? EXIT_FAILURE
              : 2);
}

/* Until the server closes its stdout. Returns whether it has told anything. */
static bool read_environment(int report)
{
    FILE *lines = fdopen(report, "r");
    char *line = NULL;
    size_t size = 0;
    bool any = false;

    for (; lines && getline(&line, &size, lines) > 0; line = NULL, any = true) {
        line[strcspn(line, "\n")] = '\0';
        if (putenv(line) != 0) /* which keeps the line */
            fail("set the environment");
    }
    free(line);
    if (lines)
        fclose(lines);
    return any;
}

static _Noreturn void exec_as(const char *name, char *argv[])
{
    struct passwd *user = getpwnam(name);

    if (user && setgroups(0, NULL) == 0 && setgid(user->pw_gid) == 0 &&
        setuid(user->pw_uid) == 0)
        execvp(argv[0], argv);
    fprintf(stderr, "error: cannot start %s as the user %s: %s\n", argv[0], name,
            strerror(errno));
    exit(EXIT_FAILURE);
}

int main(int argc, char *argv[])
{
    int lifeline[2], report[2], null;
    char server[PATH_MAX];
    pid_t watcher;

    if (argc > 3 && strcmp(argv[1], "--as") == 0)
        exec_as(argv[2], argv + 3);
    if (argc < 3) {
        fputs("usage: lifeline SERVER PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    self = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
    null = occupy_closed_files();
    if (realpath(argv[1], server) == NULL)
        fail("find itself");
    if (pipe(lifeline) != 0 || pipe(report) != 0)
        fail("make a pipe");
    fcntl(lifeline[0], F_SETFD, FD_CLOEXEC);
    fcntl(report[0], F_SETFD, FD_CLOEXEC);
    watcher = fork();
    if (watcher < 0)
        fail("start a watcher");
    if (watcher == 0)
        watch(server, null, lifeline[0], report[1]);
    close(lifeline[0]);
    close(report[1]);
    close(null);
    signal(SIGALRM, on_alarm);
    alarm(PATIENCE);
    if (!read_environment(report[0])) {
        close(lifeline[1]); /* end when the watcher has cleaned up */
        waitpid(watcher, NULL, 0);
        return EXIT_FAILURE;
    }
    alarm(0);
    signal(SIGALRM, SIG_DFL);
    launch_exec(self, argv + 2);
}
