/* check.c - run one program and compare it with its recording, line by line:
 * text, order, time, exit status.
 *
 *     check lessons/05-chores/chores_async.out
 *     check some.out PROGRAM [ARGUMENT...]
 *     check --record lessons/05-chores/chores_async.out
 *     check --student lessons/05-chores/exercise.out
 *
 * Prints TAP, for prove; for a student, who doesn't want to wait, a verdict in
 * words, after fewer tries. The first form finds the program by itself: it was
 * built into $BUILD (`build`), and what follows an @ in the name is an argument.
 *
 * The rule for the times comes from measurements. Noise only ever delays: so a
 * line that comes early is wrong. Noise comes and goes: so a line that comes
 * late is wrong when it is late every time, and by more than the kernel says
 * that the program was kept waiting for a processor. Text is never judged
 * loosely. A run in which the whole machine stood still, as we who look notice,
 * may be wrong in any way: it is repeated, within reason. Environment: TIMING=off judges
 * no times; SLOW=3 lets everything be late three times as much; UNDER="valgrind -q" runs
 * the program under a tool. */

#include "run.h"
#include "story.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EARLY = 15,        /* ms; a libuv timer may be 1 ms early, rounding adds 5 + 5 */
    LATE = 80,         /* ms that a line may be late */
    USUAL_DELAY = 20,  /* ms that any program waits for a processor */
    MOST_DELAY = 100,  /* ms, or an eighth of the stamp if that is more */
    HIDDEN = 300,      /* ms from start to end that no stamp speaks of */
    RETRIES = 6,       /* for what may be noise */
    STALL = 50,        /* ms; a machine that stands still for longer changes any run, */
    MOST_STALLS = 14,  /* and such runs are not counted, within reason */
    RECORDINGS = 5,    /* of which the smallest stamps are kept */
    PATIENCE = 10000,  /* ms; the limit is this and three times the recording */
    IMPATIENCE = 3000, /* ms; a student's limit is this and the recording */
    STUDENT_RETRIES = 2,
    STUDENT_STALLS = 3,
    MOST_SHOWN = 30,          /* lines of a diagnosis */
    STUDENT_SHOWN = 14,       /* must fit a small window, with what follows */
    MOST_SWAPS = 2000,        /* lines of a story in which swaps are looked for */
    MILLISECOND = 1000 * 1000 /* ns */
};

/* What a program is expected to print and how it ends: a .out file. */
struct recording {
    char *content;
    struct line *lines; /* of stdout; they point into `content` */
    size_t count;
    char *err; /* what it prints on stderr */
    size_t err_size;
    int exit_status;
};

/* What is known of one recorded line after some runs. The smallest counts. */
struct lateness {
    double by, allowed; /* ms */
    bool known;
};

struct verdict {
    const char *name; /* of the program, with its arguments */
    const char *program;
    const struct recording *recording;
    struct run run;     /* the latest */
    struct line *lines; /* its lines */
    size_t *place;      /* of each line of the run: which recorded line it is */
    struct lateness *late, *behind, hidden;
    int runs, stalls; /* all runs, and those in which the machine stood still */
    bool same_lines, text_is_right, in_order, end_is_right;
    size_t early; /* how many lines came too early */
    FILE *why;    /* the diagnosis, as it grows */
    char *said;
    size_t said_size;
};

static char *around; /* what starts the program: build/common/with-site; or NULL */
static double slow = 1;
static bool timing = true;
static bool student = false;

static _Noreturn void give_up(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static _Noreturn void give_up(const char *format, ...)
{
    va_list args;

    fputs("check: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
    exit(2);
}

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count + 1, size);

    if (room == NULL)
        give_up("no memory for %zu lines", count);
    return room;
}

/* --- Showing lines: binary bytes must not reach a terminal, nor end a line, and a
 * blank at the end must be seen --- */

static void show_text(FILE *to, const char *text, size_t size)
{
    const size_t most = 200;

    for (size_t i = 0; i < size && i < most; i++)
        if (text[i] >= ' ' && text[i] <= '~' && !(text[i] == ' ' && i == size - 1))
            fputc(text[i], to);
        else
            fprintf(to, "\\x%02x", (unsigned char)text[i]);
    if (size > most)
        fprintf(to, "... (%zu bytes)", size);
}

static void show_line(FILE *to, const struct line *line)
{
    if (line->kind == TIMED)
        fprintf(to, "[%2ld.%02ld] ", line->stamp / 100, line->stamp % 100);
    else if (line->kind == UNTIMED)
        fputs("[  -  ] ", to);
    else if (line->kind == MEASURED)
        fputs("~ ", to);
    show_text(to, line->text, line->size);
}

/* At most `most` lines of a text of several, each after a prefix. */
static void show_lines(FILE *to, const char *prefix, const char *text, size_t size,
                       int most)
{
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        if (most-- == 0) {
            fprintf(to, "%s...\n", prefix);
            return;
        }
        fputs(prefix, to);
        show_text(to, text, length);
        fputc('\n', to);
        text += length + (end != NULL);
        size -= length + (end != NULL);
    }
}

/* --- The recording --- */

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    char *content = room_for(0, 1);
    size_t got, room = 0;
    struct stat about;

    *size = 0;
    if (file == NULL || fstat(fileno(file), &about) != 0)
        goto failed;
    if (S_ISDIR(about.st_mode)) {
        errno = EISDIR;
        goto failed;
    }
    do {
        room = room * 2 + 4096;
        content = realloc(content, room + 1);
        if (content == NULL)
            give_up("no memory for %s", path);
        got = fread(content + *size, 1, room - *size, file);
        *size += got;
    } while (got > 0);
    if (ferror(file))
        goto failed;
    fclose(file);
    content[*size] = '\0';
    return content;
failed:
    free(content);
    if (file) {
        int error = errno;

        fclose(file);
        errno = error;
    }
    return NULL;
}

/* Returns what is wrong with the line, or NULL. Lines of stdout come first,
 * then those of stderr, then the exit status. */
