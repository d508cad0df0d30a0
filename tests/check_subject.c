/* check_subject.c - a program that does what its arguments say, one after the
 * other: check.t plays right and wrong lessons with it.
 *
 *     check_subject 'say kettle: start' 'at 300' 'say kettle: done' 'exit 3'
 *     check_subject 'say a' '1,2? wait 400' 'say b'     waits in runs 1 and 2 only
 *
 * Each process of it writes its number into the file $SUBJECT_LOG ("run 4711",
 * "child 4712"), so that the test can count the runs and see who is left. */

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

static uint64_t first_line; /* ns; a little after the origin of the stamps */

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

/* Returns how many runs there were, with this one. */
static int sign_log(const char *who)
{
    const char *path = getenv("SUBJECT_LOG");
    int file =
        open(path ? path : "/dev/null", O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    char line[64];
    int runs = 0;
    FILE *log;

    snprintf(line, sizeof line, "%s %ld\n", who, (long)getpid());
    if (file < 0)
        fail("check_subject: SUBJECT_LOG");
    write_bytes(file, line, strlen(line));
    if (lseek(file, 0, SEEK_SET) < 0 || (log = fdopen(file, "r")) == NULL)
        fail("check_subject: SUBJECT_LOG");
    while (fgets(line, sizeof line, log))
        runs += strncmp(line, "run", 3) == 0;
    fclose(log);
    return runs;
}

/* --- What it can do; `text` is the rest of the argument --- */

static void do_say(const char *text)
{
    say("%s", text);
    if (first_line == 0)
        first_line = uv_hrtime();
}

static void do_untimed(const char *text)
{
    say_untimed("%s", text);
}

static void do_measure(const char *text)
{
    measure("%s", text);
}

static void do_print(const char *text) /* as it is: for stamps that are not true */
{
    write_bytes(STDOUT_FILENO, text, strlen(text));
    if (first_line == 0)
        first_line = uv_hrtime();
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

static void do_long(const char *text) /* a line of so many bytes, before its last word */
{
    int size = atoi(text);
    char *line = malloc((size_t)size + 1);

    if (line == NULL)
        fail("check_subject: malloc");
    memset(line, 'x', (size_t)size);
    line[size] = '\0';
    say_untimed("%s%s", line, strchr(text, ' '));
    free(line);
}

static void do_wait(const char *text) /* so many ms */
{
    uv_sleep((unsigned)atoi(text));
}

static void do_at(const char *text) /* until so many ms after the first line */
{
    uint64_t until = first_line + (uint64_t)atoi(text) * 1000000, now = uv_hrtime();

    if (now < until)
        uv_sleep((unsigned)((until - now) / 1000000 + 1));
}

static void do_pause_parent(const char *text) /* for so many ms */
{
    if (kill(getppid(), SIGSTOP) != 0)
        fail("check_subject: pause-parent");
    uv_sleep((unsigned)atoi(text));
    kill(getppid(), SIGCONT);
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
        sign_log("child");
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

static void do_heir(const char *text) /* a child that says "b", so many ms later */
{
    if (fork() == 0) {
        do_wait(text);
        say("b");
        _exit(0);
    }
}

static void do_leave_group(const char *text) /* for that of its parent */
{
    (void)text;
    if (setpgid(0, getpgid(getppid())) != 0)
        fail("check_subject: setpgid");
}

static void do_crowd(const char *text) /* so many ms, of waiting for a processor */
{
    uint64_t end = uv_hrtime() + (uint64_t)atoi(text) * 1000000;

#ifdef __linux__
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    if (sched_setaffinity(0, sizeof here, &here) != 0)
        fail("check_subject: sched_setaffinity");
#endif
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            while (uv_hrtime() < end)
                ;
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
}

static void on_timer(uv_timer_t *timer) /* and nobody closes it */
{
    uv_timer_stop(timer);
}

static void be_busy(void *until)
{
    while (uv_hrtime() < *(uint64_t *)until)
        ;
}

static void do_threads(const char *text) /* 60 that compute, so many ms */
{
    uint64_t until = uv_hrtime() + (uint64_t)atoi(text) * 1000000;
    uv_thread_t threads[60];

    for (int i = 0; i < 60; i++)
        if (uv_thread_create(&threads[i], be_busy, &until) != 0)
            fail("check_subject: a thread");
    for (int i = 0; i < 60; i++)
        uv_thread_join(&threads[i]);
}

static void do_forget_timer(const char *text)
{
    static uv_timer_t timer;

    (void)text;
    must("make a timer", uv_timer_init(uv_default_loop(), &timer));
    must("start the timer", uv_timer_start(&timer, on_timer, 10, 0));
    run_and_close();
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
    {"measure", do_measure},
    {"print", do_print},
    {"nul", do_nul},
    {"err", do_err},
    {"lines", do_lines},
    {"long", do_long},
    {"wait", do_wait},
    {"at", do_at},
    {"hang", do_hang},
    {"endless", do_endless},
    {"pause-parent", do_pause_parent},
    {"threads", do_threads},
    {"deaf", do_deaf},
    {"child", do_child},
    {"daemon", do_daemon},
    {"heir", do_heir},
    {"leave-group", do_leave_group},
    {"die", do_die},
    {"exit", do_exit},
    {"crowd", do_crowd},
    {"forget-timer", do_forget_timer},
};

/* "1,2? wait 400" is for runs 1 and 2. Returns what is to be done, or NULL. */
static const char *if_meant(const char *what, int run)
{
    size_t size = strspn(what, "0123456789,");
    bool meant = false;

    if (size == 0 || what[size] != '?')
        return what;
    for (const char *next = what; next < what + size; next += strspn(next, ",")) {
        char *end;

        meant |= strtol(next, &end, 10) == run;
        next = end;
    }
    return meant ? what + size + 2 : NULL;
}

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
    int run = sign_log("run");

    for (int i = 1; i < argc; i++) {
        const char *what = if_meant(argv[i], run);

        if (what)
            act(what);
    }
    return 0;
}
