/* trace.c - runs a program that uses libuv, and says who held its loop, who came late
 * because of it, and which handles were left open.
 *
 *     trace [--slow MS] [--json FILE] [--rounds] PROGRAM [ARGUMENT...]
 *
 * --slow says from when on a callback holds the loop (50). --json writes what happened
 * for ui.perfetto.dev or speedscope, --rounds shows each round of the loop. --save FILE
 * keeps the trace, which common/trace/report reads again; --facts FILE is for programs.
 * --linked: the recorder is in the program, and isn't preloaded. --left: PROGRAM is the
 * record that such a program has left in the file $TRACE_RECORD, and nothing is run.
 *
 * The program gets our stdin and stdout; we write to stderr, when it has ended, and end
 * as it did. The recorder inside of it is trace-preload.so, and what says it
 * trace-report, both beside us. */

#define _GNU_SOURCE
#include "../die.h"
#include "record.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define NS_PER_MS 1000000

static struct {
    long slow; /* ms */
    const char *save;
    bool linked, left;
    char **report; /* the command, with the options that it gets */
} options;

static const char *const kinds[] = {
#define X(name) #name,
    TRACE_KINDS
#undef X
};

/* The record is what the program has made of it. */
static const char *kind_of(uint32_t kind)
{
    return kind < sizeof kinds / sizeof *kinds ? kinds[kind] : *kinds;
}

/* --- The program --- */

static struct trace_record *map_record(int fd)
{
    struct trace_record *record;