static const char *read_recorded(struct recording *recording, const char *text,
                                 size_t size)
{
    struct line line = read_line(text, size);
    bool ended = recording->exit_status != 0;
    char *end;

    if (ended)
        return "a line follows the exit status";
    if (size > 5 && memcmp(text, "exit ", 5) == 0) {
        recording->exit_status = (int)strtol(text + 5, &end, 10);
        if (end != text + size || recording->exit_status < 1 ||
            recording->exit_status > 255)
            return "an exit status is a number from 1 to 255";
    } else if (size >= 2 && memcmp(text, "! ", 2) == 0) {
        memcpy(recording->err + recording->err_size, text + 2, size - 2);
        recording->err_size += size - 2;
        recording->err[recording->err_size++] = '\n';
    } else if (line.kind == OTHER) {
        return "this is no line that say(), say_untimed() or measure() printed";
    } else if (recording->err_size > 0) {
        return "lines of stdout come before those of stderr";
    } else {
        recording->lines[recording->count++] = line;
    }
    return NULL;
}

/* Read a .out file. Returns false, with the reason in `why`, if it is none. */
static bool read_recording(struct recording *recording, const char *path, FILE *why)
{
    size_t size, lines = 0, number = 0;
    char *next;

    recording->content = read_file(path, &size);
    if (recording->content == NULL) {
        fprintf(why, "%s cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < size; i++)
        lines += recording->content[i] == '\n';
    recording->lines = room_for(lines, sizeof *recording->lines);
    recording->err = room_for(size, 1);
    for (next = recording->content; next < recording->content + size;) {
        char *end = memchr(next, '\n', (size_t)(recording->content + size - next));
        const char *fault;

        number++;
        fault = end == NULL ? "the last line has no newline"
                            : read_recorded(recording, next, (size_t)(end - next));
        if (fault) {
            fprintf(why, "%s, line %zu: %s\n", path, number, fault);
            return false;
        }
        next = end + 1;
    }
    if (number == 0)
        fprintf(why, "%s is empty: record it with `make out-NN`\n", path);
    return number > 0;
}

static long duration(const struct recording *recording)
{
    for (size_t i = recording->count; i > 0; i--)
        if (recording->lines[i - 1].kind == TIMED)
            return recording->lines[i - 1].stamp * 10; /* ms */
    return 0;
}

static void free_recording(struct recording *recording)
{
    free(recording->content);
    free(recording->lines);
    free(recording->err);
}

/* --- Text and order --- */

static struct line *lines_of(const struct run *run)
{
    struct line *lines = room_for(run->count, sizeof *lines);

    for (size_t i = 0; i < run->count; i++)
        lines[i] = read_line(run->out + run->lines[i].start, run->lines[i].size);
    return lines;
}

struct entry {
    const struct line *line;
    size_t place;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    int order = compare_lines(one->line, other->line);

    return order ? order : (one->place > other->place) - (one->place < other->place);
}

static struct entry *sorted(const struct line *lines, size_t count)
{
    struct entry *entries = room_for(count, sizeof *entries);

    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){&lines[i], i};
    qsort(entries, count, sizeof *entries, compare_entries);
    return entries;
}

/* Find for each line of the run the recorded one that it is. Among equal lines
 * the first is the first. Returns false when they are not the same lines. */
static bool find_places(struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    struct entry *wanted, *got;
    bool same = verdict->run.count == recording->count && !verdict->run.cut_short;

    if (!same)
        return false;
    wanted = sorted(recording->lines, recording->count);
    got = sorted(verdict->lines, verdict->run.count);
    for (size_t i = 0; same && i < recording->count; i++) {
        same = same_line(wanted[i].line, got[i].line);
        verdict->place[got[i].place] = wanted[i].place;
    }
    free(wanted);
    free(got);
    return same;
}

/* Line `first` is recorded before line `second`, and came after it. May this
 * be noise? Only if the first was held up for as long as they are apart, but
 * for what the second may come early. */
static bool may_be_noise(const struct verdict *verdict, size_t first, size_t second,
                         size_t came)
{
    const struct line *wanted = verdict->recording->lines;
    long gap = wanted[second].stamp - wanted[first].stamp;

    return wanted[first].kind == TIMED && wanted[second].kind == TIMED && gap > 0 &&
           verdict->lines[came].stamp - wanted[first].stamp >= gap - EARLY / 10;
}

enum order { IN_ORDER, SWAPPED, WRONG };

static enum order judge_order(const struct verdict *verdict)
{
    size_t count = verdict->run.count;
    const size_t *place = verdict->place;
    enum order order = IN_ORDER;

    for (size_t i = 1; i < count; i++)
        if (place[i] < place[i - 1])
            order = count > MOST_SWAPS ? WRONG : SWAPPED;
    for (size_t j = 1; order == SWAPPED && j < count; j++)
        for (size_t i = 0; i < j; i++)
            if (place[i] > place[j] && !may_be_noise(verdict, place[j], place[i], j))
                return WRONG;
    return order;
}

/* --- Times --- */

/* How late something may be, in ms: what any program may be, and what the
 * kernel made this one wait for a processor, within reason. */
static double allowance(double usual, int64_t delayed, double stamp)
{
    double most = stamp / 8 > MOST_DELAY ? stamp / 8 : MOST_DELAY;
    double excused = (double)delayed / MILLISECOND - USUAL_DELAY;

    if (excused > most || !delays_are_known())
        excused = most;
    return (usual + (excused > 0 ? excused : 0)) * slow;
}

static void keep_smallest(struct lateness *kept, double by, double allowed)
{
    if (!kept->known || by - allowed < kept->by - kept->allowed)
        *kept = (struct lateness){by, allowed, true};
}

static void quote(struct verdict *verdict, size_t recorded)
{
    const struct line *line = &verdict->recording->lines[recorded];

    if (!student)
        fprintf(verdict->why, "line %zu, ", recorded + 1);
    fputc('"', verdict->why);
    show_text(verdict->why, line->text, line->size);
    fputs("\", ", verdict->why);
}

/* As the line stands in a diff, with what is wrong about its time, all in ms. */
static void show_wrong_time(struct verdict *verdict, size_t recorded, double by)
{
    struct line line = verdict->recording->lines[recorded];
    long wanted = line.stamp;

    line.stamp += (long)(by / 10);
    fputs("  ", verdict->why);
    show_line(verdict->why, &line);
    fprintf(verdict->why, "   (expected at %ld.%02ld: %.2f s %s)\n", wanted / 100,
            wanted % 100, (by < 0 ? -by : by) / 1000, by < 0 ? "early" : "late");
}

/* What noise can't do: a line that comes early, a stamp ahead of the clock. */
static void judge_earliness(struct verdict *verdict, size_t i)
{
    size_t recorded = verdict->place[i];
    double stamp = 10 * (double)verdict->lines[i].stamp;
    double wanted = 10 * (double)verdict->recording->lines[recorded].stamp;
    double arrived = (double)verdict->run.lines[i].arrived / MILLISECOND;

    if (stamp >= wanted - EARLY && arrived >= stamp - EARLY)
        return;
    if (verdict->early++ >= MOST_SHOWN / 3) {
        if (verdict->early == MOST_SHOWN / 3 + 1)
            fputs("...\n", verdict->why);
        return;
    }
    if (student && stamp < wanted - EARLY) {
        show_wrong_time(verdict, recorded, stamp - wanted);
        return;
    }
    quote(verdict, recorded);
    if (stamp < wanted - EARLY)
        fprintf(verdict->why, "should come at %.2f s, and came at %.2f s: %.2f s early\n",
                wanted / 1000, stamp / 1000, (wanted - stamp) / 1000);
    else
        fprintf(verdict->why,
                "is stamped %.2f s, but came %.2f s after the start: a false stamp\n",
                stamp / 1000, arrived / 1000);
}

/* Where the run's own time 0 is, in ms after the start of the program: the line
 * that came soonest after its stamp tells. (The first need not: all may be held
 * back until the end.) */
static double find_origin(const struct verdict *verdict)
{
    double soonest = 0;
    bool found = false;

    for (size_t i = 0; i < verdict->run.count; i++) {
        double behind = (double)verdict->run.lines[i].arrived / MILLISECOND;

        if (verdict->lines[i].kind == TIMED)
            behind -= 10 * (double)verdict->lines[i].stamp;
        else if (i > 0)
            continue;
        if (!found || behind < soonest)
            soonest = behind;
        found = true;
    }
    return soonest;
}

static void judge_lateness(struct verdict *verdict, size_t i, double origin)
{
    size_t recorded = verdict->place[i];
    double stamp = 10 * (double)verdict->lines[i].stamp;
    double wanted = 10 * (double)verdict->recording->lines[recorded].stamp;
    double arrived = (double)verdict->run.lines[i].arrived / MILLISECOND;
    int64_t delayed = verdict->run.lines[i].delayed;
    int64_t read_late = verdict->run.lines[i].read_late;

    keep_smallest(&verdict->late[recorded], stamp - wanted,
                  allowance(LATE, delayed, wanted));
    keep_smallest(&verdict->behind[recorded], arrived - origin - stamp,
                  allowance(LATE, delayed + read_late, wanted));
}

/* What the kernel made the program, or us, wait before its first line and after
 * its last. What happened in between is in the stamps. */
static int64_t hidden_delay(const struct run *run)
{
    int64_t delayed = run->delayed + run->read_late;

    if (run->count > 0) {
        const struct printed *first = &run->lines[0], *last = &run->lines[run->count - 1];

        delayed -= last->delayed + last->read_late - first->delayed - first->read_late;
    }
    return delayed;
}

/* The time from start to end that no stamp speaks of. After a line without a
 * time it is unknown how long the work was, so the line's arrival is taken. */
static void judge_hidden_time(struct verdict *verdict, double origin)
{
    size_t count = verdict->run.count;
    double took = (double)verdict->run.took / MILLISECOND, told = 0;

    if (count > 0 && verdict->lines[count - 1].kind == TIMED)
        told = 10 * (double)verdict->lines[count - 1].stamp;
    else if (count > 0)
        told = (double)verdict->run.lines[count - 1].arrived / MILLISECOND - origin;
    keep_smallest(&verdict->hidden, took - told,
                  allowance(HIDDEN, hidden_delay(&verdict->run), 0));
}

static void judge_times(struct verdict *verdict)
{
    double origin = find_origin(verdict);

    for (size_t i = 0; i < verdict->run.count; i++)
        if (verdict->lines[i].kind == TIMED) {
            judge_earliness(verdict, i);
            judge_lateness(verdict, i, origin);
        }
    judge_hidden_time(verdict, origin);
}

static bool is_late(const struct lateness *lateness)
{
    return lateness->by > lateness->allowed;
}

static bool anything_late(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->recording->count; i++)
        if (is_late(&verdict->late[i]) || is_late(&verdict->behind[i]))
            return true;
    return is_late(&verdict->hidden);
}

