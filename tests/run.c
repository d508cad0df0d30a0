/* run.c - see run.h
 *
 * Not on libuv, though everything else here is: libuv takes a program's exit
 * status the moment it ends, and then the kernel's account of it is gone. */

#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
    TICK = 20,              /* ms between two looks at the kernel's account */
    MOST_OUTPUT = 64 << 20, /* bytes; a program that prints more never ends */
    MOST_LINES = 1 << 20,   /* nor one that prints so many lines */
    GRACE = 1000,           /* ms for its children to end after it, */
    GRACE_AROUND = 10000,   /* and for what is around it: a database on a busy machine */
    START_UP = 120000,      /* ms until that stands */
    MILLISECOND = 1000 * 1000 /* ns */
};

static volatile pid_t running; /* the program to end with us, and its process group */
static int bell[2];            /* written to when a child has ended */

/* The program itself too, which may have left its process group. Safe in a
 * handler of signals. */
static void end_program(pid_t pid)
{
    if (pid > 0) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
    }
}

static _Noreturn void give_up(const char *what)
{
    int error = errno;

    end_program(running);
    fprintf(stderr, "check: cannot %s: %s\n", what, strerror(error));
    exit(2);
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

static void on_ending(int signal)
{
    end_program(running);
    _exit(128 + signal);
}

static void on_child(int signal)
{
    int error = errno;

    (void)signal;
    if (write(bell[1], "", 1) < 0) { /* full: it rings already */
    }
    errno = error;
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, NULL) != 0)
        give_up("handle a signal");
}

static void open_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        give_up("open a pipe");
    for (int i = 0; i < 2; i++)
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
            give_up("open a pipe");
}

void end_with_program(void)
{
    open_pipe(bell);
    for (int i = 0; i < 2; i++)
        if (fcntl(bell[i], F_SETFL, O_NONBLOCK) != 0)
            give_up("open a pipe");
    handle(SIGCHLD, on_child);
    handle(SIGINT, on_ending);
    handle(SIGTERM, on_ending);
    handle(SIGHUP, on_ending);
#ifdef __linux__
    /* Children whose parent is gone become ours, so that we see them. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

/* --- The kernel's account: /proc/PID/schedstat, "the time on a processor, the
 * time waited for one, ...", one for each thread. A thread that has ended
 * leaves none, so the last that was seen is kept. --- */

struct account {
    long thread;
    int64_t delayed; /* ns */
};

struct accounts {
    struct account *all;
    size_t count, room;
};

static bool read_number_at(const char *path, int field, int64_t *number)
{
    char text[128];
    FILE *file = fopen(path, "re");
    char *next = text;
    bool found;

    if (file == NULL)
        return false;
    found = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    for (int i = 0; found && i <= field; i++)
        *number = strtoll(next, &next, 10);
    return found;
}

bool delays_are_known(void)
{
    static int known = -1; /* not looked yet */
    int64_t delay;

    if (known < 0)
        known = read_number_at("/proc/self/schedstat", 1, &delay);
    return known;
}

static void note(struct accounts *accounts, long thread, int64_t delayed)
{
    for (size_t i = 0; i < accounts->count; i++)
        if (accounts->all[i].thread == thread) {
            if (delayed > accounts->all[i].delayed)
                accounts->all[i].delayed = delayed;
            return;
        }
    if (accounts->count == accounts->room) {
        accounts->room = accounts->room * 2 + 16;
        accounts->all = realloc(accounts->all, accounts->room * sizeof *accounts->all);
        if (accounts->all == NULL)
            give_up("remember the threads of a program");
    }
    accounts->all[accounts->count++] = (struct account){thread, delayed};
}

static void look_at(struct accounts *accounts, long pid, int depth);

static void look_at_children(struct accounts *accounts, const char *path, int depth)
{
    FILE *file = fopen(path, "re");
    long child;

    if (file == NULL)
        return;
    while (fscanf(file, "%ld", &child) == 1)
        look_at(accounts, child, depth + 1);
    fclose(file);
}

/* All threads of a process, and the children of each, and theirs. */
static void look_at(struct accounts *accounts, long pid, int depth)
{
    char path[96];
    struct dirent *entry;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    if (depth > 8 || (threads = opendir(path)) == NULL)
        return;
    while ((entry = readdir(threads)) != NULL) {
        long thread = strtol(entry->d_name, NULL, 10);
        int64_t delayed;

        if (thread == 0) /* "." and ".." */
            continue;
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/schedstat", pid, thread);
        if (read_number_at(path, 1, &delayed))
            note(accounts, thread, delayed);
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, thread);
        look_at_children(accounts, path, depth);
    }
    closedir(threads);
}

