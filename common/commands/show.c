/* show.c - show a lesson to a student: run its programs, side by side where the
 * terminal has room, and then draw who did what when.
 *
 *     build/common/show lessons/05-chores
 *     WITH=build/common/with-site build/common/show lessons/16-requests
 *     build/common/show --demo lessons/16-requests /page/1
 *
 * With --demo, for common/commands/demo: only what a class is to see, in parts, and a
 * form feed behind each; a byte from stdin begins the next. The arguments, if there are
 * any, are given to each program instead of the recorded ones.
 * LEFT_OUT holds what common/commands/needs says of programs that can't be built here.
 *
 * Every line stays where it was printed: nothing is ever drawn over, so that a
 * run can be scrolled back, piped into a file, and survives a window that
 * changes its size in the middle.
 * Order of events: main -> group_show -> on_output, on_exit, on_flush, ... */

#include "catalog.h"
#include "commands/readme.h"
#include "lesson.h"
#include "timeline/columns.h"
#include "timeline/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    COLUMN = 44,                         /* characters that a program needs at least */
    MOST_PROGRAMS = MOST_COLUMNS_BESIDE, /* of a lesson */
    MOST_LINES = 250000,   /* of a program: one that prints more prints without end */
    MOST_OF_A_LINE = 2000, /* bytes */
    MOST_ARGUMENTS = 20,
    FLUSH = 15,      /* ms; lines that come closer stand beside one another */
    PATIENCE = 1000, /* ms that an ended program's output may stay open */
    BARRIER = 3,
    READY = 4 /* in a program that has surroundings: see common/servers/launch.h */
};

static char under_valgrind[] = "common/check/under-valgrind";
static char *wrapper;        /* $WITH: build/common/with-site, or "": none is needed */
static const char *left_out; /* $LEFT_OUT */

struct program;

/* One of the two ends that we read a program's output from. */
struct output {
    uv_pipe_t pipe;
    struct program *program;
    const char *prefix;        /* of its lines on the screen */
    char part[MOST_OF_A_LINE]; /* the start of a line that has not ended yet */
    size_t size;               /* of the line so far, also where it is longer */
};

struct program {
    const struct entry *entry;
    char command[1024];              /* of which argv's words are pieces */
    char *argv[12 + MOST_ARGUMENTS]; /* what starts it, perhaps, and the program with its
                                        arguments */
    char **own;                      /* of argv, where the program begins */
    int recorded_status;
    bool is_missing;
    bool lacks_tool; /* that shows what is wrong with it */

    uv_process_t process;
    struct output out, err;
    uv_pipe_t ready; /* its surroundings stand, this tells */
    bool is_ready;
    bool is_running, prints_without_end;
    int64_t status;
    int signal;
    uint64_t started, first_line, ended; /* ns, uv_hrtime() */
    struct trace trace;                  /* what it has printed so far */
    bool end_is_shown;
};

struct group {
    struct program **programs;
    int count, open; /* `open`: outputs and processes we still wait for */
    struct columns columns;
    int not_ready;      /* of those whose surroundings are still being made, */
    uv_file barrier[2]; /* behind which the others wait for them: a pipe that nobody
                           writes to */
    uv_timer_t flush;
};

static const char *directory; /* lessons/05-chores */
static struct catalog catalog;
static struct readme readme;
static struct program programs[MOST_PROGRAMS];
static int program_count;
static bool on_terminal, in_colour;
static bool is_demo;
static char **arguments; /* instead of those that are recorded; NULL: there are none */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNALS = sizeof signals / sizeof *signals };
static uv_signal_t interrupts[SIGNALS], resumption;
static bool was_stopped;

static int width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int wide = columns ? atoi(columns) : 0;

    if (wide <= 0)
        wide = 80;
    if (on_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        wide = size.ws_col;
    return wide < 20 ? 20 : wide > 1000 ? 1000 : wide;
}

static const char *bold(void)
{
    return in_colour ? "\033[1m" : "";
}

static const char *plain(void)
{
    return in_colour ? "\033[0m" : "";
}

/* errno is still that of the write that failed: nothing but writes, which then
 * fail in the same way, comes between that and here. */
static void flush_screen(void)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        must("write to stdout", errno ? uv_translate_sys_error(errno) : UV_EIO);
}

/* must("start build/lessons/05-chores/chores_async", ...) */
static void must_do(const char *what, const char *to, int result)
{
    char text[1200];

    snprintf(text, sizeof text, "%s %s", what, to);
    must(text, result);
}