/* --- The verdict --- */

static bool same_errors(const struct run *run, const struct recording *recording)
{
    return run->err_size == recording->err_size &&
           (run->err_size == 0 || memcmp(run->err, recording->err, run->err_size) == 0);
}

static bool ended_well(const struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    const struct run *run = &verdict->run;

    return !run->ended_by_us && !run->left_children &&
           run->exit_status == recording->exit_status && same_errors(run, recording);
}

static void forget_run(struct verdict *verdict)
{
    free(verdict->lines);
    free(verdict->place);
    free_run(&verdict->run);
}

/* What no stall does. */
static bool has_crashed(const struct run *run)
{
    const char *err = run->err ? run->err : "";

    return run->signal != 0 || strstr(err, "Sanitizer") != NULL ||
           strstr(err, "runtime error:") != NULL ||
           strncmp(err, "==", 2) == 0; /* that's valgrind */
}

/* Whether this run says nothing, since the machine stood still in the middle: a deadline
 * may have passed meanwhile, or two timers have become due at once. */
static bool stood_still(const struct run *run)
{
    return run->stood_still >= (int64_t)STALL * MILLISECOND && !has_crashed(run);
}

/* What is known before a run is what is known after it, if that says nothing. */
static struct lateness *remember(const struct verdict *verdict)
{
    size_t count = verdict->recording->count;
    struct lateness *known = room_for(2 * count + 1, sizeof *known);

