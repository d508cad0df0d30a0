/* check.c - run one program and compare it with its recording, line by line:
 * text, order, time, exit status.
 *
 *     check lessons/05-chores/chores_async.out
 *     check some.out PROGRAM [ARGUMENT...]
 *     check --student lessons/05-chores/exercise.out
 *     check --student --mistakes FILE lessons/05-chores/exercise.out
 *     check --record lessons/05-chores/chores_async.out
 *     check --save FILE lessons/05-chores/chores_async.out
 *     check --replay FILE lessons/05-chores/chores_async.out
 *
 * Prints TAP, for prove; for a student a verdict in words, after fewer runs, and the
 * mistakes that were made into a file, by which a hint is chosen. When no program is
 * named, it was built into $BUILD (`build`); when no argument is, what follows an @ in
 * the recording's name is one.
 *
 * The rule is in judge.h. What may be noise is run again, and a run that a stall or
 * throttling has spoilt is reported and repeated, within limits. --save writes all runs
 * into a file (saved.c describes its form), which --replay judges in place of runs: when
 * it needs more than there are, the last one counts again.
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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE = 10000,    /* ms; the limit is this and three times the recording */
    IMPATIENCE = 3000,   /* ms; a student's limit is this and the recording */
    TOOL_TAKES = 5,      /* times as long: a program under valgrind may */
    RECORDINGS = 5,      /* of which the smallest stamps are kept */
    MOST_KEPT = 4 << 20, /* bytes of a run, unless --save asks for all */
};

static const struct patience usual = {.runs = 7, .stalls = 14, .hangs = 1};
static const struct patience for_student = {.runs = 3, .stalls = 3, .hangs = 0};

/* What is judged, and how. */
struct task {
    const char *path; /* of the recording */
    char *name;       /* of the program, with its arguments, as TAP can hold it */
    char **command;   /* it, in its wrapper and under its tool */
    char *tool;       /* the words of the tool */
    bool wrapped;     /* by $WITH */
    bool is_lesson;   /* the program was found by the recording's name */
    bool student;
    FILE *replayed;       /* where runs are loaded from; NULL: the program is run */
    const char *save;     /* where they are saved; or NULL */
    const char *mistakes; /* where a student's mistakes are written; or NULL */
    struct rule rule;
};

/* --- Runs: of the program, or loaded --- */

struct runs {
    const struct task *task;
    int64_t limit; /* ms */
    char *text;    /* all of them, saved */
    size_t size;
    FILE *saved;
    long last; /* where the last that was loaded starts; -1: none was */
};

static struct run replay(struct runs *runs)
{
    FILE *from = runs->task->replayed;
    long start = ftell(from);
    struct run run;
    const char *why;