/* --- What there is to show --- */

/* The exit status that is recorded in a .out file. */
static int read_status(const char *out)
{
    char path[1200], line[512];
    int status = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, out);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "exit %d", &status) != 1)
            status = 0;
    fclose(file);
    return status;
}

static bool has_valgrind(void)
{
    return system("command -v valgrind >/dev/null 2>&1") == 0;
}

/* Once the program has its place, since argv and the trace point into it. A program whose
 * mistake only valgrind can see runs under it, if it is there. */
static void program_prepare(struct program *program, const struct entry *entry)
{
    const char *build = getenv("BUILD");
    bool needs_tool = entry->rank == WRONG && lesson_needs(directory, "valgrind");
    size_t count = 0;

    program->entry = entry;
    program->recorded_status = entry->is_recorded ? read_status(entry->file) : 0;
    if (*wrapper)
        program->argv[count++] = wrapper;
    program->lacks_tool = needs_tool && !has_valgrind();
    if (needs_tool && !program->lacks_tool)
        program->argv[count++] = under_valgrind;
    program->own = program->argv + count;
    snprintf(program->command, sizeof program->command, "%s/%s/%s",
             build ? build : "build", directory, entry->file);
    recording_split(program->command, program->own, 9);
    for (char **argument = arguments, **own = program->own; argument; argument++)
        if ((*++own = *argument) == NULL)
            break;
    program->is_missing = access(program->own[0], X_OK) != 0;
    program->trace.program = entry->name;
}