    memcpy(known, verdict->late, count * sizeof *known);
    memcpy(known + count, verdict->behind, count * sizeof *known);
    known[2 * count] = verdict->hidden;
    return known;
}

static void forget_times(struct verdict *verdict, const struct lateness *known)
{
    size_t count = verdict->recording->count;

    memcpy(verdict->late, known, count * sizeof *known);
    memcpy(verdict->behind, known + count, count * sizeof *known);
    verdict->hidden = known[2 * count];
}

static bool all_is_well(const struct verdict *verdict)
{
    return verdict->text_is_right && verdict->end_is_right && verdict->in_order &&
           !verdict->early && (!timing || !anything_late(verdict));
}

/* Run the program once and judge it. Returns whether another run may help. */
static bool judge_once(struct verdict *verdict, char *const argv[])
{
    const struct recording *recording = verdict->recording;
    long wait =
        student ? duration(recording) + IMPATIENCE : 3 * duration(recording) + PATIENCE;
    int64_t limit = (int64_t)((double)wait * slow);
    int runs = 1 + (student ? STUDENT_RETRIES : RETRIES);
    enum order order = WRONG;

    verdict->run = run_program(argv, around != NULL, limit);
    verdict->runs++;
    verdict->lines = lines_of(&verdict->run);
    verdict->place = room_for(verdict->run.count, sizeof *verdict->place);
    verdict->end_is_right = ended_well(verdict);
    verdict->same_lines = find_places(verdict);
    if (verdict->same_lines)
        order = judge_order(verdict);
    verdict->text_is_right = order != WRONG;
    if (order == IN_ORDER)
        verdict->in_order = true;
    if (verdict->run.ended_by_us)
        return verdict->runs - verdict->stalls == 1 && !student;
    if (order == WRONG || !verdict->end_is_right)
        return false;
    if (timing)
        judge_times(verdict);
    return !verdict->early && !all_is_well(verdict) &&
           verdict->runs - verdict->stalls < runs;
}

/* The same. A run that the machine has spoilt by standing still is not counted, within
 * reason: nothing of it is kept. */
static bool try_once(struct verdict *verdict, char *const argv[])
{
    int most = student ? STUDENT_STALLS : MOST_STALLS;
    struct lateness *known = remember(verdict);
    bool was_in_order = verdict->in_order, again = judge_once(verdict, argv);

    if (!all_is_well(verdict) && !verdict->run.ended_by_us && verdict->stalls < most &&
        stood_still(&verdict->run)) {
        verdict->stalls++;
        verdict->in_order = was_in_order;
        verdict->early = 0;
        rewind(verdict->why);
        forget_times(verdict, known);
        again = true;
    }
    free(known);
    return again;
}

/* --- Saying why --- */

static char *write_for_diff(const struct line *lines, size_t count)
{
    const char *directory = getenv("TMPDIR");
    char *path = room_for(strlen(directory ? directory : "/tmp") + 32, 1);
    FILE *file;
    int fd;

    sprintf(path, "%s/check-XXXXXX", directory ? directory : "/tmp");
    fd = mkstemp(path);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL)
        give_up("cannot write %s: %s", path, strerror(errno));
    for (size_t i = 0; i < count; i++) {
        fputc("TUMO"[lines[i].kind], file);
        write_compared(file, &lines[i]);
        fputc('\n', file);
    }
    if (fclose(file) != 0)
        give_up("cannot write %s: %s", path, strerror(errno));
    return path;
}

/* A line that both have, with the time that it has now, and the one that it should
 * have if that is another. */
static void show_common(FILE *to, const struct line *wanted, const struct line *got)
{
    long late = 10 * (got->stamp - wanted->stamp);

    show_line(to, got);
    if (timing && got->kind == TIMED && (late > LATE || late < -EARLY))
        fprintf(to, "   (expected at %ld.%02ld)", wanted->stamp / 100,
                wanted->stamp % 100);
}

/* One line of a hunk; `old` and `new` count from 1. */
static void show_in_hunk(FILE *to, const struct verdict *verdict, char sign, size_t old,
                         size_t new)
{
    fprintf(to, "  %c ", sign);
    if (sign == '-')
        show_line(to, &verdict->recording->lines[old - 1]);
    else if (sign == '+')
        show_line(to, &verdict->lines[new - 1]);
    else
        show_common(to, &verdict->recording->lines[old - 1], &verdict->lines[new - 1]);
    fputc('\n', to);
}

/* Show what `diff -u` found, with the time that each line has or had. Its text
 * is not used, only which lines of which side it names. For a student, of many
 * lines that are missing, or too many, only the first: he is to see both sides. */
static void show_hunks(FILE *to, const struct verdict *verdict, const char *diff,
                       const char *diff_end)
{
    unsigned long old = 0, new = 0;
    bool in_hunk = false;
    int shown = 0, most = student ? STUDENT_SHOWN : MOST_SHOWN, alike = 0;
    char before = '\0';

    for (const char *end; diff < diff_end; diff = end + 1) {
        end = memchr(diff, '\n', (size_t)(diff_end - diff));
        if (end == NULL)
            return;
        alike = *diff == before ? alike + 1 : 1;
        before = *diff;
        if (*diff == '@') { /* @@ -12,3 +12,4 @@ */
            old = strtoul(diff + 4, NULL, 10);
            new = strtoul((char *)memchr(diff, '+', (size_t)(end - diff)) + 1, NULL, 10);
            fprintf(to, "  at line %lu:\n", old);
            in_hunk = true;
        } else if (in_hunk) {
            if (student && alike > STUDENT_SHOWN / 2) {
                if (alike == STUDENT_SHOWN / 2 + 1)
                    fprintf(to, "  %c ...\n", *diff);
            } else if (shown++ == most) {
                fputs("  ...\n", to);
                return;
            } else {
                show_in_hunk(to, verdict, *diff, old, new);
            }
            old += *diff == '-' || *diff == ' ';
            new += *diff == '+' || *diff == ' ';
        }
    }
}

