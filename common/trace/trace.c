/* trace.c - runs a program that uses libuv, and says who held its loop, who came late
 * because of it, and which handles were left open.
 *
 *     trace [--slow MS] [--json FILE] [--rounds] PROGRAM [ARGUMENT...]
 *
 * --slow says from when on a callback holds the loop (50). --json writes what happened
 * for ui.perfetto.dev or speedscope, --rounds shows each round of the loop. --save FILE
 * keeps the trace, which --replay reports on again; --facts FILE is for programs.
 * --linked: the recorder is in the program, and isn't preloaded.
 *
 * The program gets our stdin and stdout; we write to stderr, when it has ended, and end
 * as it did. The recorder inside of it is trace-preload.so, and what says it
 * trace-report, both beside us. */

#define _GNU_SOURCE
#include "../die.h"
#include "record.h"
#include "symbols.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000

static struct {
    long slow; /* ms */
    const char *json, *facts, *save;
    bool rounds, linked;
} options;

static const char *const kinds[] = {
#define X(name) #name,
    TRACE_KINDS
#undef X
};

static volatile sig_atomic_t child;

/* --- The program --- */

/* Ctrl-C reaches it by itself: a signal that was sent to us is handed on. */
static void hand_on(int signal, siginfo_t *info, void *context)
{
    (void)context;
    if (child > 0 && info->si_code <= 0)
        kill((pid_t)child, signal);
}

static void on_child(int signal)
{
    (void)signal;
}

static const int handed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
enum { HANDED_ON = sizeof handed_on / sizeof *handed_on };

/* Where the record is, as a file. */
static char *make_record(struct trace_record **record)
{
    size_t size = sizeof **record;
    char *path;
    int fd;

    fd = memfd_create("trace", MFD_CLOEXEC);
    path = xstrfmt("/proc/%d/fd/%d", (int)getpid(), fd);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        die_errno("cannot make a file for the record");
    *record = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*record == MAP_FAILED)
        die_errno("cannot map the record");
    return path;
}

/* build/common/trace-report, and so on: free() frees it. */
static char *find_beside(const char *what)
{
    char *path, own[4096];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);

    path = xstrfmt("%.*s-%s", size > 0 ? (int)size : 0, own, what);
    if (access(path, R_OK) != 0)
        die_errno("cannot find %s", path);
    return path;
}