static bool exists(const char *name)
{
    char path[1200];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

/* Its program is none of those that are there, with other arguments. */
static bool is_new(const struct entry *entry)
{
    size_t size = strcspn(entry->name, " ");

    for (int i = 0; i < program_count; i++)
        if (strcspn(programs[i].entry->name, " ") == size &&
            strncmp(programs[i].entry->name, entry->name, size) == 0)
            return false;
    return true;
}

/* Whether $LEFT_OUT says "lessons/24-cores/cores_async_openmp is left out: ..." */
static bool is_left_out(const struct entry *entry)
{
    char words[600];

    snprintf(words, sizeof words, "%s/%.*s is left out: ", directory,
             (int)strcspn(entry->name, " "), entry->name);
    return strstr(left_out, words) != NULL;
}

static void find_programs(void)
{
    int error = catalog_read(&catalog, directory);

    must_do("read", directory, error ? uv_translate_sys_error(error) : 0);
    for (size_t n = 0; n < catalog.count && program_count < MOST_PROGRAMS; n++)
        if ((!arguments || is_new(&catalog.entries[n])) &&
            !is_left_out(&catalog.entries[n]))
            program_prepare(&programs[program_count++], &catalog.entries[n]);
}

/* The title, and what to guess first. */
static void print_title(void)
{
    readme_read(&readme, directory);
    printf("%s%s%s\n\n", bold(), *readme.title ? readme.title : directory, plain());
    if (*readme.questions)
        printf("%sGuess first%s\n\n", bold(), plain());
    for (char *next = strtok(readme.questions, "\n"); next; next = strtok(NULL, "\n"))
        text_print_wrapped(next, 3, width());
    if (*readme.questions)
        putchar('\n');
}

static void print_idea(void)
{
    if (*readme.idea) {
        printf("%sThe idea%s\n\n", bold(), plain());
        text_print_wrapped(readme.idea, 0, width());
        putchar('\n');
    }
}

/* --- One group of programs, run at the same time, a column for each --- */

static struct group group; /* the one that is running */

static void program_start(struct program *program);
static void program_end(struct program *program);
static void make_barrier(void);
static int close_file(uv_file file);
static void on_room(uv_handle_t *pipe, size_t suggested, uv_buf_t *room);
static void on_output(uv_stream_t *pipe, ssize_t got, const uv_buf_t *text);
static void on_exit_of(uv_process_t *process, int64_t status, int signal);
static void on_flush(uv_timer_t *timer);
static void print_rows(void);

static void end_programs(void)
{
    for (int i = 0; i < program_count; i++)
        if (programs[i].is_running)
            program_end(&programs[i]);
}

/* Somebody pressed Ctrl-C. Our lines are whole, and no mode of the terminal
 * was changed, so there is nothing to put back. We end by the same signal, so
 * that a shell script or make that started us knows, and ends as well. */
static void on_interrupt(uv_signal_t *handle, int number)
{
    (void)handle;
    end_programs();
    printf("%s\n", plain());
    fflush(stdout);
    signal(number, SIG_DFL);
    raise(number);
}

/* After Ctrl-Z and fg. The programs went on: they don't belong to our terminal. */
static void on_resumption(uv_signal_t *handle, int number)
{
    (void)handle;
    (void)number;
    was_stopped = true;
}

/* What is to be seen together ends here: the next part begins when stdin has a byte, or
 * never, if it ends. */
static void end_part(void)
{
    char byte;

    if (is_demo)
        printf("\f\n");
    flush_screen();
    if (is_demo && read(STDIN_FILENO, &byte, 1) <= 0)
        exit(0);
}

static void group_show(struct program **members, int count)
{
    group = (struct group){.programs = members, .count = count};
    group.columns = (struct columns){
        .count = count, .is_wrapped = on_terminal, .in_colour = in_colour};
    for (int i = 0; i < count; i++)
        group.columns.traces[i] = &members[i]->trace;
    columns_print_headers(&group.columns, width());
    flush_screen();
    must("start a timer", uv_timer_init(uv_default_loop(), &group.flush));
    if (*wrapper)
        make_barrier();
    for (int i = 0; i < count; i++)
        program_start(members[i]);
    if (*wrapper)
        must("close our end of a pipe", close_file(group.barrier[0]));
    must("run the programs", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    putchar('\n');
    end_part();
}

static int close_file(uv_file file)
{
    return close(file) == 0 ? 0 : uv_translate_sys_error(errno);
}

/* What a wrapper starts takes a while to start, a database more than a second, and
 * not always as long. So that they begin together, all wait until the last is ready. */
static void make_barrier(void)
{
    char number[16];

    must("open a pipe", uv_pipe(group.barrier, 0, 0));
    snprintf(number, sizeof number, "%d", BARRIER);
    must("tell of the barrier", uv_os_setenv("START_BARRIER_FD", number));
    snprintf(number, sizeof number, "%d", READY);
    must("tell of readiness", uv_os_setenv("READY_FD", number));
}

/* It is ready, or will never be. */
static void mark_ready(struct program *program)
{
    if (!*wrapper || program->is_ready)
        return;
    program->is_ready = true;
    uv_close((uv_handle_t *)&program->ready, NULL);
    if (--group.not_ready > 0)
        return;
    for (int i = 0; i < group.count; i++)
        group.programs[i]->started = uv_hrtime();
    must("open the barrier", close_file(group.barrier[1]));
}

static void on_ready(uv_stream_t *pipe, ssize_t got, const uv_buf_t *told)
{
    (void)told; /* when that was; but it waits for the others now */
    if (got != 0)
        mark_ready(pipe->data);
}

static void output_open(struct output *output, struct program *program,
                        const char *prefix)
{
    *output = (struct output){.program = program, .prefix = prefix};
    must("open a pipe", uv_pipe_init(uv_default_loop(), &output->pipe, 0));
    output->pipe.data = output;
}

/* Something has happened: it is shown in 15 ms, with all that comes until then,
 * so that lines of several programs that come together stand side by side. */
static void flush_soon(void)
{
    if (!uv_is_active((uv_handle_t *)&group.flush))
        must("start a timer", uv_timer_start(&group.flush, on_flush, FLUSH, 0));
}

/* In a process group of its own, so that it ends with all that it started. */
static void program_start(struct program *program)
{
    uv_stdio_container_t files[READY + 1] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&program->out.pipe},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&program->err.pipe},
        [BARRIER] = {.flags = UV_INHERIT_FD, .data.fd = group.barrier[0]},
        [READY] = {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
                   .data.stream = (uv_stream_t *)&program->ready},
    };
    uv_process_options_t options = {.file = program->argv[0],
                                    .args = program->argv,
                                    .stdio = files,
                                    .stdio_count = *wrapper ? READY + 1 : 3,
                                    .exit_cb = on_exit_of,
                                    .flags = UV_PROCESS_DETACHED};

    output_open(&program->out, program, "");
    output_open(&program->err, program, "! ");
    if (*wrapper)
        must("open a pipe", uv_pipe_init(uv_default_loop(), &program->ready, 0));
    program->started = uv_hrtime();
    must_do("start", program->argv[0],
            uv_spawn(uv_default_loop(), &program->process, &options));
    program->process.data = program;
    program->is_running = true;
    must("read a program's output",
         uv_read_start((uv_stream_t *)&program->out.pipe, on_room, on_output));
    must("read a program's output",
         uv_read_start((uv_stream_t *)&program->err.pipe, on_room, on_output));
    group.open += 3;
    if (*wrapper) {
        program->ready.data = program;
        group.not_ready++;
        must("see it ready",
             uv_read_start((uv_stream_t *)&program->ready, on_room, on_ready));
    }
}