/* An exercise may begin with the line "prediction: ...", in which the student says
 * what will happen. To find what is right is the exercise, so he is not told. */
static bool predicted_wrong(const struct verdict *verdict)
{
    const struct line *wanted = verdict->recording->lines;
    static const char actor[] = "prediction";

    return student && verdict->recording->count > 0 &&
           actor_size(wanted) == strlen(actor) &&
           memcmp(wanted->text, actor, strlen(actor)) == 0 &&
           (verdict->run.count == 0 || !same_line(wanted, verdict->lines));
}

static void explain_prediction(struct verdict *verdict)
{
    fputs("its first line is\n  ", verdict->why);
    if (verdict->run.count > 0)
        show_line(verdict->why, &verdict->lines[0]);
    fprintf(verdict->why, "\nand this shows what it does: %s\n", verdict->program);
}

static void explain_text(struct verdict *verdict)
{
    char *wanted = write_for_diff(verdict->recording->lines, verdict->recording->count);
    char *got = write_for_diff(verdict->lines, verdict->run.count);
    char *diff[] = {"diff", "-a", "-U", "2", wanted, got, NULL};
    struct run run = run_program(diff, false, 60000);

    if (run.start_error != 0)
        fprintf(verdict->why, "cannot run diff (`make setup` installs it): %s\n",
                strerror(run.start_error));
    fprintf(verdict->why, "it prints %s (- %s):\n",
            verdict->same_lines ? "the right lines in another order" : "other lines",
            student ? "expected, + yours" : "recorded, + this run");
    show_hunks(verdict->why, verdict, run.out, run.out + run.out_size);
    if (verdict->run.cut_short)
        fprintf(verdict->why, "the last line has no newline at its end\n");
    unlink(wanted);
    unlink(got);
    free(wanted);
    free(got);
    free_run(&run);
}

static void explain_lateness(struct verdict *verdict, size_t i)
{
    const struct lateness *late = &verdict->late[i], *behind = &verdict->behind[i];
    double wanted = 10 * (double)verdict->recording->lines[i].stamp;

    if (student && is_late(late)) {
        show_wrong_time(verdict, i, late->by);
        return;
    }
    quote(verdict, i);
    if (is_late(late))
        fprintf(verdict->why, "should come at %.2f s, and came at %.2f s: %.2f s late",
                wanted / 1000, (wanted + late->by) / 1000, late->by / 1000);
    else
        fprintf(verdict->why, "came %.2f s after the time that it is stamped with",
                behind->by / 1000);
    if (!student)
        fprintf(verdict->why, " (allowed here: %.2f s)",
                (is_late(late) ? late : behind)->allowed / 1000);
    fputc('\n', verdict->why);
}

static void explain_times(struct verdict *verdict)
{
    int shown = 0, most = student ? MOST_SHOWN / 10 : MOST_SHOWN / 3;

    if (verdict->early || (student && !verdict->in_order))
        return; /* said when it was seen, or by the diff */
    for (size_t i = 0; i < verdict->recording->count; i++)
        if (is_late(&verdict->late[i]) || is_late(&verdict->behind[i])) {
            if (shown++ == most) {
                fputs("...\n", verdict->why);
                break;
            }
            explain_lateness(verdict, i);
        }
    if (is_late(&verdict->hidden))
        fprintf(verdict->why,
                "from its start to its end it took %.2f s more than its last line says:"
                " it waits unseen, before its first line or after its last"
                " (allowed here: %.2f s)\n",
                verdict->hidden.by / 1000, verdict->hidden.allowed / 1000);
    if (!student)
        fprintf(verdict->why, "this is the best of %d runs%s\n", verdict->runs,
                delays_are_known()
                    ? ""
                    : "; this system does not tell how long a program waits"
                      " for a processor, so the most is allowed");
}

static void explain_end(struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    const struct run *run = &verdict->run;

    if (run->start_error != 0)
        fprintf(verdict->why, "it cannot be started: %s\n", strerror(run->start_error));
    else if (run->ended_by_us && run->out_size + run->err_size > MILLISECOND)
        fprintf(verdict->why,
                "it printed %zu bytes and was ended: it prints without end\n",
                run->out_size + run->err_size);
    else if (run->ended_by_us)
        fprintf(verdict->why, "it did not end within %.1f s, and was ended: it hangs\n",
                (double)run->took / MILLISECOND / 1000);
    else if (run->signal != 0)
        fprintf(verdict->why, "it crashed: signal %d, %s\n", run->signal,
                strsignal(run->signal));
    else if (run->exit_status != recording->exit_status)
        fprintf(verdict->why, "its exit status is %d, and should be %d\n",
                run->exit_status, recording->exit_status);
    if (run->left_children && !(student && run->signal != 0)) /* what else could it do */
        fprintf(verdict->why,
                "it ended, and left a process running that it had started\n");
    if (!same_errors(run, recording)) {
        fprintf(verdict->why, "on stderr it should print%s\n",
                recording->err_size ? ":" : " nothing");
        show_lines(verdict->why, "  - ", recording->err, recording->err_size, 10);
        fprintf(verdict->why, "and printed%s\n", run->err_size ? ":" : " nothing");
        show_lines(verdict->why, "  + ", run->err, run->err_size, MOST_SHOWN);
    }
}

/* Whether one line or two are others, and all that stand around them the same. */
static bool few_words_differ(const struct verdict *verdict)
{
    size_t differ = 0;

    for (size_t i = 0; i < verdict->run.count; i++)
        differ += !same_line(&verdict->recording->lines[i], &verdict->lines[i]);
    return differ <= 2;
}

