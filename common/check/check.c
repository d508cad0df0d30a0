/* check.c - run one program and compare it with its recording, line by line:
 * text, order, time, exit status.
 *
 *     check lessons/05-chores/chores_async.out
 *     check some.out PROGRAM [ARGUMENT...]
 *     check --student lessons/05-chores/exercise.out
 *     check --record lessons/05-chores/chores_async.out
 *     check --save FILE lessons/05-chores/chores_async.out
 *     check --replay FILE lessons/05-chores/chores_async.out
 *
 * Prints TAP, for prove; for a student, who doesn't want to wait, a verdict in
 * words, after fewer tries. When no program is named, it was built into $BUILD (`build`);
 * when no argument is, what follows an @ in the recording's name is one.
 *
 * The rule is in judge.h. What may be noise is run again, and a run in which the machine
 * stood still, or was throttled, is told and repeated, within reason; nothing of it is
 * kept. --save writes all runs into a file (saved.c tells its form), which --replay
 * judges in place of runs: when it needs more than there are, the last one counts again.
 *
 * Environment: TIMING=off judges no times; SLOW=3 lets everything be late three times as
 * much; UNDER="valgrind -q" runs the program under a tool, WITH=build/common/with-site in
 * a wrapper. */

#include "advice.h"
#include "catalog.h"
#include "die.h"
#include "explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE = 10000,    /* ms; the limit is this and three times the recording */
    IMPATIENCE = 3000,   /* ms; a student's limit is this and the recording */
    TOOL_TAKES = 5,      /* times as long: a program under valgrind may */
    RECORDINGS = 5,      /* of which the smallest stamps are kept */
    MOST_KEPT = 4 << 20, /* bytes of a run that nobody has asked to save */
};

static const struct patience usual = {.runs = 7, .stalls = 14, .hangs = 1};
static const struct patience for_student = {.runs = 3, .stalls = 3, .hangs = 0};

/* What is judged, and how. */
struct task {
    const char *path; /* of the recording */
    char *name;       /* of the program, with its arguments, as TAP can hold it */
    char **command;
    bool wrapped;   /* by $WITH */
    bool is_lesson; /* the program was found by the recording's name */
    bool student;
    FILE *replayed;   /* where runs are loaded from; NULL: they are made */
    const char *save; /* where they are saved; or NULL */
    struct rule rule;
};

/* --- Runs: made, or loaded --- */

struct runs {
    const struct task *task;
    int64_t limit; /* ms */
    char *text;    /* all of them, saved */
    size_t size;
    FILE *saved;
    char *last; /* the last that was loaded, saved */
};

static void load_last_again(struct runs *runs, struct run *run)
{
    const char *why;
    FILE *from;

    if (runs->last == NULL)
        die("there is no run in what should be replayed");
    from = fmemopen(runs->last, strlen(runs->last), "r");
    if (from == NULL || !run_load(from, run, &why))
        die("cannot load a run again: %s", strerror(errno));
    fclose(from);
}

static struct run replay(struct runs *runs)
{
    struct run run;
    const char *why;
    size_t size;
    FILE *last;

    if (!run_load(runs->task->replayed, &run, &why)) {
        run_free(&run);
        if (why)
            die("cannot replay: %s", why);
        load_last_again(runs, &run);
        return run;
    }
    free(runs->last);
    last = open_text(&runs->last, &size);
    run_save(last, &run);
    close_text(last, &runs->last);
    return run;
}

static struct run next_run(void *context)
{
    struct runs *runs = context;
    const struct task *task = runs->task;
    struct run run = task->replayed
                         ? replay(runs)
                         : run_program(task->command, task->wrapped, runs->limit);

    if (runs->saved && (task->save || run.out_size + run.err_size < MOST_KEPT))
        run_save(runs->saved, &run);
    return run;
}

static void save_runs(const struct runs *runs, const char *path)
{
    FILE *to = fopen(path, "w");

    if (to == NULL || fwrite(runs->text, 1, runs->size, to) != runs->size ||
        fclose(to) != 0)
        die("cannot write %s: %s", path, strerror(errno));
}