static void on_room(uv_handle_t *pipe, size_t suggested, uv_buf_t *room)
{
    static char bytes[65536];

    (void)pipe;
    (void)suggested;
    *room = uv_buf_init(bytes, sizeof bytes);
}

/* With all that it started; they may be gone already. */
static void program_end(struct program *program)
{
    (void)kill(-program->process.pid, SIGKILL);
}

static double seconds(uint64_t from, uint64_t to)
{
    return to > from ? (double)(to - from) / 1e9 : 0;
}

/* A line, or, when it is very long, its start. */
static void output_add_line(struct output *output)
{
    struct program *program = output->program;
    char text[MOST_OF_A_LINE + 64];
    uint64_t now = uv_hrtime();
    bool is_long = output->size > sizeof output->part;
    int size = snprintf(text, sizeof text, "%s", output->prefix);

    memcpy(text + size, output->part, is_long ? sizeof output->part : output->size);
    size += is_long ? (int)sizeof output->part : (int)output->size;
    if (is_long)
        size += snprintf(text + size, sizeof text - (size_t)size, "... (%zu bytes)",
                         output->size);
    if (program->first_line == 0 && *output->prefix == '\0')
        program->first_line = now;
    trace_add(&program->trace, text, (size_t)size,
              seconds(program->first_line ? program->first_line : program->started, now),
              *output->prefix != '\0');
    output->size = 0;
}

static void output_add_part(struct output *output, const char *text, size_t size)
{
    if (output->size < sizeof output->part) {
        size_t room = sizeof output->part - output->size;

        memcpy(output->part + output->size, text, size < room ? size : room);
    }
    output->size += size;
}

static void output_close(struct output *output)
{
    if (uv_is_closing((uv_handle_t *)&output->pipe))
        return;
    if (output->size > 0)
        output_add_line(output);
    uv_close((uv_handle_t *)&output->pipe, NULL);
    group.open--;
}

/* The loop calls this when a program has printed something, or will no more. */
static void on_output(uv_stream_t *pipe, ssize_t got, const uv_buf_t *text)
{
    struct output *output = pipe->data;
    struct program *program = output->program;
    const char *next = text->base, *end = text->base + (got > 0 ? got : 0);

    while (next < end && !program->prints_without_end) {
        const char *newline = memchr(next, '\n', (size_t)(end - next));

        output_add_part(output, next, (size_t)((newline ? newline : end) - next));
        if (newline)
            output_add_line(output);
        next = newline ? newline + 1 : end;
        program->prints_without_end = program->trace.count >= MOST_LINES;
    }
    if (program->prints_without_end && program->is_running)
        program_end(program);
    if (got < 0)
        output_close(output);
    flush_soon();
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct program *program = process->data;

    program_end(program); /* what it left running ends with it */
    program->is_running = false;
    program->status = status;
    program->signal = signal;
    program->ended = uv_hrtime();
    mark_ready(program); /* if it never has */
    uv_close((uv_handle_t *)process, NULL);
    group.open--;
    flush_soon();
}

static bool ended_badly(const struct program *program)
{
    int64_t status = program->signal ? 128 + program->signal : program->status;

    return program->is_missing || program->prints_without_end ||
           (status != program->recorded_status && !program->lacks_tool && !arguments);
}

/* The trace's end is its last line, except when the program went on for more
 * than closing takes. (While we were stopped, we did not see when it ended.) */
static void program_find_end(struct program *program)
{
    uint64_t from = program->first_line ? program->first_line : program->started;
    double end = seconds(from, program->ended);

    if (!was_stopped && end > trace_length(&program->trace) + 0.3)
        program->trace.end = end;
}