/* Of lines that differ. */
static const char *meaning_of_text(const struct verdict *verdict)
{
    size_t wanted = verdict->recording->count, came = verdict->run.count;

    if (predicted_wrong(verdict))
        return "Your prediction is not right yet, or not in the form that the exercise "
               "asks\n"
               "for. The rest may be right or wrong: it is compared when this is right.";
    if (verdict->same_lines)
        return "A line that comes too soon does not wait for what it should wait for; "
               "one\n"
               "that comes too late waits for something that it need not wait for.";
    if (came < wanted)
        return "Lines are missing: is what prints them called, and as often as it should "
               "be?";
    if (came > wanted)
        return "There are lines too many: is something started twice, or never stopped?";
    if (few_words_differ(verdict))
        return "A few words differ. If it is no slip of the pen, but a value: where does "
               "it\n"
               "come from, and who has changed it last?";
    return "Go through your callbacks by hand, from the first line that differs: which "
           "one\n"
           "is called then, and what does it find?";
}

/* What it usually means: for a student. */
static void advise(const struct verdict *verdict)
{
    const struct run *run = &verdict->run;
    const char *meaning = NULL;

    if (run->ended_by_us)
        meaning =
            "The loop runs as long as anything is active: a handle that was never "
            "closed,\n"
            "or that was initialised twice. Or it is our own code that goes round and\n"
            "round, and never returns to the loop.";
    else if (run->err_size > 0 && (strstr(run->err, "Sanitizer") != NULL ||
                                   strstr(run->err, "runtime error") != NULL))
        meaning =
            strstr(run->err, "exercise.c")
                ? "The first line above that names your file tells where it happens."
                : "No line above names your file: it happens in a library, with\n"
                  "something that you gave to it. A handle or a request that it had\n"
                  "already, and has not given back yet? Or one that is gone by now?";
    else if (run->err_size > 0 && strstr(run->err, "is_closing") != NULL)
        meaning = "libuv says so above: a handle was closed that is closed already.";
    else if (run->err_size > 0 && strstr(run->err, "Assertion") != NULL)
        meaning = "libuv says above what it found: a handle in a state that it must not\n"
                  "be in. What had been done with it, and in which order?";
    else if (run->signal == SIGILL || run->signal == SIGTRAP)
        meaning =
            "It does what C does not allow: an index outside of its array, or a\n"
            "pointer followed that is NULL or was never set. You are told where with\n"
            "SANITIZE=address,undefined behind the make command.";
    else if (run->signal == SIGABRT && run->err_size == 0)
        meaning =
            "libuv has stopped it, since it was to watch a file that is closed already.\n"
            "Close the handle first, and in its close callback the file, or the "
            "connection\n"
            "that it belongs to.";
    else if (run->signal != 0)
        meaning =
            "A pointer that was never set, or leads to something that is gone by now?\n"
            "A handle that was initialised again while it is still active, or a request\n"
            "that was started again before its callback has come? With SANITIZE=address\n"
            "behind the make command you are told where.";
    else if (run->err_size > 0 && strstr(run->err, "left a handle open"))
        meaning =
            "Every handle that was opened has to be closed, when it has done its work.\n"
            "If yours are: the loop ended before that. It had nothing left to wait for;\n"
            "what should have gone on, and was not started?";
    else if (run->err_size > 0 && run->exit_status != verdict->recording->exit_status)
        meaning = "It has ended itself, and says why on stderr, above.";
    else if (!verdict->text_is_right || !verdict->in_order)
        meaning = meaning_of_text(verdict);
    else if (verdict->early)
        meaning = "What comes early does not wait for what it should wait for.";
    else if (verdict->text_is_right && verdict->end_is_right)
        meaning = "What comes late waits for something that it need not wait for.";
    if (meaning)
        fprintf(verdict->why, "%s\n", meaning);
}

/* What was written into a verdict's `why` is fit to be shown as it is. */
static void show_diagnosis(FILE *to, const char *prefix, const char *why, size_t size)
{
    for (const char *end = why + size, *next; why < end; why = next + 1) {
        next = memchr(why, '\n', (size_t)(end - why));
        fprintf(to, "%s%.*s\n", prefix, (int)(next - why), why);
    }
}

/* To stderr, which prove shows; in one piece, since others write there too. */
static void publish(const char *title, const char *why, size_t size)
{
    char *text;
    size_t text_size;
    FILE *piece = open_memstream(&text, &text_size);

    if (piece == NULL)
        give_up("no memory for a diagnosis");
    fprintf(piece, "# %s:\n", title);
    show_diagnosis(piece, "#   ", why, size);
    if (fclose(piece) != 0 || write(STDERR_FILENO, text, text_size) < 0) {
        /* nobody listens; the verdict is on stdout */
    }
    free(text);
}

/* --- Keeping what a run printed, in the form of a .out file --- */

static void write_run(FILE *to, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->run.count; i++) {
        const struct line *line = &verdict->lines[i];

        if (line->kind == TIMED)
            fprintf(to, "[%2ld.%02ld] ", line->stamp / 100, line->stamp % 100);
        else if (line->kind != OTHER)
            fputs(line->kind == UNTIMED ? "[  -  ] " : "~ ", to);
        fwrite(line->text, 1, line->size, to);
        fputc('\n', to);
    }
    for (size_t i = 0; i < verdict->run.err_size; i++) {
        if (i == 0 || verdict->run.err[i - 1] == '\n')
            fputs("! ", to);
        fputc(verdict->run.err[i], to);
    }
    if (verdict->run.err_size > 0 && verdict->run.err[verdict->run.err_size - 1] != '\n')
        fputc('\n', to);
    if (verdict->run.signal != 0)
        fprintf(to, "exit %d\n", 128 + verdict->run.signal);
    else if (verdict->run.exit_status != 0)
        fprintf(to, "exit %d\n", verdict->run.exit_status);
}

/* lessons/05-chores/x.out -> build/failed/05-chores/x.out, for a look at leisure
 * and for CI to keep. What stood there from another run is gone either way. */
static void keep_failed(const struct verdict *verdict, const char *path, bool failed)
{
    const char *build = getenv("BUILD"), *file = strrchr(path, '/');
    const char *lesson = file;
    char *kept = room_for(strlen(path) + strlen(build ? build : "build") + 32, 1);
    FILE *to;

    while (lesson > path && lesson[-1] != '/')
        lesson--;
    sprintf(kept, "%s/failed", build ? build : "build");
    if (failed)
        mkdir(kept, 0777);
    sprintf(strchr(kept, '\0'), "/%.*s", (int)(file - lesson), lesson);
    if (failed)
        mkdir(kept, 0777);
    strcat(kept, file);
    unlink(kept);
    if (failed && (to = fopen(kept, "w")) != NULL) {
        write_run(to, verdict);
        if (fclose(to) == 0)
            fprintf(verdict->why, "all that it printed is in %s\n", kept);
    }
    free(kept);
}