/* --- Telling it as TAP, with a diagnosis on stderr --- */

static const struct style style = {"- recorded, + this run", 30, 30, 10, 10, true};

static void explain(FILE *to, const struct judgement *judgement)
{
    const struct verdict *verdict = &judgement->verdict;
    bool text = verdict->text_is_right && verdict->in_order;

    if (!text)
        explain_text(to, verdict, &style);
    if (verdict->early > 0 || anything_late(verdict))
        explain_times(to, verdict, &style);
    if (anything_late(verdict))
        fprintf(to, "this is the best of %d runs%s\n", judgement->runs,
                verdict->run->delays_known
                    ? ""
                    : "; this system does not tell how long a program waits"
                      " for a processor, so the most is allowed");
    if (!verdict->end_is_right)
        explain_end(to, verdict);
}

/* Print a diagnosis to stderr, which prove shows; in one piece, since others write there
 * too. */
static void publish(const char *title, const char *why, size_t size)
{
    char *text;
    size_t text_size;
    FILE *piece = open_text(&text, &text_size);

    fprintf(piece, "# %s:\n", title);
    for (const char *end = why + size, *next; why < end; why = next + 1) {
        next = memchr(why, '\n', (size_t)(end - why));
        fprintf(piece, "#   %.*s\n", (int)(next - why), why);
    }
    close_text(piece, &text);
    if (write(STDERR_FILENO, text, text_size) < 0) {
        /* nobody listens; the verdict is on stdout */
    }
    free(text);
}