    if (run_load(from, &run, &why)) {
        runs->last = start;
        return run;
    }
    run_free(&run);
    if (why)
        die("cannot replay: %s", why);
    if (runs->last < 0)
        die("there is no run in what should be replayed");
    if (fseek(from, runs->last, SEEK_SET) != 0 || !run_load(from, &run, &why))
        die_errno("cannot load a run again");
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

static bool save_runs(const struct runs *runs, const char *path)
{
    FILE *to = fopen(path, "w");
    bool whole = to && fwrite(runs->text, 1, runs->size, to) == runs->size;

    return to && fclose(to) == 0 && whole;
}

/* --- The report as TAP, with a diagnosis on stderr --- */

static const struct explain_style style = {
    "- recorded, + this run", 30, 30, 10, 10, true};

static void write_diagnosis(FILE *to, const struct judgement *judgement)
{
    const struct verdict *verdict = &judgement->verdict;
    bool text = verdict->text_is_right && verdict->in_order;

    if (!text)
        explain_text(to, verdict, &style);
    if (verdict->early > 0 || verdict_is_late(verdict))
        explain_times(to, verdict, &style);
    if (verdict_is_late(verdict))
        fprintf(to, "this is the best of %d runs%s\n", judgement->runs,
                verdict->run->delays_known
                    ? ""
                    : "; this system does not tell how long a program waits"
                      " for a processor, so the most is allowed");
    if (!verdict->end_is_right)
        explain_end(to, verdict);
}

/* Print a diagnosis to stderr, which prove shows; in one piece, since other programs
 * write there too. */
static void print_diagnosis(const char *title, const char *why, size_t size)
{
    char *text;
    size_t text_size;
    FILE *piece = open_text(&text, &text_size);

    fprintf(piece, "# %s:\n", title);
    recording_write_lines(piece, "#   ", why, size);
    close_text(piece, &text);
    if (write(STDERR_FILENO, text, text_size) < 0) {
        /* the verdict is on stdout */
    }
    free(text);
}

/* How a line of TAP begins. */
static const char *tap_result(bool ok)
{
    return ok ? "ok" : "not ok";
}

static void print_tap(const struct judgement *judgement, const struct task *task)
{
    const struct verdict *verdict = &judgement->verdict;
    bool text = verdict->text_is_right && verdict->in_order;
    bool times = text && !verdict->early && !verdict->run->ended_by_us &&
                 !verdict_is_late(verdict);

    printf("1..3\n%s 1 - %s prints the recorded lines\n", tap_result(text), task->name);
    if (!task->rule.timing)
        printf("ok 2 - %s # SKIP TIMING=off: no times are judged\n", task->name);
    else if (text && times && !verdict->end_is_right)
        printf("ok 2 - %s # SKIP it ended wrong: no times are judged\n", task->name);
    else
        printf("%s 2 - %s takes the recorded time%s%s\n", tap_result(times), task->name,
               judgement->runs > 1 ? ", looked at more than once" : "",
               verdict->text_is_right ? "" : " (can't be told: the lines differ)");
    printf("%s 3 - %s ends as recorded and leaves nothing behind\n",
           tap_result(verdict->end_is_right), task->name);
}

/* `what` can't be, so nothing can be judged; `why` is a line. */
static void print_failure(const struct task *task, const char *what, const char *why)
{
    if (task->student) {
        printf("  %s", why);
        return;
    }
    printf("1..1\nnot ok 1 - %s\n", what);
    print_diagnosis(task->name, why, strlen(why));
}

/* --- Keeping what a wrong program printed --- */

static void write_run(FILE *to, const struct run *run, const struct line *lines)
{
    recording_write(to, lines, run->count, run->err, run->err_size,
                    run->signal        ? 128 + run->signal
                    : run->start_error ? 0
                                       : run->exit_status);
}

static const char *build_directory(void)
{
    const char *build = getenv("BUILD");

    return build ? build : "build";
}

/* Keep what a program that failed has printed, for CI and for --replay: that of
 * lessons/05-chores/chores_async.out in build/failed/05-chores/chores_async.out, and all
 * its runs in chores_async.runs. What an earlier check has kept is removed in any case.
 */
static void keep_failed(FILE *why, const struct judgement *judgement,
                        const struct runs *runs, bool failed)
{
    const char *path = strchr(runs->task->path, '/') + 1;
    char *top = xstrfmt("%s/failed", build_directory());
    char *directory = xstrfmt("%s/%.*s", top, (int)strcspn(path, "/"), path);
    char *out = xstrfmt("%s/%s", top, path);
    char *all_runs = xstrfmt("%.*s.runs", (int)(strlen(out) - strlen(".out")), out);
    FILE *to;

    if (failed) {
        mkdir(top, 0777);
        mkdir(directory, 0777);
    }
    unlink(out);
    unlink(all_runs);
    if (failed && (to = fopen(out, "w")) != NULL) {
        write_run(to, &judgement->run, judgement->verdict.lines);
        if (fclose(to) == 0)
            fprintf(why, "all that it printed is in %s\n", out);
    }
    if (failed && save_runs(runs, all_runs))
        fprintf(why, "its runs are in %s: `check --replay` judges them again\n",
                all_runs);
    free(top);
    free(directory);
    free(out);
    free(all_runs);
}

static void save_mistakes(const struct verdict *verdict, const char *path)
{
    FILE *to = fopen(path, "w");

    if (to == NULL)
        die_errno("cannot write %s", path);
    if (!verdict_passes(verdict))
        advice_write_mistakes(to, verdict);
    if (fclose(to) != 0)
        die_errno("cannot write %s", path);
}

/* Returns whether it passes. */
static bool report_judgement(const struct judgement *judgement, const struct runs *runs)
{
    const struct task *task = runs->task;
    bool passes = verdict_passes(&judgement->verdict);
    size_t size;
    char *why;
    FILE *to;

    if (task->student) {
        advice_write(stdout, &judgement->verdict, task->command[task->wrapped]);
        if (task->mistakes)
            save_mistakes(&judgement->verdict, task->mistakes);
        return passes;
    }
    if (judgement->stalls > 0)
        fprintf(stderr, "# %s: the machine stood still in %d of %d runs\n", task->name,
                judgement->stalls, judgement->runs);
    print_tap(judgement, task);
    to = open_text(&why, &size);
    write_diagnosis(to, judgement);
    if (task->is_lesson && !task->replayed)
        keep_failed(to, judgement, runs, !passes);
    close_text(to, &why);
    if (!passes)
        print_diagnosis(task->name, why, size);
    free(why);
    return passes;
}

/* How long a run may take, in ms, before it counts as hanging. */
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
static bool judge_task(const struct task *task, const struct recording *recording)
{
    struct runs runs = {.task = task, .limit = find_limit(recording, task), .last = -1};
    struct judgement judgement;
    bool passes;

    runs.saved = open_text(&runs.text, &runs.size);
    judge_runs(&judgement, recording, &task->rule, task->student ? &for_student : &usual,
               next_run, &runs);
    close_text(runs.saved, &runs.text);
    if (task->save && !save_runs(&runs, task->save))
        die_errno("cannot write %s", task->save);
    passes = report_judgement(&judgement, &runs);
    judgement_free(&judgement);
    free(runs.text);
    return passes;
}

/* Returns whether it passes. */
static bool check_task(const struct task *task)
{
    const char *program = task->command[0];
    struct recording recording;
    char *why = recording_read(&recording, task->path), *what = NULL;
    bool passes = false;

    if (why) {
        what = xstrfmt("%s can be read", task->path);
    } else if (!task->replayed && strchr(program, '/') && access(program, X_OK) != 0) {
        why = xstrfmt("%s cannot be run: %s%s\n", program, strerror(errno),
                      errno == ENOENT ? " (`make` builds it)" : "");
        what = xstrfmt("%s can be run", task->name);
    }
    if (why)
        print_failure(task, what, why);
    else
        passes = judge_task(task, &recording);
    free(why);
    free(what);
    recording_free(&recording);
    return passes;
}

/* --- Recording --- */

/* Returns why the run can't be recorded, or NULL. */
static const char *find_fault(const struct run *first, const struct line *stamped,
                              const struct run *run, const struct line *lines)
{
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
    if (run->count != first->count || run->exit_status != first->exit_status ||
        run->err_size != first->err_size ||
        memcmp(first->err, run->err, first->err_size) != 0)
        return "two runs differ";
    for (size_t i = 0; i < run->count; i++) {
        if (lines[i].kind == OTHER)
            return "it prints a line that say(), say_untimed() or measure() did not";
        if (!line_equals(&stamped[i], &lines[i]))
            return "two runs differ";
    }
    return NULL;
}

/* Give each of the first run's lines the stamp from this run, if it is smaller. */
static void take_smallest(const struct task *task, const struct run *first,
                          struct line *stamped, const struct run *run)
{
    struct line *lines = judge_lines(run);
    const char *fault = find_fault(first, stamped, run, lines);