/* --- The two things that check does --- */

static void point(int number, bool ok, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void point(int number, bool ok, const char *format, ...)
{
    va_list args;

    printf("%sok %d - ", ok ? "" : "not ", number);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void cannot_judge(const char *what, const char *how)
{
    if (student)
        return; /* the reason is shown instead of a verdict */
    puts("1..1");
    point(1, false, "%s can be %s", what, how);
}

static bool report(struct verdict *verdict, const char *path)
{
    bool text = verdict->text_is_right && verdict->in_order;
    bool times = text && !verdict->early && !verdict->run.ended_by_us &&
                 (!timing || !anything_late(verdict));
    bool all = text && times && verdict->end_is_right;
    if (!text && predicted_wrong(verdict))
        explain_prediction(verdict);
    else if (!text)
        explain_text(verdict);
    if (verdict->text_is_right && !times && !verdict->run.ended_by_us)
        explain_times(verdict);
    if (!verdict->end_is_right)
        explain_end(verdict);
    if (student) {
        puts(all ? "Passed: the lines, their times and the end are right." : "Not yet:");
        if (!all)
            advise(verdict);
        return all;
    }
    if (path)
        keep_failed(verdict, path, !all);
    if (verdict->stalls > 0)
        fprintf(stderr, "# %s: the machine stood still in %d of %d runs\n", verdict->name,
                verdict->stalls, verdict->runs);
    puts("1..3");
    point(1, text, "%s prints the recorded lines", verdict->name);
    if (!timing)
        point(2, true, "%s # SKIP TIMING=off: no times are judged", verdict->name);
    else if (text && times && !verdict->end_is_right)
        point(2, true, "%s # SKIP it ended wrong: no times are judged", verdict->name);
    else
        point(2, times, "%s takes the recorded time%s%s", verdict->name,
              verdict->runs > 1 ? ", looked at more than once" : "",
              verdict->text_is_right ? "" : " (can't be told: the lines differ)");
    point(3, verdict->end_is_right, "%s ends as recorded and leaves nothing behind",
          verdict->name);
    return all;
}

static bool check(const char *path, const char *name, char *const argv[], bool is_lesson)
{
    struct recording recording = {0};
    struct verdict verdict = {.name = name, .program = argv[0], .recording = &recording};
    bool all = false;

    verdict.why = open_memstream(&verdict.said, &verdict.said_size);
    if (verdict.why == NULL)
        give_up("no memory for a diagnosis");
    if (!read_recording(&recording, path, verdict.why)) {
        cannot_judge(path, "read");
    } else if (strchr(argv[0], '/') != NULL && access(argv[0], X_OK) != 0) {
        fprintf(verdict.why, "%s cannot be run: %s%s\n", argv[0], strerror(errno),
                errno == ENOENT ? " (`make` builds it)" : "");
        cannot_judge(name, "run");
    } else {
        verdict.late = room_for(recording.count, sizeof *verdict.late);
        verdict.behind = room_for(recording.count, sizeof *verdict.behind);
        while (try_once(&verdict, argv))
            forget_run(&verdict);
        all = report(&verdict, is_lesson ? path : NULL);
        forget_run(&verdict);
    }
    if (fclose(verdict.why) != 0)
        give_up("no memory for a diagnosis");
    if (!all && student)
        show_diagnosis(stdout, "  ", verdict.said, verdict.said_size);
    else if (!all)
        publish(name, verdict.said, verdict.said_size);
    free(verdict.said);
    free(verdict.late);
    free(verdict.behind);
    free_recording(&recording);
    return all;
}

/* Of a program that does the same in every run. Returns what doesn't fit. */
static const char *take_smallest(struct verdict *first, const struct verdict *next)
{
    const struct run *a = &first->run, *b = &next->run;

    if (b->start_error != 0)
        return strerror(b->start_error);
    if (b->ended_by_us)
        return "it does not end";
    if (b->signal != 0)
        return strsignal(b->signal);
    if (b->left_children)
        return "it leaves a process running";
    if (b->cut_short)
        return "its last line has no newline";
    if (b->err_size > 0 && b->err[b->err_size - 1] != '\n')
        return "its last line on stderr has no newline";
    if (b->count == 0 && b->err_size == 0 && b->exit_status == 0)
        return "it prints nothing";
    if (b->count != a->count || b->exit_status != a->exit_status ||
        b->err_size != a->err_size || memcmp(a->err, b->err, a->err_size) != 0)
        return "two runs differ";
    for (size_t i = 0; i < a->count; i++) {
        if (next->lines[i].kind == OTHER)
            return "it prints a line that say(), say_untimed() or measure() did not";
        if (!same_line(&first->lines[i], &next->lines[i]))
            return "two runs differ";
        if (next->lines[i].stamp < first->lines[i].stamp)
            first->lines[i].stamp = next->lines[i].stamp;
    }
    return NULL;
}

/* Write beside the file, then put it in its place: it is never half there. */
static void replace_file(const struct verdict *verdict, const char *path)
{
    char *beside = room_for(strlen(path) + 8, 1);
    char *diff[] = {"diff", "-u", (char *)(uintptr_t)path, beside, NULL};
    struct run run;
    FILE *to;
    int fd;

    sprintf(beside, "%s.XXXXXX", path);
    fd = mkstemp(beside);
    to = fd < 0 ? NULL : fdopen(fd, "w");
    if (to == NULL)
        give_up("cannot write %s: %s", beside, strerror(errno));
    write_run(to, verdict);
    if ((ferror(to) | fclose(to)) != 0 || chmod(beside, 0644) != 0) {
        int error = errno;

        unlink(beside);
        give_up("cannot write %s: %s", path, strerror(error));
    }
    run = run_program(diff, false, 60000);
    if (access(path, F_OK) != 0)
        printf("%s: new, %zu lines\n", path, verdict->run.count);
    else if (run.exit_status == 0)
        printf("%s: unchanged\n", path);
    else
        fwrite(run.out, 1, run.out_size, stdout);
    free_run(&run);
    if (rename(beside, path) != 0) {
        int error = errno;

        unlink(beside);
        give_up("cannot replace %s: %s", path, strerror(error));
    }
    free(beside);
}

/* One in which the machine did not stand still, if there is any. */
static struct run run_for_record(char *const argv[])
{
    for (int stalls = 0;; stalls++) {
        struct run run = run_program(argv, around != NULL, (int64_t)(60000 * slow));

        if (stalls == MOST_STALLS || !stood_still(&run))
            return run;
        free_run(&run);
    }
}

static void record(const char *path, const char *name, char *const argv[])
{
    struct verdict first = {.name = name};

    for (int i = 0; i < RECORDINGS; i++) {
        struct verdict next = {.run = run_for_record(argv)};
        const char *fault;

        next.lines = lines_of(&next.run);
        if (i == 0)
            first = next;
        fault = take_smallest(&first, &next);
        if (fault) {
            show_lines(stderr, "  ", next.run.err, next.run.err_size, MOST_SHOWN);
            give_up("cannot record %s: %s", name, fault);
        }
        if (i > 0)
            forget_run(&next);
    }
    replace_file(&first, path);
    forget_run(&first);
}

/* lessons/12-queue/queue_async@5.out -> {build/lessons/12-queue/queue_async, 5} */
static char **command_of(const char *path)
{
    const char *build = getenv("BUILD");
    size_t size = strlen(path) + strlen(build ? build : "build") + 2;
    size_t count = 1, length = strlen(path);
    static char *text, **argv; /* until the end */

    if (length < 5 || strcmp(path + length - 4, ".out") != 0 || !strchr(path, '/'))
        give_up("%s is no .out file in a lesson's directory", path);
    text = room_for(size, 1);
    argv = room_for(size, sizeof *argv);
    sprintf(text, "%s/%.*s", build ? build : "build", (int)(length - 4), path);
    argv[0] = text;
    for (char *at = strrchr(text, '/'); (at = strchr(at, '@')) != NULL;) {
        *at++ = '\0'; /* a directory may have an @ in its name, too */
        argv[count++] = at;
    }
    return argv;
}

/* build/common/with-site, if the lesson `needs: site`, or with-postgres; else NULL. */
static char *find_around(const char *path)
{
    const char *build = getenv("BUILD"), *slash = strrchr(path, '/');
    char line[256], *found = NULL, *about = room_for(strlen(path) + sizeof "about", 1);
    FILE *file;

    sprintf(about, "%.*sabout", slash ? (int)(slash + 1 - path) : 0, path);
    file = fopen(about, "r");
    free(about);
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "needs:", 6) == 0)
            for (char *need = strtok(line + 6, " \n"); need; need = strtok(NULL, " \n"))
                if (!found && (!strcmp(need, "site") || !strcmp(need, "postgres"))) {
                    found = room_for(strlen(build ? build : "build") + 32, 1);
                    sprintf(found, "%s/common/with-%s", build ? build : "build", need);
                }
    if (file)
        fclose(file);
    return found;
}