static _Noreturn void become(char *program[], const char *record, const char *preload)
{
    const char *others = getenv(TRACE_PRELOAD);

    setenv(TRACE_ENV, record, 1);
    if (preload)
        setenv(TRACE_PRELOAD,
               others && *others ? xstrfmt("%s:%s", preload, others) : preload, 1);
    execvp(*program, program);
    fprintf(stderr, "trace: cannot start %s: %s\n", *program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* Run it to its end, and look at it meanwhile. Returns how it ended, as waitpid() does.
 */
static int run(char *program[], const char *path, const char *preload,
               const struct trace_record *record, struct watch *watch)
{
    struct sigaction old[HANDED_ON], old_child;
    struct sigaction handing = {.sa_sigaction = hand_on,
                                .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction noticing = {.sa_handler = on_child};
    struct timespec tick = {0, options.slow * NS_PER_MS / 2 % 1000000000};
    sigset_t blocked, usual;
    int status = 0;
    pid_t pid;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &usual);
    sigaction(SIGCHLD, &noticing, &old_child);
    for (int i = 0; i < HANDED_ON; i++)
        sigaction(handed_on[i], &handing, &old[i]);
    pid = fork();
    if (pid < 0)
        die_errno("cannot start a process");
    if (pid == 0) {
        for (int i = 0; i < HANDED_ON; i++)
            sigaction(handed_on[i], &old[i], NULL);
        sigaction(SIGCHLD, &old_child, NULL);
        sigprocmask(SIG_SETMASK, &usual, NULL);
        become(program, path, preload);
    }
    child = watch->child = pid;
    tick.tv_sec = options.slow / 2000;
    if (tick.tv_sec == 0 && tick.tv_nsec < 2 * NS_PER_MS)
        tick.tv_nsec = 2 * NS_PER_MS;
    while (waitpid(pid, &status, WNOHANG) == 0 && !watch->ended) {
        sigset_t open = usual;

        if (record->pid != 0)
            watch_look(watch, record, record->pid);
        sigdelset(&open, SIGCHLD);
        pselect(0, NULL, NULL, NULL, &tick, &open);
    }
    child = 0;
    return watch->ended ? watch->status : status;
}

/* --- What it left, as text --- */

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * NS_PER_MS + (uint64_t)t.tv_nsec;
}

static uint32_t least(uint32_t count, uint32_t most)
{
    return count < most ? count : most;
}

/* Return addresses less 1: they belong to the line of the call. */
static void write_place(FILE *to, const struct trace_place *place)
{
    for (int i = 0; i < TRACE_CALLS && place->address[i]; i++)
        fprintf(to, "%s0x%" PRIx64, i ? "," : "", place->address[i] - 1);
}

static void write_handles(FILE *to, const struct trace_record *record)
{
    for (uint32_t i = 1; i < TRACE_HANDLES && i <= record->handles; i++) {
        const struct trace_handle *handle = &record->handle[i];

        if (handle->state == 0)
            continue;
        fprintf(to, "handle\t%s\t%s\t%d\t%d\t%" PRIu64 "\t", kinds[handle->kind],
                handle->state == TRACE_OPEN ? "open" : "closing", handle->loop,
                handle->again ? 2 : handle->on_stack,
                handle->freed_at > record->started ? handle->freed_at - record->started
                                                   : 0);
        write_place(to, &record->place[handle->made]);
        fputc('\t', to);
        write_place(to, &record->place[handle->freed]);
        fputc('\n', to);
    }
}

static void write_threads(FILE *to, const struct trace_record *record)
{
    for (uint32_t i = 1; i < TRACE_THREADS && i <= record->threads; i++) {
        const struct trace_now *in = &record->thread[i].now;

        fprintf(to, "thread\t%u\t%u\t%" PRIu64 "\t%d\n", i, in->callback,
                in->callback ? in->start - record->started : 0, record->thread[i].loop);
    }
}

static void write_trace(FILE *to, const struct trace_record *record,
                        const struct watch *watch, const char *program, int status,
                        uint64_t end)
{
    uint64_t from = record->started, lost = record->lost;

    symbols_take_modules(record);
    symbols_write_modules(to);
    fprintf(to, "program\t%s\nended\t%s\t%d\nlibuv\t%u.%u.%u\n", program,
            WIFSIGNALED(status) ? "signal" : "exit",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            record->libuv >> 16, record->libuv >> 8 & 255, record->libuv & 255);
    fprintf(to, "limits\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", record->slow,
            end - from, lost);
    for (int i = 0; i < KIND_close; i++)
        if (record->made[i] != 0)
            fprintf(to, "made\t%s\t%" PRIu64 "\n", kinds[i], record->made[i]);
    for (uint32_t i = 1; i < TRACE_LOOPS && i <= record->loops; i++) {
        const struct trace_loop *loop = &record->loop[i];

        fprintf(to, "loop\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\n", i,
                loop->rounds, loop->ran, loop->waited,
                loop->ran_until == UINT64_MAX ? -1
                : loop->ran_until             ? (int64_t)(loop->ran_until - from)
                                              : 0);
    }
    for (uint32_t i = TRACE_FIRST_CALLBACK;
         i < TRACE_CALLBACKS && i < record->callbacks + TRACE_FIRST_CALLBACK; i++)
        fprintf(to, "callback\t%u\t%s\t%" PRIu64 "\t0x%" PRIx64 "\n", i,
                kinds[record->callback[i].kind], (uint64_t)record->callback[i].calls,
                record->callback[i].function);
    write_threads(to, record);
    write_handles(to, record);
    for (uint32_t i = 0; i < least(record->events, TRACE_EVENTS); i++) {
        const struct trace_event *event = &record->event[i];

        fprintf(to, "event\t%u\t%d\t%d\t%" PRIu64 "\t%" PRIu64 "\t%u\t%" PRIu64 "\n",
                event->callback, event->thread, event->loop, event->start - from,
                event->end - from, event->cpu, event->due ? event->due - from : 0);
        if (event->callback != TRACE_WAIT && event->end - event->start >= record->slow &&
            !watch_has_seen(watch, event->thread, event->start))
            fprintf(to, "delay\t%d\t%" PRIu64 "\t%" PRIu64 "\n", event->thread,
                    event->start - from, event->end - event->start);
    }
    for (size_t i = 0; i < watch->delay_count; i++)
        fprintf(to, "delay\t%u\t%" PRIu64 "\t%" PRIu64 "\n", watch->delays[i].thread,
                watch->delays[i].start - from, watch->delays[i].by);
    for (size_t i = 0; i < watch->sample_count; i++)
        fprintf(to, "sample\t%u\t%" PRIu64 "\t0x%" PRIx64 "\t0x%" PRIx64 "\n",
                watch->samples[i].thread, watch->samples[i].start - from,
                watch->samples[i].outer, watch->samples[i].inner);
}

/* --- main --- */

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);

    if (file == NULL)
        die_errno("cannot open %s", path);
    return file;
}