    if (fault) {
        explain_show_lines(stderr, "  ", run->err, run->err_size, 30);
        die("cannot record %s: %s", task->name, fault);
    }
    for (size_t i = 0; i < run->count; i++)
        if (lines[i].stamp < stamped[i].stamp)
            stamped[i].stamp = lines[i].stamp;
    free(lines);
}

/* Write a new file and rename it, so that it is never half there; show the difference. */
static void replace_file(const char *path, const struct run *run,
                         const struct line *lines)
{
    char *beside = xstrfmt("%s.XXXXXX", path);
    char *diff[] = {"diff", "-u", (char *)(uintptr_t)path, beside, NULL};
    int fd = mkstemp(beside);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    bool is_new = access(path, F_OK) != 0;
    struct run compared;

    if (to != NULL)
        write_run(to, run, lines);
    if (to == NULL || fflush(to) != 0 || ferror(to) || fclose(to) != 0 ||
        chmod(beside, 0644) != 0)
        goto failed;
    compared = run_program(diff, false, 60000);
    if (rename(beside, path) != 0)
        goto failed;
    if (is_new)
        printf("%s: new, %zu lines\n", path, run->count);
    else if (compared.exit_status == 0)
        printf("%s: unchanged\n", path);
    else
        fwrite(compared.out, 1, compared.out_size, stdout);
    run_free(&compared);
    free(beside);
    return;
failed:
    fd = errno;
    unlink(beside);
    errno = fd;
    die_errno("cannot write %s", path);
}

/* One in which the machine did not stand still, if there is any. */
static struct run run_for_record(struct runs *runs)
{
    for (int stalls = 0;; stalls++) {
        struct run run = next_run(runs);

        if (stalls == usual.stalls || !judge_is_stalled(&run))
            return run;
        run_free(&run);
    }
}

static void record_task(const struct task *task)
{
    struct runs runs = {
        .task = task, .limit = (int64_t)(60000 * task->rule.slow), .last = -1};
    struct run first = run_for_record(&runs);
    struct line *stamped = judge_lines(&first);

    take_smallest(task, &first, stamped, &first);
    for (int i = 1; i < RECORDINGS; i++) {
        struct run next = run_for_record(&runs);

        take_smallest(task, &first, stamped, &next);
        run_free(&next);
    }
    replace_file(task->path, &first, stamped);
    free(stamped);
    run_free(&first);
}

/* --- What is asked for --- */

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
        explain_show_text(to, word, strlen(word));
    }
    close_text(to, &name);
    for (char *hash = name; (hash = strchr(hash, '#')) != NULL;)
        *hash = '?';
    return name;
}