/* Put before the command what is around it, and the words of $UNDER, a tool like
 * valgrind. */
static char **started_by(char **argv)
{
    const char *under = getenv("UNDER");
    static char *words, **all; /* until the end */
    size_t count = 0, room = 2;

    words = strdup(under ? under : "");
    for (char **arg = argv; *arg; arg++)
        room++;
    all = room_for(room + strlen(words), sizeof *all);
    if (around)
        all[count++] = around;
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
    FILE *to = open_memstream(&name, &size);

    if (to == NULL)
        give_up("no memory for a name");
    for (size_t i = 0; argv[i]; i++) {
        const char *word = i == 0 && slash ? slash + 1 : argv[i];

        if (i > 0)
            fputc(' ', to);
        show_text(to, word, strlen(word));
    }
    if (fclose(to) != 0)
        give_up("no memory for a name");
    for (char *hash = name; (hash = strchr(hash, '#')) != NULL;)
        *hash = '?';
    return name;
}

static void read_environment(void)
{
    const char *factor = getenv("SLOW"), *judged = getenv("TIMING");
    char *end = NULL;

    if (factor && *factor) {
        slow = strtod(factor, &end);
        if (*end != '\0' || !(slow >= 1 && slow <= 1000))
            give_up("SLOW is a factor from 1 to 1000, not \"%s\"", factor);
    }
    if (judged && *judged && strcmp(judged, "on") != 0 && strcmp(judged, "off") != 0)
        give_up("TIMING is on or off, not \"%s\"", judged);
    timing = !(judged && strcmp(judged, "off") == 0);
    setenv("UV_USE_IO_URING", "0",
           1); /* libuv 1.45-1.48 would read files without the pool */
    unsetenv("UV_THREADPOOL_SIZE");
    setenv("LC_ALL", "C", 1);
}

int main(int argc, char *argv[])
{
    bool recording = argc > 1 && strcmp(argv[1], "--record") == 0;
    const char *path;
    char **command, *name;
    bool all = true;

    student = argc > 1 && strcmp(argv[1], "--student") == 0;
    argv += recording || student ? 2 : 1;
    path = *argv++;
    if (path == NULL || *path == '-') {
        fputs("usage: check [--record|--student] FILE.out [PROGRAM [ARGUMENT...]]\n",
              stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    end_with_program();
    read_environment();
    command = *argv ? argv : command_of(path);
    name = name_of(command);
    around = find_around(path);
    if (recording)
        record(path, name, started_by(command));
    else
        all = check(path, name, started_by(command), *argv == NULL);
    free(name);
    free(around);
    if (fflush(stdout) != 0 || ferror(stdout))
        give_up("cannot write to stdout: %s", strerror(errno));
    return all ? 0 : 1;
}