/* Have build/common/trace-report read it. */
static void report(const char *script, FILE *trace)
{
    char *words[8] = {(char *)script}, **word = words + 1;
    pid_t pid = fork();
    int status;

    if (pid < 0)
        die_errno("cannot start a process");
    if (pid == 0) {
        if (options.rounds)
            *word++ = "--rounds";
        if (options.json) {
            *word++ = "--json";
            *word++ = (char *)options.json;
        }
        if (options.facts) {
            *word++ = "--facts";
            *word++ = (char *)options.facts;
        }
        if (dup2(fileno(trace), STDIN_FILENO) == 0)
            execv(script, words);
        fprintf(stderr, "trace: cannot start %s: %s\n", script, strerror(errno));
        _exit(2);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("there is no report");
}

static int trace_program(char *program[])
{
    struct trace_record *record;
    char *path = make_record(&record), *preload = NULL, *script = find_beside("report");
    const char *slash = strrchr(*program, '/');
    struct watch watch = {0};
    FILE *text = options.save ? open_file(options.save, "w+e") : NULL;
    uint64_t end;
    int status;

    if (!options.linked)
        preload = find_beside("preload.so");
    record->slow = (uint64_t)options.slow * NS_PER_MS;
    status = run(program, path, preload, record, &watch);
    end = now();
    watch_end(&watch);
    if (record->pid != 0) {
        if (text == NULL) /* not before: the program would inherit it */
            text = tmpfile();
        if (text == NULL)
            die_errno("cannot make a file for the trace");
        write_trace(text, record, &watch, slash ? slash + 1 : *program, status, end);
        if (fflush(text) != 0 || ferror(text))
            die_errno("cannot write the trace");
        rewind(text);
        report(script, text);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) < 126) { /* else this was said */
        fprintf(stderr, "trace: %s has not used libuv, or not as a shared library\n",
                slash ? slash + 1 : *program);
    }
    if (text)
        fclose(text);
    free(watch.samples);
    free(watch.delays);
    free(preload);
    free(script);
    free(path);
    return status;
}

static _Noreturn void exit_with_usage(void)
{
    fputs("usage: trace [--slow MS] [--json FILE] [--rounds] PROGRAM [ARGUMENT...]\n",
          stderr);
    exit(2);
}

static long read_ms(const char *text)
{
    char *end;
    long ms = strtol(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || ms < 1 || ms > 3600000)
        die("--slow takes milliseconds, 1 to 3600000, and not \"%s\"", text);
    return ms;
}

int main(int argc, char *argv[])
{
    int status;

    (void)argc;
    die_as("trace", 2);
    options.slow = 50;
    for (argv++; *argv && **argv == '-'; argv++) {
        bool takes_file = argv[1] != NULL;

        if (strcmp(*argv, "--rounds") == 0)
            options.rounds = true;
        else if (strcmp(*argv, "--linked") == 0)
            options.linked = true;
        else if (strcmp(*argv, "--slow") == 0 && takes_file)
            options.slow = read_ms(*++argv);
        else if (strcmp(*argv, "--json") == 0 && takes_file)
            options.json = *++argv;
        else if (strcmp(*argv, "--facts") == 0 && takes_file)
            options.facts = *++argv;
        else if (strcmp(*argv, "--save") == 0 && takes_file)
            options.save = *++argv;
        else
            exit_with_usage();
    }
    if (*argv == NULL)
        exit_with_usage();
    status = trace_program(argv);
    if (WIFSIGNALED(status)) { /* as it ended, but without a second core */
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
