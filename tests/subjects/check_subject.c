/* check_subject.c - a program that does what its arguments say, one after the other:
 * check.t has it run by check.
 *
 *     check_subject 'say kettle: start' 'wait 300' 'say kettle: done' 'exit 3'
 *
 * Each process of it writes its number into the file $SUBJECT_LOG ("run 4711",
 * "child 4712"), so that the test can count the runs and find what is left. */

#define _GNU_SOURCE /* for sched_setaffinity() */

#include "lesson.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
    perror(what);
    _exit(99);
}

static void write_bytes(int file, const char *text, size_t size)
{
    if (write(file, text, size) != (ssize_t)size)
        fail("check_subject: write");
}

static void write_log(const char *what)
{
    const char *path = getenv("SUBJECT_LOG");
    int file = open(path ? path : "/dev/null", O_WRONLY | O_APPEND | O_CREAT, 0666);
    char line[64];

    if (file < 0)
        fail("check_subject: SUBJECT_LOG");
    snprintf(line, sizeof line, "%s %ld\n", what, (long)getpid());
    write_bytes(file, line, strlen(line));
    close(file);
}

/* --- What it can do; `text` is the rest of the argument --- */

static void do_say(const char *text)
{
    say("%s", text);
}

static void do_untimed(const char *text)
{
    say_untimed("%s", text);
}

static void do_print(const char *text) /* as it is */
{
    write_bytes(STDOUT_FILENO, text, strlen(text));
}

static void do_nul(const char *text)
{
    (void)text;
    write_bytes(STDOUT_FILENO, "", 1);
}

static void do_err(const char *text)
{
    write_bytes(STDERR_FILENO, text, strlen(text));
}

static void do_lines(const char *text) /* so many, numbered from 1 */
{
    for (int i = 1; i <= atoi(text); i++)
        say_untimed("line %d", i);
}

static void do_wait(const char *text) /* so many ms */
{
    uv_sleep((unsigned)atoi(text));
}

static void do_hang(const char *text)
{
    (void)text;
    for (;;)
        pause();
}

static void do_endless(const char *text) /* lines, with so many us between them */
{
    struct timespec pause = {.tv_nsec = atol(text) * 1000};

    for (;;) {
        say_untimed("and so on");
        nanosleep(&pause, NULL);
    }
}

static void do_deaf(const char *text)
{
    (void)text;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

static void start_child(const char *ms, bool own_session)
{
    int ready[2];
    char byte;

    if (pipe(ready) != 0)
        fail("check_subject: pipe");
    switch (fork()) {
    case -1:
        fail("check_subject: fork");
    case 0:
        if (own_session) { /* as daemons do it */
            setsid();
            for (int file = 0; file <= 2; file++)
                close(file);
        }
        write_log("child");
        write_bytes(ready[1], "", 1);
        do_wait(ms);
        _exit(0);
    }
    if (read(ready[0], &byte, 1) != 1)
        fail("check_subject: read");
}

static void do_child(const char *text) /* that lives so many ms */
{
    start_child(text, false);
}

static void do_daemon(const char *text)
{
    start_child(text, true);
}

/* A child that says "b" when its parent has ended, and is reaped. */
static void do_heir(const char *text)
{
    pid_t parent = getpid();

    (void)text;
    if (fork() == 0) {
        while (kill(parent, 0) == 0)
            uv_sleep(5);
        say("b");
        _exit(0);
    }
}

/* So many grandchildren, each in a session of its own. */
static void do_family(const char *text)
{
    for (int i = 0; i < atoi(text); i++)
        if (fork() == 0) {
            setsid();
            start_child("90000", true);
            _exit(0);
        }
}

static void do_leave_group(const char *text) /* for that of its parent */
{
    (void)text;
    if (setpgid(0, getpgid(getppid())) != 0)
        fail("check_subject: setpgid");
}

static void compute(int ms) /* of processor time */
{
    clock_t end = clock() + (clock_t)ms * (CLOCKS_PER_SEC / 1000);

    while (clock() < end)
        ;
}

/* Three children that compute on one processor, and must wait for each other. */
static void do_crowd(const char *text)
{
#ifdef __linux__
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    if (sched_setaffinity(0, sizeof here, &here) != 0)
        fail("check_subject: sched_setaffinity");
#endif
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            compute(atoi(text));
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
}

static bool is_stopped(pid_t pid)
{
    char path[64], text[256] = "";
    const char *state;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL)
        fail("check_subject: /proc");
    fclose(file);
    state = strrchr(text, ')');
    return state && state[2] == 'T';
}

static void do_pause_parent(const char *text) /* for so many ms */
{
    if (kill(getppid(), SIGSTOP) != 0)
        fail("check_subject: pause-parent");
    while (!is_stopped(getppid()))
        uv_sleep(1);
    uv_sleep((unsigned)atoi(text));
    kill(getppid(), SIGCONT);
}

static void do_await(const char *path) /* until there is such a file */
{
    while (access(path, F_OK) != 0)
        uv_sleep(5);
}

static void do_die(const char *text) /* of this signal */
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    raise(atoi(text));
}

static void do_exit(const char *text)
{
    exit(atoi(text));
}

static const struct {
    const char *name;
    void (*act)(const char *text);
} verbs[] = {
    {"say", do_say},
    {"untimed", do_untimed},
    {"print", do_print},
    {"nul", do_nul},
    {"err", do_err},
    {"lines", do_lines},
    {"wait", do_wait},
    {"hang", do_hang},
    {"endless", do_endless},
    {"pause-parent", do_pause_parent},
    {"deaf", do_deaf},
    {"child", do_child},
    {"daemon", do_daemon},
    {"heir", do_heir},
    {"leave-group", do_leave_group},
    {"die", do_die},
    {"exit", do_exit},
    {"crowd", do_crowd},
    {"family", do_family},
    {"await", do_await},
};

static void act(const char *what)
{
    size_t size = strcspn(what, " ");

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strlen(verbs[i].name) == size && memcmp(what, verbs[i].name, size) == 0) {
            verbs[i].act(what[size] ? what + size + 1 : "");
            return;
        }
    fprintf(stderr, "check_subject: there is no \"%s\"\n", what);
    exit(99);
}

int main(int argc, char *argv[])
{
    write_log("run");
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    return 0;
}
