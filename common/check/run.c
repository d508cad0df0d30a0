/* run.c - see run.h
 *
 * Without libuv, which reaps a program at the moment when it ends: then the kernel's
 * account of it is gone.
 * Order of events: run_program -> start_program, [on_wrapper_ready], wait_at_most ...,
 * reap, reap_descendants */

#include "run.h"

#include "account.h"
#include "die.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
    TICK = 20,                /* ms between two samples of the kernel's account */
    MOST_OUTPUT = 64 << 20,   /* bytes; a program that prints more never ends */
    MOST_LINES = 1 << 20,     /* nor one that prints so many lines */
    GRACE = 1000,             /* ms for its children to end after it, */
    GRACE_WRAPPED = 10000,    /* and for what its wrapper started: a database, say */
    START_UP = 120000,        /* ms until a wrapper is ready */
    MILLISECOND = 1000 * 1000 /* ns */
};

static const int endings[] = {SIGINT, SIGTERM, SIGHUP}; /* signals that end us */
enum { ENDINGS = sizeof endings / sizeof *endings };

static volatile pid_t running; /* the program to end with us, and its process group */
static volatile sig_atomic_t ending; /* the signal that asked us to end */
static int self_pipe[2];             /* written to by signal handlers, to wake poll() */

/* The program itself too, which may have left its process group. */
static void kill_running(void)
{
    if (running > 0) {
        kill(-running, SIGKILL);
        kill(running, SIGKILL);
    }
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

/* --- Signals --- */

/* While a program runs, run_program() ends it first, with its descendants. */
static void on_run_signal(int signal)
{
    int error = errno;

    if (signal != SIGCHLD && running == 0)
        _exit(128 + signal);
    if (signal != SIGCHLD)
        ending = signal;
    if (write(self_pipe[1], "", 1) < 0) { /* full: poll() will return anyway */
    }
    errno = error;
}

static void handle(int signal)
{
    struct sigaction action = {.sa_handler = on_run_signal, .sa_flags = SA_RESTART},
                     before;

    sigemptyset(&action.sa_mask);
    if (sigaction(signal, NULL, &before) != 0)
        die_errno("cannot handle a signal");
    if (before.sa_handler != SIG_IGN || signal == SIGCHLD)
        sigaction(signal, &action, NULL);
}

static void open_pipe(int ends[2], int flags)
{
    if (pipe(ends) != 0)
        die_errno("cannot open a pipe");
    for (int i = 0; i < 2; i++)
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(ends[i], F_SETFL, flags) != 0)
            die_errno("cannot open a pipe");
}