    record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (record == MAP_FAILED)
        die_errno("cannot map the record");
    return record;
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

static _Noreturn void become(char *program[], int record)
{
    char *preload = options.linked ? NULL : find_beside("preload.so");
    const char *others = getenv("LD_PRELOAD");

    setenv(TRACE_ENV, xstrfmt("/proc/%d/fd/%d", (int)getppid(), record), 1);
    if (preload && others && *others)
        preload = xstrfmt("%s:%s", preload, others);
    if (preload)
        setenv("LD_PRELOAD", preload, 1);
    execvp(*program, program);
    fprintf(stderr, "trace: cannot start %s: %s\n", *program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* Run it to its end, and look at it meanwhile. Ctrl-C reaches it by itself: a signal that
 * was sent to us is handed on. Returns how it ended, as waitpid() does. */
static int run(char *program[], int fd, struct trace_record *record, struct watch *watch)
{
    static const int handed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    long tick = options.slow < 4 ? 2 : options.slow / 2;
    struct timespec time = {tick / 1000, tick % 1000 * NS_PER_MS};
    sigset_t signals, usual;
    siginfo_t info;
    int status = 0;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (size_t i = 0; i < sizeof handed_on / sizeof *handed_on; i++)
        sigaddset(&signals, handed_on[i]);
    sigprocmask(SIG_BLOCK, &signals, &usual);
    watch->child = fork();
    if (watch->child < 0)
        die_errno("cannot start a process");
    if (watch->child == 0) {
        sigprocmask(SIG_SETMASK, &usual, NULL);
        become(program, fd);
    }
    while (waitpid(watch->child, &status, WNOHANG) == 0 && !watch->ended) {
        if (record->pid != 0)
            watch_look(watch, record);
        if (sigtimedwait(&signals, &info, &time) > 0 && info.si_signo != SIGCHLD &&
            info.si_code <= 0)
            kill(watch->child, info.si_signo);
    }
    return watch->ended ? watch->status : status;
}

/* --- What it left, as text --- */

static uint64_t between(uint64_t start, uint64_t end)
{
    return end > start ? end - start : 0;
}

static uint64_t since(const struct trace_record *record, uint64_t time)
{
    return between(record->started, time);
}

/* Return addresses less 1: they belong to the line of the call. */
static void write_place(FILE *to, const struct trace_place *place, char end)
{
    for (int i = 0; i < TRACE_CALLS && place->address[i]; i++)
        fprintf(to, "%s0x%" PRIx64, i ? "," : "", place->address[i] - 1);
    fputc(end, to);
}

static void write_handles(FILE *to, const struct trace_record *record)
{
    static const char *const states[] = {[TRACE_OPEN] = "open",
                                         [TRACE_CLOSING] = "closing",
                                         [TRACE_REPLACED] = "replaced"};

    for (uint32_t i = 1; i <= record->handles && i < TRACE_HANDLES; i++) {
        const struct trace_handle *handle = &record->handle[i];

        if (handle->state == 0 || handle->state > TRACE_REPLACED)
            continue;
        fprintf(to, "handle\t%s\t%s\t%d\t%d\t%" PRIu64 "\t", kind_of(handle->kind),
                states[handle->state], handle->loop, handle->on_stack,
                since(record, handle->freed_at));
        write_place(to, &handle->made, '\t');
        write_place(to, &handle->freed, '\n');
    }
}

/* Whether there is one of which something is to be said. */
static bool has_slow_events(const struct trace_record *record)
{
    uint64_t slow = (uint64_t)options.slow * NS_PER_MS;

    for (uint32_t i = 0; i < record->events && i < TRACE_EVENTS; i++) {
        const struct trace_event *event = &record->event[i];

        if (event->end - event->start >= slow ||
            (event->due && between(event->due, event->start) >= slow))
            return true;
    }
    return false;
}

/* What threads do is an event without an end. Returns when the last one ended. Without a
 * picture they are written only if there is something to say: an answer that asks again
 * and again has very many.
 */
static uint64_t write_events(FILE *to, const struct trace_record *record)
{
    bool are_written = !options.left || has_slow_events(record);
    uint64_t end = record->started;

    for (uint32_t i = 1; i <= record->threads && i < TRACE_THREADS; i++) {
        const struct trace_thread *thread = &record->thread[i];

        if (thread->now.kind > KIND_wait)
            fprintf(to, "inside\t%s\t0x%" PRIx64 "\t%u\t%d\t%" PRIu64 "\n",
                    kind_of(thread->now.kind), thread->now.function, i, thread->loop,
                    since(record, thread->now.start));
    }
    for (uint32_t i = 0; i < record->events && i < TRACE_EVENTS; i++) {
        const struct trace_event *event = &record->event[i];

        end = event->end > end ? event->end : end;
        if (!are_written)
            continue;
        fprintf(to,
                "event\t%s\t0x%" PRIx64 "\t%d\t%d\t%" PRIu64 "\t%" PRIu64
                "\t%u\t%u\t%" PRIu64 "\n",
                kind_of(event->kind), event->function, event->thread, event->loop,
                since(record, event->start), since(record, event->end), event->cpu,
                event->delay, since(record, event->due));
    }
    return end;
}

/* One that runs, and perhaps waits, does so until the end. */
static void write_loops(FILE *to, const struct trace_record *record, uint64_t end)
{
    for (uint32_t i = 1; i <= record->loops && i < TRACE_LOOPS; i++) {
        const struct trace_loop *loop = &record->loop[i];
        bool runs = loop->ran_until == UINT64_MAX;
        uint64_t waited = loop->waited;

        for (uint32_t k = 1; k <= record->threads && k < TRACE_THREADS; k++)
            if (runs && record->thread[k].loop == i && record->thread[k].waits_since)
                waited += between(record->thread[k].waits_since, end);
        fprintf(to, "loop\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\n", i,
                loop->rounds, loop->ran + (runs ? between(loop->ran_from, end) : 0),
                waited, runs ? -1 : (int64_t)since(record, loop->ran_until));
    }
}

static void write_samples(FILE *to, const struct trace_record *record,
                          const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        const struct sample *sample = &watch->samples[i];

        fprintf(to, "sample\t%u\t%" PRIu64 "\t", sample->thread,
                since(record, sample->start));
        for (uint32_t k = 0; k < sample->count; k++)
            fprintf(to, "%s0x%" PRIx64 ">0x%" PRIx64, k ? "," : "", sample->at[k],
                    sample->called[k]);
        fputc('\n', to);
    }
}

/* What the lines mean is said by the report. `end` is 0 if nobody knows. */
static void write_trace(FILE *to, const struct trace_record *record,
                        const struct watch *watch, const char *program, int status,
                        uint64_t end)
{
    uint64_t last;

    fprintf(to, "program\t%s\nended\t%s\t%d\n", program,
            WIFSIGNALED(status) ? "signal" : "exit",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    fprintf(to, "started\t%u\t%u\t%u\t%u\t%" PRIu64 "\n", record->threads_started,
            record->works_started, record->processes_started, record->polls,
            record->delay);
    for (int i = 0; i < UV_HANDLE_TYPE_MAX; i++)
        if (record->active[i])
            fprintf(to, "active\t%s\t%u\n", uv_handle_type_name((uv_handle_type)i),
                    record->active[i]);
    for (uint32_t i = 0; i < record->modules && i < TRACE_MODULES; i++)
        fprintf(to, "module\t0x%" PRIx64 "\t0x%" PRIx64 "\t0x%" PRIx64 "\t%.*s\n",
                record->module[i].low, record->module[i].high, record->module[i].bias,
                TRACE_PATH, record->module[i].path);
    write_handles(to, record);
    last = write_events(to, record);
    end = end ? end : last;
    write_loops(to, record, end);
    write_samples(to, record, watch);
    fprintf(to, "limits\t%ld\t%" PRIu64 "\t%u\t%s\n", options.slow * NS_PER_MS,
            since(record, end), record->lost,
            record->events > TRACE_FIRST ? "some" : "all");
}

/* Have build/common/trace-report read it. */
static void report(FILE *trace)
{
    pid_t pid;
    int status;

    if (fflush(trace) != 0 || ferror(trace))
        die_errno("cannot write the trace");
    rewind(trace);
    pid = fork();
    if (pid < 0)
        die_errno("cannot start a process");
    if (pid == 0) {
        if (dup2(fileno(trace), STDIN_FILENO) == 0)
            execv(*options.report, options.report);
        fprintf(stderr, "trace: cannot start %s: %s\n", *options.report, strerror(errno));
        _exit(2);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("there is no report");
}

/* --- main --- */

static int trace_program(char *program[])
{
    int fd = options.left ? open(*program, O_RDWR) : memfd_create("trace", MFD_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    const char *slash = strrchr(*program, '/'), *name = slash ? slash + 1 : *program;
    struct watch watch = {0};
    struct trace_record *record;
    FILE *text;
    uint64_t end = 0;
    int status = 0;

    if (fd < 0 || (options.left && size != 0 && size != (off_t)sizeof *record))
        die("cannot open %s", options.left ? *program : "a file for the record");
    if (ftruncate(fd, sizeof *record) != 0)
        die_errno("cannot make room for the record");
    record = map_record(fd);
    text = options.save ? fopen(options.save, "w+e") : tmpfile();
    if (text == NULL)
        die_errno("cannot open %s", options.save ? options.save : "a file for the trace");
    if (!options.left) {
        fcntl(fileno(text), F_SETFD, FD_CLOEXEC);
        record->watched = 1;
        record->slow = (uint64_t)options.slow * NS_PER_MS;
        status = run(program, fd, record, &watch);
        end = uv_hrtime();
    }
    if (record->pid != 0) {
        write_trace(text, record, &watch, name, status, end);
        report(text);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) < 126) { /* else this was said */
        fprintf(stderr, "trace: %s has run no event loop of a shared libuv\n", name);
    }
    fclose(text);
    free(watch.samples);
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
    char *words[8], **word = words;
    sigset_t none;
    int status;

    (void)argc;
    sigemptyset(&none);
    die_as("trace", 2);
    options.slow = 50;
    options.report = words;
    *word++ = find_beside("report");
    for (argv++; *argv && **argv == '-'; argv++) {
        bool is_for_report =
            strcmp(*argv, "--json") == 0 || strcmp(*argv, "--facts") == 0;

        if (strcmp(*argv, "--linked") == 0)
            options.linked = true;
        else if (strcmp(*argv, "--left") == 0)
            options.left = true;
        else if (strcmp(*argv, "--rounds") == 0 && word < words + 7)
            *word++ = *argv;
        else if (is_for_report && argv[1] && word < words + 6)
            *word++ = *argv, *word++ = *++argv;
        else if (strcmp(*argv, "--slow") == 0 && argv[1])
            options.slow = read_ms(*++argv);
        else if (strcmp(*argv, "--save") == 0 && argv[1])
            options.save = *++argv;
        else
            exit_with_usage();
    }
    *word = NULL;
    if (*argv == NULL)
        exit_with_usage();
    status = trace_program(argv);
    free(*words);
    if (WIFSIGNALED(status)) { /* as it ended, but without a second core */
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(WTERMSIG(status), SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