/* lessons/12-queue/queue_async@5.out -> build/lessons/12-queue/queue_async 5, with the
 * program in its place if one is named. */
static void find_arguments(const struct task *task, char *words[])
{
    size_t length = strlen(task->path);
    char *program = words[0], *text;

    if (!program && (length < 5 || strcmp(task->path + length - 4, ".out") != 0 ||
                     !strchr(task->path, '/')))
        die("%s is no .out file in a lesson's directory", task->path);
    text = xstrfmt("%s/%s", build_directory(), task->path);
    recording_split(text, words, length + 1);
    if (program)
        words[0] = program;
    if (program && words[1] == NULL)
        free(text); /* nothing points into it */
}

/* The program behind its wrapper, if any, and the words of $UNDER. `program` is NULL
 * where the name of the recording says which it is: lessons/12-queue/queue_async@5.out ->
 * build/lessons/12-queue/queue_async 5 */
static void find_program(struct task *task, char *program[], int count)
{
    const char *under = getenv("UNDER"), *path = task->path;
    char *wrapper = getenv("WITH"), **next, **own;
    size_t length = strlen(path);

    task->wrapped = wrapper && *wrapper;
    task->is_lesson = *program == NULL;
    task->tool = xstrfmt("%s", under ? under : "");
    next = task->command =
        xcalloc(strlen(task->tool) + length + (size_t)count + 2, sizeof *next);
    if (task->wrapped)
        *next++ = wrapper;
    for (char *word = strtok(task->tool, " "); word; word = strtok(NULL, " "))
        *next++ = word;
    own = next;
    while (*program)
        *next++ = *program++;
    if (next - own < 2)
        find_arguments(task, own);
    task->name = name_of(own);
}

static struct rule read_rule(void)
{
    const char *factor = getenv("SLOW"), *judged = getenv("TIMING");
    struct rule rule = {.slow = 1};
    char *end = NULL;

    if (factor && *factor) {
        rule.slow = strtod(factor, &end);
        if (*end != '\0' || !(rule.slow >= 1 && rule.slow <= 1000))
            die("SLOW is a factor from 1 to 1000, not \"%s\"", factor);
    }
    if (judged && *judged && strcmp(judged, "on") != 0 && strcmp(judged, "off") != 0)
        die("TIMING is on or off, not \"%s\"", judged);
    rule.timing = !judged || strcmp(judged, "off") != 0;
    return rule;
}

/* The same for every program, wherever it is checked. */
static void prepare_environment(void)
{
    /* libuv 1.45-1.48 would read files without the pool */
    setenv("UV_USE_IO_URING", "0", 1);
    unsetenv("UV_THREADPOOL_SIZE");
    setenv("LC_ALL", "C", 1);
}

static _Noreturn void exit_with_usage(void)
{
    fputs("usage: check [--student [--mistakes FILE] | --record] [--replay FILE]"
          " [--save FILE] FILE.out [PROGRAM [ARGUMENT...]]\n",
          stderr);
    exit(2);
}

static FILE *open_replayed(const char *path)
{
    FILE *file = fopen(path, "r");
    static char buffer[65536]; /* without memory for one glibc takes a file for empty */

    if (file == NULL)
        die_errno("cannot read %s", path);
    setvbuf(file, buffer, _IOFBF, sizeof buffer);
    return file;
}

int main(int argc, char *argv[])
{
    static struct task task; /* what it points to is kept until the end */
    bool recording = false, passes = true;

    die_as("check", 2);
    for (argv++; *argv && **argv == '-'; argv++) {
        const char *file = argv[1];

        if (strcmp(*argv, "--student") == 0)
            task.student = true;
        else if (strcmp(*argv, "--record") == 0)
            recording = true;
        else if (strcmp(*argv, "--mistakes") == 0 && file)
            task.mistakes = *++argv;
        else if (strcmp(*argv, "--save") == 0 && file)
            task.save = *++argv;
        else if (strcmp(*argv, "--replay") == 0 && file)
            task.replayed = open_replayed(*++argv);
        else
            exit_with_usage();
    }
    if (*argv == NULL || (recording && (task.save || task.student)) ||
        (task.mistakes && !task.student))
        exit_with_usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_end_with_us();
    task.rule = read_rule();
    prepare_environment();
    task.path = *argv++;
    find_program(&task, argv, argc);
    if (recording)
        record_task(&task);
    else
        passes = check_task(&task);
    if (fflush(stdout) != 0 || ferror(stdout))
        die_errno("cannot write to stdout");
    return passes ? 0 : 1;
}