static int64_t own_delay(void)
{
    int64_t delay = 0;

    read_number_at("/proc/self/schedstat", 1, &delay);
    return delay;
}

/* ns that this program has worked, since it started */
static int64_t worked(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

/* --- One program --- */

struct watch {
    struct run *run;
    bool around; /* it is started by something that puts surroundings around it */
    struct accounts accounts;
    int64_t started, own_delay; /* ns; this program's own, when it started */
    int64_t looked, own;        /* when we last did, and what had kept us busy then */
    int64_t before;             /* ns that its surroundings waited until it began */
    int out, err;               /* the read ends, or -1 at their end */
    int begins;                 /* where it tells when its surroundings stand; then -1 */
    size_t out_room, err_room, lines_room;
};

/* What the program waited for a processor, and what we did, who read it: only
 * the one makes its stamps late, both make its lines arrive late. What serves it may
 * have become a child of ours. */
static void look_at_delays(struct watch *watch, pid_t pid)
{
    int64_t sum = -watch->before;

    watch->run->read_late = own_delay() - watch->own_delay;
    look_at(&watch->accounts, pid, 0);
    if (watch->around)
        look_at_children(&watch->accounts, "/proc/thread-self/children", 0);
    for (size_t i = 0; i < watch->accounts.count; i++)
        sum += watch->accounts.all[i].delayed;
    if (sum > watch->run->delayed)
        watch->run->delayed = sum;
}

static void start_line(struct watch *watch, size_t start)
{
    struct run *run = watch->run;

    if (run->count == watch->lines_room) {
        watch->lines_room = watch->lines_room * 2 + 64;
        run->lines = realloc(run->lines, watch->lines_room * sizeof *run->lines);
        if (run->lines == NULL)
            give_up("remember the lines of a program");
    }
    run->lines[run->count++] = (struct printed){.start = start};
    run->cut_short = true;
}

/* Divide what has come since `from` into lines, all of which came now. A line
 * has come when its first byte has. */
static void divide(struct watch *watch, size_t from, pid_t pid)
{
    struct run *run = watch->run;
    int64_t arrived = now() - watch->started;

    look_at_delays(watch, pid);
    for (size_t i = from; i < run->out_size; i++) {
        if (!run->cut_short) {
            start_line(watch, i);
            run->lines[run->count - 1].arrived = arrived;
            run->lines[run->count - 1].delayed = run->delayed;
            run->lines[run->count - 1].read_late = run->read_late;
        }
        if (run->out[i] == '\n')
            run->cut_short = false;
        else
            run->lines[run->count - 1].size++;
    }
}

/* Read what there is. Returns false at the end. */
static bool read_some(int file, char **text, size_t *size, size_t *room)
{
    ssize_t got;

    if (*room - *size < 65536) {
        *room = *room * 2 + 65536;
        *text = realloc(*text, *room + 1);
        if (*text == NULL)
            give_up("remember the output of a program");
    }
    got = read(file, *text + *size, *room - *size);
    if (got < 0 && errno != EINTR && errno != EAGAIN)
        give_up("read the output of a program");
    if (got > 0)
        *size += (size_t)got;
    (*text)[*size] = '\0';
    return got != 0;
}

static void tell_where_it_begins(int began)
{
    char number[16];

    snprintf(number, sizeof number, "%d", began);
    setenv("STARTED_FD", number, 1);
    fcntl(began, F_SETFD, 0);
}

static _Noreturn void become(char *const argv[], int out, int err, int failure)
{
    int empty = open("/dev/null", O_RDONLY);
    int usual[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGQUIT};
    sigset_t none;

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        signal(usual[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* should we be killed */
#endif
    if (dup2(empty, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0)
        execvp(argv[0], argv);
    if (write(failure, &errno, sizeof errno) < 0) {
    }
    _exit(127);
}

static void forget_the_start(struct watch *watch)
{
    close(watch->begins);
    watch->begins = -1;
}

static pid_t start(struct watch *watch, char *const argv[])
{
    int out[2], err[2], failure[2], begins[2];
    sigset_t endings, before;
    pid_t pid;

    sigemptyset(&endings); /* none may come before we know whom to end with us */
    sigaddset(&endings, SIGINT);
    sigaddset(&endings, SIGTERM);
    sigaddset(&endings, SIGHUP);
    open_pipe(out);
    open_pipe(err);
    open_pipe(failure);
    open_pipe(begins);
    watch->own_delay = own_delay();
    watch->started = watch->looked = now();
    watch->own = worked();
    sigprocmask(SIG_BLOCK, &endings, &before);
    pid = fork();
    if (pid < 0)
        give_up("start a program");
    if (pid == 0) {
        if (watch->around)
            tell_where_it_begins(begins[1]);
        become(argv, out[1], err[1], failure[1]);
    }
    setpgid(pid, pid); /* both do, as nobody knows who is first */
    running = pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(out[1]);
    close(err[1]);
    close(failure[1]);
    close(begins[1]);
    if (read(failure[0], &watch->run->start_error, sizeof(int)) < 0)
        give_up("start a program");
    close(failure[0]);
    watch->out = out[0];
    watch->err = err[0];
    watch->begins = begins[0];
    if (!watch->around)
        forget_the_start(watch);
    return pid;
}

/* Its surroundings stand, and from here on it is the program itself: what was before is
 * not counted. */
static void begin(struct watch *watch, pid_t pid)
{
    int64_t when;

    if (read(watch->begins, &when, sizeof when) == sizeof when) {
        look_at_delays(watch, pid);
        watch->before = watch->run->delayed;
        watch->run->delayed = 0;
        watch->own_delay = own_delay();
        watch->started = watch->looked = when;
        watch->own = worked();
        watch->run->stood_still = 0;
    }
    forget_the_start(watch);
}

/* Wait for something to happen, at most `most` ms, and take note of it. Returns
 * how long this was, in ns; a pause of the whole machine counts as two ticks. */
static int64_t wait_at_most(int most, struct watch *watch, pid_t pid)
{
    struct run *run = watch->run;
    struct pollfd files[] = {{.fd = bell[0], .events = POLLIN},
                             {.fd = watch->out, .events = POLLIN},
                             {.fd = watch->err, .events = POLLIN},
                             {.fd = watch->begins, .events = POLLIN}};
    int64_t before = now(), used, own, held_up;
    size_t had = run->out_size;
    char rung[64];

    if (poll(files, 4, most) < 0 && errno != EINTR)
        give_up("wait for a program");
    while (read(bell[0], rung, sizeof rung) > 0)
        ;
    if (watch->begins >= 0 && files[3].revents != 0)
        begin(watch, pid);
    if (watch->out >= 0 && files[1].revents != 0 &&
        !read_some(watch->out, &run->out, &run->out_size, &watch->out_room)) {
        close(watch->out);
        watch->out = -1;
    }
    if (watch->err >= 0 && files[2].revents != 0 &&
        !read_some(watch->err, &run->err, &run->err_size, &watch->err_room)) {
        close(watch->err);
        watch->err = -1;
    }
    divide(watch, had, pid);
    used = now() - before;
    own = worked() + run->read_late;
    held_up =
        before + used - watch->looked - (int64_t)most * MILLISECOND - (own - watch->own);
    if (held_up > run->stood_still)
        run->stood_still = held_up;
    watch->looked = before + used;
    watch->own = own;
    return used < 2 * TICK * MILLISECOND ? used : 2 * TICK * MILLISECOND;
}

static int64_t wait_a_tick(struct watch *watch, pid_t pid)
{
    return wait_at_most(TICK, watch, pid);
}

/* Whether the program has ended; it is not reaped, so that its account stays. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        give_up("wait for a program");
    return info.si_pid == pid;
}

static bool anybody_left(pid_t group)
{
    pid_t adopted;

    do
        adopted = waitpid(-1, NULL, WNOHANG);
    while (adopted > 0);
    return adopted == 0 || kill(-group, 0) == 0;
}

static void reap(struct watch *watch, pid_t pid)
{
    int status;

    watch->run->took = now() - watch->started;
    look_at_delays(watch, pid);
    if (waitpid(pid, &status, 0) != pid)
        give_up("wait for a program");
    if (WIFSIGNALED(status))
        watch->run->signal = WTERMSIG(status);
    else
        watch->run->exit_status = WEXITSTATUS(status);
}

/* Also those who left the process group, and became ours when their parent ended. */
static void end_all(pid_t group)
{
    char path[96];
    FILE *file;
    int child;

    kill(-group, SIGKILL);
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    file = fopen(path, "re");
    while (file && fscanf(file, "%d", &child) == 1)
        kill(child, SIGKILL);
    if (file)
        fclose(file);
}

/* After the program itself, see its children off. What is printed when it has
 * ended is not from it: they must not go on after it, and be it for a moment. */
static void see_off(struct watch *watch, pid_t pid)
{
    int64_t used = 0, grace = watch->around ? GRACE_AROUND : GRACE;
    size_t printed = watch->run->out_size + watch->run->err_size;

    while (used < grace * MILLISECOND &&
           (watch->out >= 0 || watch->err >= 0 || anybody_left(pid)))
        used += wait_a_tick(watch, pid);
    watch->run->left_children =
        anybody_left(pid) || watch->run->out_size + watch->run->err_size > printed;
    for (used = 0; used < GRACE * MILLISECOND && anybody_left(pid);) {
        end_all(pid);
        used += wait_a_tick(watch, pid);
    }
    running = 0;
}

struct run run_program(char *const argv[], bool around, int64_t limit)
{
    struct run run = {.exit_status = -1};
    struct watch watch = {.run = &run, .around = around};
    pid_t pid = start(&watch, argv);
    int64_t used = 0;

    while (!has_ended(pid)) {
        bool had_begun = watch.begins < 0;

        used += wait_a_tick(&watch, pid);
        if (!had_begun && watch.begins < 0)
            used = 0;
        if (used > (watch.begins < 0 ? limit : START_UP) * MILLISECOND ||
            run.out_size > MOST_OUTPUT || run.err_size > MOST_OUTPUT ||
            run.count > MOST_LINES) {
            run.ended_by_us = true;
            end_program(pid);
            while (!has_ended(pid))
                wait_a_tick(&watch, pid);
        }
    }
    wait_at_most(0, &watch, pid); /* one read takes all that a pipe can hold */
    reap(&watch, pid);
    see_off(&watch, pid);
    if (watch.out >= 0)
        close(watch.out);
    if (watch.err >= 0)
        close(watch.err);
    if (watch.begins >= 0)
        forget_the_start(&watch);
    free(watch.accounts.all);
    return run;
}

void free_run(struct run *run)
{
    free(run->out);
    free(run->err);
    free(run->lines);
    *run = (struct run){0};
}