void run_end_with_us(void)
{
    die_after(kill_running);
    open_pipe(self_pipe, O_NONBLOCK);
    handle(SIGCHLD);
    for (int i = 0; i < ENDINGS; i++)
        handle(endings[i]);
#ifdef __linux__
    /* As a subreaper we become the parent of orphaned descendants, and so find them. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* --- One program, while it runs --- */

struct stream {
    int fd; /* the read end of a pipe, or -1 after its end */
    char **text;
    size_t *size, capacity;
};

struct monitor {
    struct run *run;
    pid_t pid;
    bool wrapped;
    struct account account;
    int64_t started, own_runqueue, throttled; /* when it started */
    int64_t wrapper_runqueue;                 /* its wrapper's delay until readiness */
    int64_t sampled, own; /* at the last sample: the time; our processor time and delay */
    struct stream out, err;
    int ready_fd; /* where the wrapper reports readiness; then -1 */
    size_t lines_capacity;
};

/* The program's own run-queue delay can make a stamp late; ours, the reader's, only the
 * arrival. Processes of the wrapper may have become children of ours. */
static void sample_delays(struct monitor *monitor)
{
    struct run *run = monitor->run;
    int64_t sum;

    run->reader_runqueue_ns = account_own_runqueue() - monitor->own_runqueue;
    account_sample(&monitor->account, monitor->pid);
    if (monitor->wrapped)
        account_sample_own_children(&monitor->account);
    sum = account_sum(&monitor->account) - monitor->wrapper_runqueue;
    if (sum > run->runqueue_ns)
        run->runqueue_ns = sum;
}

static void start_clock(struct monitor *monitor, int64_t when)
{
    monitor->own_runqueue = account_own_runqueue();
    monitor->throttled = account_throttled();
    monitor->started = monitor->sampled = when;
    monitor->own = account_own_cpu();
    monitor->run->stalled_ns = 0;
}

/* Split what has come since `from` into lines, all of which arrived now. A line has
 * arrived when its first byte has. */
static void split_lines(struct monitor *monitor, size_t from)
{
    struct run *run = monitor->run;
    int64_t arrived = now() - monitor->started;

    sample_delays(monitor);
    for (size_t i = from; i < run->out_size; i++) {
        if (!run->cut_short) {
            run->lines = xgrow(run->lines, run->count, 1, &monitor->lines_capacity,
                               sizeof *run->lines);
            run->lines[run->count++] =
                (struct printed){.start = i,
                                 .arrived = arrived,
                                 .runqueue_ns = run->runqueue_ns,
                                 .reader_runqueue_ns = run->reader_runqueue_ns};
        }
        run->cut_short = run->out[i] != '\n';
        run->lines[run->count - 1].size += run->cut_short;
    }
}

/* Read what has come, and close the stream at its end. One read takes all that a pipe can
 * hold. */
static void read_stream(struct stream *stream)
{
    char *text = *stream->text =
        xgrow(*stream->text, *stream->size, 65537, &stream->capacity, 1);
    ssize_t got = read(stream->fd, text + *stream->size, 65536);

    if (got < 0 && errno != EINTR && errno != EAGAIN)
        die_errno("cannot read the output of a program");
    if (got > 0)
        *stream->size += (size_t)got;
    text[*stream->size] = '\0';
    if (got == 0)
        close_fd(&stream->fd);
}

static void pass_ready_fd(int ready_fd)
{
    char number[16];

    snprintf(number, sizeof number, "%d", ready_fd);
    setenv("READY_FD", number, 1);
    fcntl(ready_fd, F_SETFD, 0);
}

/* In the child. All signals have their default there, and none is blocked. */
static _Noreturn void exec_child(char *const argv[], int out, int err, int failure)
{
    sigset_t none;
    int empty;

    for (int i = 1; i < 32; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* should we be killed */
#endif
    empty = open("/dev/null", O_RDONLY);
    if (empty >= 0 && dup2(empty, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0)
        execvp(argv[0], argv);
    if (write(failure, &errno, sizeof errno) < 0) {
    }
    _exit(127);
}

static void start_program(struct monitor *monitor, char *const argv[])
{
    enum { OUT, ERR, FAILURE, READY, PIPES };
    int pipes[PIPES][2];
    sigset_t block, before;
    pid_t pid;

    sigemptyset(&block); /* no signal may end us before `running` is known */
    for (int i = 0; i < ENDINGS; i++)
        sigaddset(&block, endings[i]);
    for (int i = 0; i < PIPES; i++)
        open_pipe(pipes[i], 0);
    start_clock(monitor, now());
    sigprocmask(SIG_BLOCK, &block, &before);
    pid = fork();
    if (pid < 0)
        die_errno("cannot start a program");
    if (pid == 0) {
        if (monitor->wrapped)
            pass_ready_fd(pipes[READY][1]);
        exec_child(argv, pipes[OUT][1], pipes[ERR][1], pipes[FAILURE][1]);
    }
    setpgid(pid, pid); /* the child does it too: either may be first */
    running = monitor->pid = pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (int i = 0; i < PIPES; i++)
        close(pipes[i][1]);
    if (read(pipes[FAILURE][0], &monitor->run->start_error, sizeof(int)) < 0)
        die_errno("cannot start a program");
    close(pipes[FAILURE][0]);
    monitor->out.fd = pipes[OUT][0];
    monitor->err.fd = pipes[ERR][0];
    monitor->ready_fd = pipes[READY][0];
    if (!monitor->wrapped)
        close_fd(&monitor->ready_fd);
}

/* From its readiness on the wrapper is the program itself: what was before is not
 * counted. */
static void on_wrapper_ready(struct monitor *monitor)
{
    int64_t when;

    if (read(monitor->ready_fd, &when, sizeof when) == sizeof when) {
        sample_delays(monitor);
        monitor->wrapper_runqueue = monitor->run->runqueue_ns;
        monitor->run->runqueue_ns = 0;
        start_clock(monitor, when);
    }
    close_fd(&monitor->ready_fd);
}

/* A stall: the whole machine stood still. This sample was due after `most` ms, and we
 * neither worked nor waited for a processor. */
static void note_stall(struct monitor *monitor, int most)
{
    int64_t time = now(), own = account_own_cpu() + monitor->run->reader_runqueue_ns;
    int64_t stalled =
        time - monitor->sampled - (int64_t)most * MILLISECOND - (own - monitor->own);

    if (stalled > monitor->run->stalled_ns)
        monitor->run->stalled_ns = stalled;
    monitor->sampled = time;
    monitor->own = own;
}

/* Wait for an event, at most `most` ms, and handle it. Returns how long this was, in ns;
 * a stall counts as two ticks. */
static int64_t wait_at_most(int most, struct monitor *monitor)
{
    struct run *run = monitor->run;
    struct pollfd files[] = {{.fd = self_pipe[0], .events = POLLIN},
                             {.fd = monitor->out.fd, .events = POLLIN},
                             {.fd = monitor->err.fd, .events = POLLIN},
                             {.fd = monitor->ready_fd, .events = POLLIN}};
    int64_t before = now(), used;
    size_t had = run->out_size;
    char woken[64];

    if (poll(files, 4, most) < 0 && errno != EINTR)
        die_errno("cannot wait for a program");
    while (read(self_pipe[0], woken, sizeof woken) > 0)
        ;
    if (monitor->ready_fd >= 0 && files[3].revents != 0)
        on_wrapper_ready(monitor);
    if (monitor->out.fd >= 0 && files[1].revents != 0)
        read_stream(&monitor->out);
    if (monitor->err.fd >= 0 && files[2].revents != 0)
        read_stream(&monitor->err);
    split_lines(monitor, had);
    note_stall(monitor, most);
    used = monitor->sampled - before;
    return used < 2 * TICK * MILLISECOND ? used : 2 * TICK * MILLISECOND;
}

/* --- Its end --- */

/* Whether the program has ended; it is not reaped, so that its account stays. */
static bool program_has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        die_errno("cannot wait for a program");
    return info.si_pid == pid;
}

static bool is_any_left(pid_t group)
{
    pid_t adopted;

    do
        adopted = waitpid(-1, NULL, WNOHANG);
    while (adopted > 0);
    return adopted == 0 || kill(-group, 0) == 0;
}

/* Also what left the process group, and became our child when its parent ended. */
static void kill_all(pid_t group)
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

static void reap(struct monitor *monitor)
{
    struct run *run = monitor->run;
    int status;

    run->took = now() - monitor->started;
    run->throttled_ns = account_throttled() - monitor->throttled;
    sample_delays(monitor);
    if (waitpid(monitor->pid, &status, 0) != monitor->pid)
        die_errno("cannot wait for a program");
    if (WIFSIGNALED(status))
        run->signal = WTERMSIG(status);
    else
        run->exit_status = WEXITSTATUS(status);
}

/* Descendants get a moment to end after the program. What they print then is not from the
 * program: they were left. */
static void reap_descendants(struct monitor *monitor)
{
    int64_t used = 0, grace = monitor->wrapped ? GRACE_WRAPPED : GRACE;
    size_t printed = monitor->run->out_size + monitor->run->err_size;

    while (!ending && used < grace * MILLISECOND &&
           (monitor->out.fd >= 0 || monitor->err.fd >= 0 || is_any_left(monitor->pid)))
        used += wait_at_most(TICK, monitor);
    monitor->run->left_children =
        is_any_left(monitor->pid) ||
        monitor->run->out_size + monitor->run->err_size > printed;
    for (used = 0; used < GRACE * MILLISECOND && is_any_left(monitor->pid);) {
        kill_all(monitor->pid);
        used += wait_at_most(TICK, monitor);
    }
    running = 0;
    if (ending)
        _exit(128 + ending);
}

struct run run_program(char *const argv[], bool wrapper, int64_t limit)
{
    struct run run = {.exit_status = -1, .delays_known = account_has_delays()};
    struct monitor monitor = {.run = &run,
                              .wrapped = wrapper,
                              .out = {.text = &run.out, .size = &run.out_size},
                              .err = {.text = &run.err, .size = &run.err_size}};
    int64_t used = 0;

    start_program(&monitor, argv);
    while (!program_has_ended(monitor.pid)) {
        bool was_ready = monitor.ready_fd < 0;

        used += wait_at_most(TICK, &monitor);
        if (!was_ready && monitor.ready_fd < 0)
            used = 0;
        if (ending || used > (monitor.ready_fd < 0 ? limit : START_UP) * MILLISECOND ||
            run.out_size > MOST_OUTPUT || run.err_size > MOST_OUTPUT ||
            run.count > MOST_LINES) {
            run.ended_by_us = true;
            kill_running();
        }
    }
    wait_at_most(0, &monitor);
    reap(&monitor);
    reap_descendants(&monitor);
    close_fd(&monitor.out.fd);
    close_fd(&monitor.err.fd);
    close_fd(&monitor.ready_fd);
    account_free(&monitor.account);
    return run;
}

void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
    free(run->lines);
    *run = (struct run){0};
}
