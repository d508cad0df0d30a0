/* with.c - run a program beside a server that lives as long as it does.
 *
 *     build/common/with-site PROGRAM [ARGUMENT...]         beside the course's web site
 *     build/common/with-postgres PROGRAM [ARGUMENT...]     beside a PostgreSQL
 *     build/common/with-directory PROGRAM [ARGUMENT...]    no server: a directory
 *     build/common/with-postgres --as USER PROGRAM...      for root: as that user
 *
 * These are one program. The name after "with-" is that of the server, which is beside
 * it: site (site.c), or a script. `SERVER --start` is started in a process group of its
 * own, a script in a new directory in $TMPDIR. It prints what the program has to know,
 * NAME=VALUE a line (NAME alone: what it must not know), and closes its stdout when it is
 * ready. If it has printed nothing, it has failed, and said why. Then this process
 * becomes PROGRAM, by exec: its exit status, its signals and its times are its own.
 *
 * A watcher, and the server as its stdin, hold the read end of a pipe, the lifeline;
 * nobody writes to it, and the only write end is the program's. However that ends, the
 * system closes its files, and they read end of file. For a script the watcher calls
 * `SERVER --stop GROUP`; then it kills what is left of the process group, and removes the
 * directory. (They would live on with a grandchild that the program leaves behind; ours
 * leave none.)
 *
 * The watcher is no child of the program, which may wait() for its own children: a
 * starter, our child, starts it, ends when it does, and is killed when the server is
 * ready. Order of events: main -> watch -> run_server -> launch_exec; clean_up */

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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE = 120, /* s for the server to be ready; the busiest machine needs less */
    FEWEST_FILES = 20
};

static const char *self; /* with-... */
static char server[PATH_MAX];

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s: cannot %s: %s\n", self, what, strerror(errno));
    _exit(EXIT_FAILURE);
}

/* Beside this program, whose name says which. Sets `self` and `server`. */
static void find_server(const char *called)
{
    static char path[PATH_MAX];
    char *name;

    if (!realpath(strchr(called, '/') ? called : "/proc/self/exe", path)) {
        fprintf(stderr,
                "%s: cannot find itself, and the server beside it: is /proc missing?\n",
                called);
        exit(EXIT_FAILURE);
    }
    name = strrchr(path, '/') + 1;
    self = name;
    snprintf(server, sizeof server, "%.*s%s", (int)(name - path), path,
             strncmp(name, "with-", 5) == 0 ? name + 5 : "server");
}

static bool is_site(void)
{
    return strcmp(self, "with-site") == 0;
}

/* If one of the three standard files is closed, no other file must get its number. To the
 * program it is closed, as it was. Returns another one, open to /dev/null. */
static int occupy_standard_files(void)
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
static pid_t run_server(const char *action, const char *group)
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

/* A server that ends by itself with another status than 0 has said why. */
static int has_said_why(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* A process that was killed may still complete a system call, and make a file: then rm is
 * repeated. */
static _Noreturn void clean_up(pid_t group, const char *directory)
{
    int status = EXIT_FAILURE << 8;
    char number[32];
    pid_t child;

    snprintf(number, sizeof number, "%ld", (long)group);
    if (group > 0 && !is_site())
        waitpid(run_server("--stop", number), NULL, 0);
    for (int i = 0; is_site() && i < 200 && waitpid(group, &status, WNOHANG) == 0; i++)
        usleep(10 * 1000); /* it reads the same end of file, and ends by itself */
    if (group > 0 && kill(-group, SIGKILL) == 0)
        waitpid(group, &status, 0);
    if (!is_site() && (child = fork()) == 0)
        execlp("sh", "sh", "-c",
               "cd /; for _ in 1 2 3 4 5 6 7 8 9; do rm -rf \"$0\" && exit; sleep 0.2; "
               "done",
               directory, (char *)NULL);
    while (wait(NULL) > 0)
        ;
    _exit(is_site() ? has_said_why(status) : EXIT_FAILURE); /* scripts always do */
}

/* In a session of our own Ctrl-C does not reach us, and only the lifeline ends us.
 * Nothing of what our parent had open stays open here: whoever reads what the program
 * prints waits until nobody is left who could print there. */
static _Noreturn void watch(int null, int lifeline, int report)
{
    const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    char directory[PATH_MAX + 300], nothing;
    sigset_t none;
    pid_t group;

    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGPIPE, SIG_DFL); /* a script ends without a word when the program is gone */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!is_site())
        make_directory(directory);
    dup2(lifeline, STDIN_FILENO);
    dup2(report, STDOUT_FILENO);
    fcntl(STDERR_FILENO, F_SETFD, 0);
    launch_close_others(null, -1);
    group = run_server("--start", NULL);
    if (group < 0)
        fprintf(stderr, "%s: cannot start the server: %s\n", self, strerror(errno));
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    while (read(STDIN_FILENO, &nothing, 1) > 0)
        ;
    clean_up(group, directory);
}

/* Returns the starter, whose exit status tells whether the server has said why it ended.
 */
static pid_t start_watcher(int null, const int lifeline[2], const int report[2])
{
    pid_t child = fork();
    int status = 0;

    if (child < 0)
        fail("start a watcher");
    if (child > 0)
        return child;
    signal(SIGCHLD, SIG_DFL);
    setsid();
    child = fork();
    if (child < 0)
        fail("start a watcher");
    if (child == 0)
        watch(null, lifeline[0], report[1]);
    launch_close_others(-1, -1);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    waitpid(child, &status, 0);
    _exit(has_said_why(status));
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

    for (; lines && getline(&line, &size, lines) > 0; any = true) {
        char *value = strchr(line, '=');

        line[strcspn(line, "\n")] = '\0';
        if (value)
            *value++ = '\0';
        if ((value ? setenv(line, value, 1) : unsetenv(line)) != 0)
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
    int lifeline[2], report[2], null, status = EXIT_FAILURE << 8;
    struct rlimit files;
    pid_t starter;

    find_server(argv[0]);
    if (argc > 3 && strcmp(argv[1], "--as") == 0)
        exec_as(argv[2], argv + 3);
    if (argc < 2) {
        fprintf(stderr, "usage: %s PROGRAM [ARGUMENT...]\n", self);
        return 2;
    }
    null = occupy_standard_files();
    /* A shell that can't open more says something of its own. */
    errno = EMFILE;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FEWEST_FILES)
        fail("start the server");
    if (pipe(lifeline) != 0 || pipe(report) != 0)
        fail("make a pipe");
    fcntl(lifeline[0], F_SETFD, FD_CLOEXEC);
    fcntl(report[0], F_SETFD, FD_CLOEXEC);
    starter = start_watcher(null, lifeline, report);
    close(lifeline[0]);
    close(report[1]);
    close(null);
    signal(SIGALRM, on_alarm);
    alarm(PATIENCE);
    if (!read_environment(report[0])) {
        close(lifeline[1]); /* end when the watcher has cleaned up */
        waitpid(starter, &status, 0);
        if (!has_said_why(status))
            fprintf(stderr, "%s: the server has not started\n", self);
        return EXIT_FAILURE;
    }
    alarm(0);
    signal(SIGALRM, SIG_DFL);
    kill(starter, SIGKILL);
    waitpid(starter, NULL, 0);
    launch_exec(self, argv + 1);
}