static void print_point(int number, bool ok, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void print_point(int number, bool ok, const char *format, ...)
{
    va_list args;

    printf("%sok %d - ", ok ? "" : "not ", number);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void print_tap(const struct judgement *judgement, const struct task *task)
{
    const struct verdict *verdict = &judgement->verdict;
    bool text = verdict->text_is_right && verdict->in_order;
    bool times =
        text && !verdict->early && !verdict->run->ended_by_us && !anything_late(verdict);

    puts("1..3");
    print_point(1, text, "%s prints the recorded lines", task->name);
    if (!task->rule.timing)
        print_point(2, true, "%s # SKIP TIMING=off: no times are judged", task->name);
    else if (text && times && !verdict->end_is_right)
        print_point(2, true, "%s # SKIP it ended wrong: no times are judged", task->name);
    else
        print_point(2, times, "%s takes the recorded time%s%s", task->name,
                    judgement->runs > 1 ? ", looked at more than once" : "",
                    verdict->text_is_right ? "" : " (can't be told: the lines differ)");
    print_point(3, verdict->end_is_right, "%s ends as recorded and leaves nothing behind",
                task->name);
}

/* It can't be judged at all. */
static bool print_failure(const struct task *task, const char *what, const char *why)
{
    if (task->student) {
        printf("  %s\n", why);
        return false;
    }
    puts("1..1");
    print_point(1, false, "%s", what);
    fprintf(stderr, "# %s:\n#   %s\n", task->name, why);
    return false;
}

/* --- Keeping what a wrong program printed --- */

static void write_run(FILE *to, const struct verdict *verdict)
{
    const struct run *run = verdict->run;

    recording_write(to, verdict->lines, run->count, run->err, run->err_size,
                    run->signal        ? 128 + run->signal
                    : run->start_error ? 0
                                       : run->exit_status);
}

static const char *build_directory(void)
{
    const char *build = getenv("BUILD");

    return build ? build : "build";
}

/* build/failed/05-chores/chores_async.out is what it printed, for a look at leisure and
 * for CI to keep; .runs beside it are all its runs, for --replay. What stood there from
 * an earlier check is gone either way. */
static void keep_failed(FILE *why, const struct judgement *judgement,
                        const struct runs *runs, const char *path, bool failed)
{
    char *top = format("%s/failed", build_directory());
    char *lesson = format("%s", path), *file = strrchr(lesson, '/');
    char *directory, *kept, *kept_runs;
    FILE *to;

    *file++ = '\0';
    file[strlen(file) - strlen(".out")] = '\0';
    directory = format("%s/%s", top, strrchr(lesson, '/') + 1);
    kept = format("%s/%s.out", directory, file);
    kept_runs = format("%s/%s.runs", directory, file);
    if (failed) {
        mkdir(top, 0777);
        mkdir(directory, 0777);
    }
    unlink(kept);
    unlink(kept_runs);
    if (failed && (to = fopen(kept, "w")) != NULL) {
        write_run(to, &judgement->verdict);
        if (fclose(to) == 0)
            fprintf(why, "all that it printed is in %s\n", kept);
    }
    if (failed && (to = fopen(kept_runs, "w")) != NULL) {
        fwrite(runs->text, 1, runs->size, to);
        if (fclose(to) == 0)
            fprintf(why, "its runs are in %s: `check --replay` judges them again\n",
                    kept_runs);
    }
    free(kept_runs);
    free(kept);
    free(directory);
    free(lesson);
    free(top);
}

static void report(const struct judgement *judgement, const struct runs *runs,
                   const struct task *task)
{
    bool passes = verdict_passes(&judgement->verdict);
    size_t size;
    char *why;
    FILE *to;

    if (task->student) {
        advise(stdout, &judgement->verdict, task->command[task->wrapped]);
        return;
    }
    if (judgement->stalls > 0)
        fprintf(stderr, "# %s: the machine stood still in %d of %d runs\n", task->name,
                judgement->stalls, judgement->runs);
    print_tap(judgement, task);
    to = open_text(&why, &size);
    explain(to, judgement);
    if (task->is_lesson && !task->replayed)
        keep_failed(to, judgement, runs, task->path, !passes);
    close_text(to, &why);
    if (!passes)
        publish(task->name, why, size);
    free(why);
}

/* How long a run may take, in ms, before it is believed to hang. */
static int64_t find_limit(const struct recording *recording, const struct task *task)
{
    long duration = recording_duration(recording);
    long limit = task->student ? duration + IMPATIENCE : 3 * duration + PATIENCE;
    const char *tool = getenv("UNDER");

    if (tool && *tool)
        limit *= TOOL_TAKES;
    return (int64_t)((double)limit * task->rule.slow);
}

/* Returns whether it passes. */
static bool check(const struct task *task)
{
    const char *program = task->command[0];
    struct recording recording;
    struct runs runs = {.task = task};
    struct judgement judgement;
    bool passes;
    size_t size;
    char *why;
    FILE *to = open_text(&why, &size);
    bool is_read = recording_read(&recording, task->path, to);

    close_text(to, &why);
    if (!is_read) {
        char *what = format("%s can be read", task->path);

        why[size - 1] = '\0';
        passes = print_failure(task, what, why);
        free(what);
    } else if (!task->replayed && strchr(program, '/') && access(program, X_OK) != 0) {
        char *what = format("%s can be run", task->name);
        char *cause = format("%s cannot be run: %s%s", program, strerror(errno),
                             errno == ENOENT ? " (`make` builds it)" : "");

        passes = print_failure(task, what, cause);
        free(what);
        free(cause);
    } else {
        runs.limit = find_limit(&recording, task);
        runs.saved = open_text(&runs.text, &runs.size);
        judge_runs(&judgement, &recording, &task->rule,
                   task->student ? &for_student : &usual, next_run, &runs);
        close_text(runs.saved, &runs.text);
        if (task->save)
            save_runs(&runs, task->save);
        report(&judgement, &runs, task);
        passes = verdict_passes(&judgement.verdict);
        judgement_free(&judgement);
        free(runs.text);
        free(runs.last);
    }
    free(why);
    recording_free(&recording);
    return passes;
}

/* --- Recording --- */

/* Of a program that does the same in every run. Returns what doesn't fit. */
static const char *take_smallest(struct verdict *first, const struct run *run,
                                 const struct line *lines)
{
    const struct run *before = first->run;

    if (run->start_error != 0)
        return strerror(run->start_error);
    if (run->ended_by_us)
        return "it does not end";
    if (run->signal != 0)
        return strsignal(run->signal);
    if (run->left_children)
        return "it leaves a process running";
    if (run->cut_short)
        return "its last line has no newline";
    if (run->err_size > 0 && run->err[run->err_size - 1] != '\n')
        return "its last line on stderr has no newline";
    if (run->count == 0 && run->err_size == 0 && run->exit_status == 0)
        return "it prints nothing";
    if (run->count != before->count || run->exit_status != before->exit_status ||
        run->err_size != before->err_size ||
        memcmp(before->err, run->err, before->err_size) != 0)
        return "two runs differ";
    for (size_t i = 0; i < run->count; i++) {
        if (lines[i].kind == OTHER)
            return "it prints a line that say(), say_untimed() or measure() did not";
        if (!line_equals(&first->lines[i], &lines[i]))
            return "two runs differ";
        if (lines[i].stamp < first->lines[i].stamp)
            first->lines[i].stamp = lines[i].stamp;
    }
    return NULL;
}

/* Write beside the file, then put it in its place: it is never half there. */
static void replace_file(const struct verdict *verdict, const char *path)
{
    char *beside = format("%s.XXXXXX", path);
    char *diff[] = {"diff", "-u", (char *)(uintptr_t)path, beside, NULL};
    int fd = mkstemp(beside);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    struct run run;

    if (to == NULL)
        die("cannot write %s: %s", beside, strerror(errno));
    write_run(to, verdict);
    if ((ferror(to) | fclose(to)) != 0 || chmod(beside, 0644) != 0) {
        int error = errno;

        unlink(beside);
        die("cannot write %s: %s", path, strerror(error));
    }
    run = run_program(diff, false, 60000);
    if (access(path, F_OK) != 0)
        printf("%s: new, %zu lines\n", path, verdict->run->count);
    else if (run.exit_status == 0)
        printf("%s: unchanged\n", path);
    else
        fwrite(run.out, 1, run.out_size, stdout);
    run_free(&run);
    if (rename(beside, path) != 0) {
        int error = errno;

        unlink(beside);
        die("cannot replace %s: %s", path, strerror(error));
    }
    free(beside);
}

/* One in which the machine did not stand still, if there is any. */
static struct run run_for_record(struct runs *runs)
{
    for (int stalls = 0;; stalls++) {
        struct run run = next_run(runs);

        if (stalls == usual.stalls || !was_stalled(&run))
            return run;
        run_free(&run);
    }
}

static void record(const struct task *task)
{
    struct runs runs = {.task = task, .limit = (int64_t)(60000 * task->rule.slow)};
    struct run first_run = {0};
    struct verdict first = {.run = &first_run};

    for (int i = 0; i < RECORDINGS; i++) {
        struct run run = run_for_record(&runs);
        struct line *lines = lines_of(&run);
        const char *fault;

        if (i == 0) {
            first_run = run;
            first.lines = lines;
        }
        fault = take_smallest(&first, &run, lines);
        if (fault) {
            show_lines(stderr, "  ", run.err, run.err_size, 30);
            die("cannot record %s: %s", task->name, fault);
        }
        if (i > 0) {
            free(lines);
            run_free(&run);
        }
    }
    replace_file(&first, task->path);
    free(first.lines);
    run_free(&first_run);
    free(runs.last);
}

/* --- What is asked for --- */

/* lessons/12-queue/queue_async@5.out -> {build/lessons/12-queue/queue_async, 5}, with
 * `program` in its place if one is named */
static char **find_command(const char *path, char *program)
{
    size_t length = strlen(path);
    char **argv = room_for(length + 1, sizeof *argv);

    if (!program &&
        (length < 5 || strcmp(path + length - 4, ".out") != 0 || !strchr(path, '/')))
        die("%s is no .out file in a lesson's directory", path);
    recording_split(format("%s/%s", build_directory(), path), argv, length + 1);
    if (program)
        argv[0] = program;
    return argv;
}

/* Put before the command its wrapper, if there is one, and the words of $UNDER. */
static char **start_with(const char *wrapper, char **argv)
{
    const char *under = getenv("UNDER");
    char *words = format("%s", under ? under : ""); /* until the end */
    size_t count = 0, room = 2;
    char **all;

    for (char **arg = argv; *arg; arg++)
        room++;
    all = room_for(room + strlen(words), sizeof *all);
    if (wrapper)
        all[count++] = format("%s", wrapper);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        all[count++] = word;
    while (*argv)
        all[count++] = *argv++;
    return all;
}

/* "queue_async 5", as part of a line of TAP, in which a # would start a directive */
static char *name_of(char *const argv[])
{
    const char *slash = strrchr(argv[0], '/');
    char *name;
    size_t size;
    FILE *to = open_text(&name, &size);

    for (size_t i = 0; argv[i]; i++) {
        const char *word = i == 0 && slash ? slash + 1 : argv[i];

        if (i > 0)
            fputc(' ', to);
        show_text(to, word, strlen(word));
    }
    close_text(to, &name);
    for (char *hash = name; (hash = strchr(hash, '#')) != NULL;)
        *hash = '?';
    return name;
}

static struct rule read_rule(void)
{
    const char *factor = getenv("SLOW"), *judged = getenv("TIMING");
    struct rule rule = {.timing = true, .slow = 1};
    char *end = NULL;

    if (factor && *factor) {
        rule.slow = strtod(factor, &end);
        if (*end != '\0' || !(rule.slow >= 1 && rule.slow <= 1000))
            die("SLOW is a factor from 1 to 1000, not \"%s\"", factor);
    }
    if (judged && *judged && strcmp(judged, "on") != 0 && strcmp(judged, "off") != 0)
        die("TIMING is on or off, not \"%s\"", judged);
    if (judged && strcmp(judged, "off") == 0)
        rule.timing = false;
    return rule;
}

/* The same for every program, whoever starts us. */
static void prepare_environment(void)
{
    setenv("UV_USE_IO_URING", "0",
           1); /* libuv 1.45-1.48 would read files without the pool */
    unsetenv("UV_THREADPOOL_SIZE");
    setenv("LC_ALL", "C", 1);
}

static _Noreturn void show_usage(void)
{
    fputs("usage: check [--student | --record] [--replay FILE] [--save FILE] FILE.out"
          " [PROGRAM [ARGUMENT...]]\n",
          stderr);
    exit(2);
}

static FILE *open_replayed(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    static char buffer[65536]; /* as in recording.c, it must not take memory */

    if (file == NULL)
        die("cannot read %s: %s", path, strerror(errno));
    setvbuf(file, buffer, _IOFBF, sizeof buffer);
    return file;
}

int main(int argc, char *argv[])
{
    const char *wrapper = getenv("WITH");
    static struct task task; /* what it points to is kept until the end */
    char **command;
    bool recording = false, passes = true;

    (void)argc;
    for (argv++; *argv && **argv == '-'; argv++) {
        const char *file = argv[1];

        if (strcmp(*argv, "--student") == 0)
            task.student = true;
        else if (strcmp(*argv, "--record") == 0)
            recording = true;
        else if (strcmp(*argv, "--save") == 0 && file)
            task.save = *++argv;
        else if (strcmp(*argv, "--replay") == 0 && file)
            task.replayed = open_replayed(*++argv);
        else
            show_usage();
    }
    if (*argv == NULL || (recording && (task.save || task.student)))
        show_usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    end_with_program();
    task.rule = read_rule();
    prepare_environment();
    task.path = *argv++;
    task.is_lesson = *argv == NULL;
    task.wrapped = wrapper && *wrapper;
    command = argv[0] && argv[1] ? argv : find_command(task.path, argv[0]);
    task.name = name_of(command);
    task.command = start_with(task.wrapped ? wrapper : NULL, command);
    if (command != argv)
        free(command);
    if (recording)
        record(&task);
    else
        passes = check(&task);
    if (fflush(stdout) != 0 || ferror(stdout))
        die("cannot write to stdout: %s", strerror(errno));
    return passes ? 0 : 1;
}