static void program_add_end(struct program *program)
{
    char text[128];
    int size;

    program_find_end(program);
    if (program->prints_without_end)
        size = snprintf(text, sizeof text, "-- stopped here: it prints without end");
    else if (program->signal != 0)
        size = snprintf(text, sizeof text, "-- crashed: signal %d, %s", program->signal,
                        strsignal(program->signal));
    else if (program->status != 0)
        size = snprintf(text, sizeof text, "-- ended with exit status %d",
                        (int)program->status);
    else
        size = snprintf(text, sizeof text, "-- ended after %.2f s",
                        trace_length(&program->trace));
    trace_add(&program->trace, text, (size_t)size, 0, true);
    program->end_is_shown = true;
}

static bool has_ended(const struct program *program)
{
    return !program->is_running && uv_is_closing((uv_handle_t *)&program->out.pipe) &&
           uv_is_closing((uv_handle_t *)&program->err.pipe);
}

/* Somebody whom the program left behind, out of our reach, has its output open
 * and may never close it: we don't wait for him. Returns whether there is one. */
static bool program_stop_reading(struct program *program)
{
    if (program->is_running || has_ended(program))
        return false;
    if (seconds(program->ended, uv_hrtime()) * 1000 > PATIENCE) {
        output_close(&program->out);
        output_close(&program->err);
    }
    return true;
}

static void on_flush(uv_timer_t *timer)
{
    bool some = false;

    for (int i = 0; i < group.count; i++)
        some = program_stop_reading(group.programs[i]) || some;
    print_rows();
    if (group.open == 0)
        uv_close((uv_handle_t *)timer, NULL);
    else if (some)
        flush_soon();
}

static void print_rows(void)
{
    for (int i = 0; i < group.count; i++)
        if (!group.programs[i]->end_is_shown && has_ended(group.programs[i]))
            program_add_end(group.programs[i]);
    columns_print_rows(&group.columns, width());
    flush_screen();
}

/* --- The whole --- */

static void explain_missing(const struct program *program)
{
    char source[300];

    snprintf(source, sizeof source, "%.*s.c", (int)strcspn(program->entry->name, " "),
             program->entry->name);
    if (exists(source))
        printf("%s could not be built; the compiler's words are above.\n\n",
               program->entry->name);
    else
        printf("%s cannot be run: there is no %s/%s.\n\n", program->entry->name,
               directory, source);
}

/* How it ended proves nothing: what is wrong may show here, or elsewhere. */
static void explain_tool(const struct program *program)
{
    text_print_wrapped(
        "This program is wrong, whatever it printed. valgrind shows where, and "
        "is not installed; make setup-checks installs it. Then:",
        0, width());
    printf("\n    %s%s%s", wrapper, *wrapper ? " " : "", under_valgrind);
    for (char *const *word = program->own; *word; word++)
        printf(" %s", *word);
    printf("\n\n");
}

/* As many side by side as fit; those that compute would be in each other's
 * way, and those that are wrong on purpose are looked at by themselves. */
static void show_programs(void)
{
    struct program *next[MOST_PROGRAMS];
    int fit = lesson_needs(directory, "alone") ? 1 : width() / COLUMN, count = 0;

    for (int i = 0; i < program_count; i++) {
        struct program *program = &programs[i];

        if (program->is_missing) {
            explain_missing(program);
            continue;
        }
        if (count > 0 && (count >= fit || program->entry->rank == WRONG)) {
            group_show(next, count);
            count = 0;
        }
        next[count++] = program;
    }
    if (count > 0)
        group_show(next, count);
    for (int i = 0; i < program_count; i++)
        if (programs[i].lacks_tool && !programs[i].is_missing)
            explain_tool(&programs[i]);
    if (*left_out) {
        text_print_wrapped(left_out, 0, width());
        putchar('\n');
    }
}

/* Why it can't be compared with others, or "". */
static const char *note_of(const struct program *program)
{
    return program->is_missing             ? "not built"
           : ended_badly(program)          ? "did not end well"
           : program->entry->rank == WRONG ? "wrong on purpose"
                                           : "";
}

static void write_trace(FILE *to, const struct program *program)
{
    const struct trace *trace = &program->trace;

    fprintf(to, "program %d %.17g [%s] %s\n", program->entry->is_sync, trace->end,
            note_of(program), trace->program);
    for (size_t i = 0; i < trace->count; i++) {
        fprintf(to, "line %.17g %d ", trace->events[i].at, trace->events[i].is_comment);
        fwrite(trace->events[i].text, 1, trace->events[i].size, to);
        fputc('\n', to);
    }
}

/* common/timeline/draw says what of all that, with `--text` or `--totals`. */
static void draw(const char *title, const char *what)
{
    char command[100];
    FILE *to;

    printf("%s%s%s\n\n", bold(), title, plain());
    flush_screen();
    snprintf(command, sizeof command, "exec common/timeline/draw %s %d %d \"$lesson\"",
             what, width(), in_colour);
    must("tell of the lesson", uv_os_setenv("lesson", directory));
    to = popen(command, "w");
    must("draw who did what", to ? 0 : uv_translate_sys_error(errno));
    for (int i = 0; i < program_count; i++)
        write_trace(to, &programs[i]);
    must("draw who did what", pclose(to) == 0 ? 0 : UV_EPIPE);
}

static void print_timelines(void)
{
    bool some = false;

    for (int i = 0; i < program_count; i++)
        some = some || !programs[i].is_missing;
    if (some)
        draw("Who did what when", "--text");
}

static void print_next_steps(void)
{
    int example = 0; /* the first that isn't the sync program, if there is one */

    for (int i = program_count - 1; i > 0; i--)
        if (!programs[i].is_missing)
            example = i;
    print_idea();
    printf("%sAnd now%s\n\n", bold(), plain());
    if (exists("README.md"))
        printf("  read on             %s/README.md\n", directory);
    printf("  start one yourself %s%s", *wrapper ? " " : "", wrapper);
    for (char **word = programs[example].own; *word; word++)
        printf(" %s", *word);
    if (exists("exercise.c"))
        printf("\n  the exercise        %s/exercise.c, then make exercise-%.2s\n",
               directory, strrchr(directory, '/') + 1);
    else if (exists("README.md"))
        printf("\n  the exercise        at the end of the README\n");
    else
        putchar('\n');
}

/* What was ignored when we were started (SIGHUP by nohup) stays ignored. */
static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Ctrl-C, the terminal is closed, ... */
static void handle_signals(void)
{
    for (int i = 0; i < SIGNALS; i++) {
        must("handle Ctrl-C", uv_signal_init(uv_default_loop(), &interrupts[i]));
        if (!is_ignored(signals[i]))
            must("handle Ctrl-C",
                 uv_signal_start(&interrupts[i], on_interrupt, signals[i]));
        uv_unref((uv_handle_t *)&interrupts[i]);
    }
    must("handle fg", uv_signal_init(uv_default_loop(), &resumption));
    must("handle fg", uv_signal_start(&resumption, on_resumption, SIGCONT));
    uv_unref((uv_handle_t *)&resumption);
}

/* Returns the exit status: 0 when every program ended as it should. */
static int close_all(void)
{
    bool all_well = program_count > 0;

    for (int i = 0; i < program_count; i++) {
        all_well = all_well && !ended_badly(&programs[i]);
        trace_free(&programs[i].trace);
    }
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&interrupts[i], NULL);
    uv_close((uv_handle_t *)&resumption, NULL);
    catalog_free(&catalog);
    run_and_close();
    return all_well ? 0 : 1;
}

static void show_lesson(void)
{
    if (!is_demo)
        print_title();
    show_programs();
    print_timelines();
    end_part();
    draw("How long it took", "--totals");
    if (!is_demo)
        print_next_steps();
}

int main(int argc, char *argv[])
{
    const char *term = getenv("TERM");

    is_demo = argc > 2 && strcmp(argv[1], "--demo") == 0;
    argv += is_demo;
    argc -= is_demo;
    if ((is_demo ? argc > 2 + MOST_ARGUMENTS : argc != 2) ||
        lesson_slug(argv[1]) == NULL) {
        fprintf(stderr, is_demo ? "usage: show --demo lessons/NN-NAME [ARGUMENT]...\n"
                                : "usage: show lessons/NN-NAME\n");
        return 2;
    }
    directory = argv[1];
    arguments = argc > 2 ? argv + 2 : NULL;
    wrapper = getenv("WITH");
    if (wrapper == NULL)
        wrapper = "";
    left_out = getenv("LEFT_OUT");
    if (left_out == NULL)
        left_out = "";
    on_terminal = isatty(STDOUT_FILENO);
    in_colour = (on_terminal || is_demo) && term && strcmp(term, "dumb") != 0 &&
                !getenv("NO_COLOR");
    setenv("UV_USE_IO_URING", "0", 1); /* as the checks do */
    atexit(end_programs);
    handle_signals();
    find_programs();
    if (program_count > 0)
        show_lesson();
    else
        printf("There is no program in %s yet.\n", directory);
    flush_screen();
    return close_all();
}
