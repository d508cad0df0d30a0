/* judge_noise.c - properties of the rule in common/check/judge.h, tried on random
 * recordings and random runs:
 *
 *     judge_noise noise 10000 1    noise only delays, and comes and goes: none may fail
 *     judge_noise fault 10000 1    the same with one fault of 0.2 s or more: all must
 *
 * The last argument is the first seed. Each wrong judgement is printed with its seed, and
 * the exit status is 1.
 *
 * The noise: a program's lines are delayed, each thread's by itself, by up to half a
 * second, and the kernel's account explains none, some or all of it; the reader is
 * delayed too; a run may hang, once; up to 14 runs are stalled, and may be anything. But
 * each line, the order and the end are right in one of the seven runs that count. */

#include "check/judge.h"
#include "die.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 12, RUNS = 7, MS = 1000000, MOST_TEXT = 4096 };

enum fault {
    NO_FAULT,
    LATE_FROM_HERE, /* a line, and all after it, in every run */
    LATE_ALONE,
    EARLY_ALONE,
    SWAPPED,
    MISSING,
    ADDED,
    OTHER_TEXT,
    OTHER_END,
    OTHER_STDERR,
    CHILD_LEFT,
    HANGS,
    WAITS_UNSEEN,
    ARRIVES_LATE,
    FALSE_STAMP,
    FAULTS
};

static const char *const fault_names[] = {
    "none",         "late from here", "late alone",   "early alone",  "swapped",
    "missing",      "added",          "other text",   "other end",    "other stderr",
    "a child left", "hangs",          "waits unseen", "arrives late", "a false stamp",
};

/* A program, and the noise around it. All times in ms. */
struct world {
    int count;                /* of its lines */
    long stamps[MOST_LINES];  /* as recorded */
    int threads[MOST_LINES];  /* which prints it */
    int good_run[MOST_LINES]; /* in which it has no noise */
    /* The runs without noise for the order, for the time before the first line and after
     * the last, and for the reader. */
    int good_order, good_end, good_reading;
    bool busy, delays_known;
    enum fault fault;
    int at;      /* the line that has the fault */
    long amount; /* of it */
    long delay;  /* the run-queue delay of the run */
    int stalls, hang, counted;
    char text[MOST_TEXT]; /* the recording, as one text that `recording` points into */
    struct recording recording;
};

static uint64_t state;

static long random_below(long most)
{
    state ^= state << 13; /* xorshift64 */
    state ^= state >> 7;
    state ^= state << 17;
    return (long)((state >> 11) % (uint64_t)(most > 0 ? most : 1));
}

static bool one_in(long times)
{
    return random_below(times) == 0;
}

/* How late a line may be with this run-queue delay. (In numbers: the limits of judge.h
 * are what is tested.) */
static long allowed(long stamp, long delay)
{
    long most = stamp / 8 > 100 ? stamp / 8 : 100;
    long excused = delay - 20 < most ? delay - 20 : most;

    return 80 + (excused > 0 ? excused : 0);
}

static void make_recording(struct world *world)
{
    char *to = world->text;
    long stamp = 0;

    world->recording.lines = xcalloc(MOST_LINES, sizeof *world->recording.lines);
    world->recording.count = (size_t)world->count;
    for (int i = 0; i < world->count; i++) {
        int size = sprintf(to, "[%2ld.%02ld] thread %d: line %d", stamp / 1000,
                           stamp / 10 % 100, world->threads[i], i);

        world->recording.lines[i] = line_read(to, (size_t)size);
        world->stamps[i] = stamp;
        to += size + 1;
        /* Two threads are 0.2 s apart, as in the course; one thread may do much at once.
         */
        stamp += one_in(4) ? 0 : 10 * random_below(60);
        if (i + 1 < world->count && world->threads[i + 1] != world->threads[i])
            stamp = world->stamps[i] + 200 + 10 * random_below(40);
    }
}

static void make_world(struct world *world, enum fault fault)
{
    int threads = 1 + (int)random_below(3);

    *world = (struct world){.count = 2 + (int)random_below(MOST_LINES - 2),
                            .fault = fault,
                            .busy = one_in(2),
                            .delays_known = !one_in(4)};
    for (int i = 0; i < world->count; i++) {
        world->threads[i] = (int)random_below(threads);
        world->good_run[i] = (int)random_below(RUNS);
    }
    world->good_order = (int)random_below(RUNS);
    world->good_end = (int)random_below(RUNS);
    world->good_reading = (int)random_below(RUNS);
    world->hang = one_in(10) && fault != HANGS ? (int)random_below(3) : -1;
    world->stalls = one_in(3) ? (int)random_below(15) : 0;
    world->at = 1 + (int)random_below(world->count - 1);
    make_recording(world);
    world->amount = 200 + random_below(1000);
    if (world->busy || !world->delays_known)
        world->amount += allowed(world->stamps[world->at], LONG_MAX);
    if (fault == WAITS_UNSEEN)
        world->amount += 300 + 600 + 100; /* and what the kernel may say */
}

/* --- A run of it --- */

struct printed_line {
    long stamp, arrived; /* ms since the program's first line */
    int line;            /* -1: one that was not recorded */
};

static int compare_arrivals(const void *a, const void *b)
{
    const struct printed_line *one = a, *other = b;

    if (one->arrived != other->arrived)
        return one->arrived < other->arrived ? -1 : 1;
    return one->line - other->line;
}

/* Noise for a line: as much as is allowed in its good run, else up to half a second. An
 * early or false line is noticed only where the noise is smaller than the fault. */
static long noise_for(const struct world *world, int i)
{
    if (world->good_run[i] == world->counted)
        return random_below(allowed(world->stamps[i], world->delay) - 9);
    if (!world->busy)
        return random_below(71);
    if (world->fault == EARLY_ALONE || world->fault == FALSE_STAMP)
        return random_below(150);
    return random_below(500);
}

static void add_fault(const struct world *world, struct printed_line lines[])
{
    for (int i = 0; i < world->count; i++) {
        bool here = i == world->at, from_here = i >= world->at;

        if ((world->fault == LATE_FROM_HERE && from_here) ||
            (world->fault == LATE_ALONE && here)) {
            lines[i].stamp += world->amount;
            lines[i].arrived += world->amount;
        } else if (world->fault == EARLY_ALONE && here) {
            lines[i].stamp -= world->amount;
            lines[i].arrived -= world->amount;
        } else if (world->fault == ARRIVES_LATE && here) {
            lines[i].arrived += world->amount;
        } else if (world->fault == FALSE_STAMP && from_here) {
            lines[i].arrived -= world->amount;
        } else if (world->fault == SWAPPED && here) {
            long first = lines[i - 1].stamp, second = lines[i].stamp;

            lines[i].arrived = lines[i].stamp = (first < second ? first : second) - 1;
            lines[i - 1].arrived = lines[i - 1].stamp = first < second ? second : first;
        }
    }
}

/* As it comes from run.c; the lines are in the order in which they arrive. */
static struct run write_run(const struct world *world, struct printed_line lines[],
                            int count, long start)
{
    struct run run = {.exit_status = 0, .delays_known = world->delays_known};
    bool read_late = world->busy && world->good_reading != world->counted &&
                     world->fault != FALSE_STAMP; /* a late reader can't see that */
    long last = 0, delay = world->delay, reading = random_below(read_late ? 500 : 70);
    int read_from = (int)random_below(count + 1);
    FILE *out = open_text(&run.out, &run.out_size);

    run.lines = xcalloc((size_t)count + 1, sizeof *run.lines);
    qsort(lines, (size_t)count, sizeof *lines, compare_arrivals);
    for (int i = 0; i < count; i++) {
        struct printed *printed = &run.lines[run.count++];
        const char *words = "nobody: nothing";
        size_t size = strlen(words);
        long stamp = lines[i].stamp > 0 ? lines[i].stamp : 0;

        if (lines[i].line >= 0) {
            words = world->recording.lines[lines[i].line].text;
            size = world->recording.lines[lines[i].line].size;
        }
        printed->start = (size_t)ftell(out);
        fprintf(out, "[%2ld.%02ld] %.*s", stamp / 1000, stamp / 10 % 100, (int)size,
                words);
        printed->size = (size_t)ftell(out) - printed->start;
        fputc('\n', out);
        last = lines[i].arrived > last ? lines[i].arrived : last;
        printed->arrived = (last + start + (i < read_from ? 0 : reading)) * MS;
        printed->runqueue_ns = delay * MS;
        printed->reader_runqueue_ns = random_below(world->busy ? 100 : 5) * MS;
    }
    close_text(out, &run.out);
    run.took = (last + start + random_below(50)) * MS;
    run.runqueue_ns = delay * MS;
    return run;
}

static struct run stalled_run(const struct world *world)
{
    struct printed_line lines[MOST_LINES];
    struct run run;
    int count = (int)random_below(world->count + 1);

    for (int i = 0; i < count; i++)
        lines[i] = (struct printed_line){random_below(5000), random_below(5000),
                                         (int)random_below(world->count)};
    run = write_run(world, lines, count, 0);
    *(one_in(2) ? &run.stalled_ns : &run.throttled_ns) = (50 + random_below(1000)) * MS;
    run.exit_status = (int)random_below(2);
    return run;
}

static void end_wrongly(const struct world *world, struct run *run)
{
    if (world->fault == OTHER_END)
        run->exit_status = 3;
    if (world->fault == CHILD_LEFT)
        run->left_children = true;
    if (world->fault == WAITS_UNSEEN)
        run->took += world->amount * MS;
    if (world->fault == HANGS || world->counted == world->hang)
        run->ended_by_us = true, run->exit_status = -1, run->signal = 9;
    if (world->fault == OTHER_STDERR) {
        run->err = xstrfmt("oh\n");
        run->err_size = 3;
    }
}

static struct run next_run(void *context)
{
    struct world *world = context;
    struct printed_line lines[MOST_LINES + 1];
    int count = world->count;
    struct run run;
    long start;

    world->delay = world->busy ? random_below(600) : random_below(20);
    if (world->stalls > 0 && one_in(2)) {
        world->stalls--;
        return stalled_run(world);
    }
    for (int i = count - 1; i >= 0; i--) {
        long time = world->stamps[i] + (i == 0 ? 0 : noise_for(world, i));

        /* A thread's lines keep their order; in one run all do. */
        for (int after = i + 1; after < count; after++)
            if ((world->threads[after] == world->threads[i] ||
                 world->good_order == world->counted) &&
                lines[after].stamp < time)
                time = lines[after].stamp;
        lines[i] = (struct printed_line){time, time, i};
    }
    add_fault(world, lines);
    if (world->fault == MISSING)
        lines[world->at] = lines[--count];
    if (world->fault == OTHER_TEXT)
        lines[world->at].line = -1;
    if (world->fault == ADDED)
        lines[count++] =
            (struct printed_line){random_below(2000), random_below(2000), -1};
    /* A stamp ahead of the clock is seen where the program does not start late. */
    start = random_below(world->busy && world->good_end != world->counted &&
                                 world->fault != FALSE_STAMP
                             ? 900
                             : 100);
    run = write_run(world, lines, count, start);
    end_wrongly(world, &run);
    /* A run that hangs counts for nothing else. */
    world->counted += !run.ended_by_us;
    if (run.ended_by_us)
        world->hang = -1;
    return run;
}

/* Returns whether the judgement is what it should be. */
static bool try(uint64_t seed, enum fault fault)
{
    static const struct patience patience = {.runs = RUNS + 1, .stalls = 14, .hangs = 1};
    static const struct rule rule = {.timing = true, .slow = 1};
    struct judgement judgement;
    struct world world;
    bool passes;

    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (int i = 0; i < 4; i++)
        random_below(2);
    make_world(&world, fault);
    judge_runs(&judgement, &world.recording, &rule, &patience, next_run, &world);
    passes = verdict_passes(&judgement.verdict);
    if (passes != (fault == NO_FAULT))
        fprintf(stderr,
                "# %" PRIu64 " (%s%s, line %d of %d, %ld ms): it %s after %d runs\n",
                seed, fault_names[fault], world.busy ? ", busy" : "", world.at + 1,
                world.count, world.amount, passes ? "passes" : "fails", judgement.runs);
    judgement_free(&judgement);
    free(world.recording.lines);
    return passes == (fault == NO_FAULT);
}

int main(int argc, char *argv[])
{
    long count, wrong = 0;
    uint64_t first;
    bool noise;

    die_as("judge_noise", 2);
    if (argc != 4)
        die("it takes noise or fault, how many, and the first number");
    noise = strcmp(argv[1], "noise") == 0;
    count = atol(argv[2]);
    first = strtoull(argv[3], NULL, 10);
    for (long i = 0; i < count && wrong < 20; i++)
        wrong += !try(first + (uint64_t)i,
                      noise ? NO_FAULT
                            : (enum fault)(1 + (first + (uint64_t)i) % (FAULTS - 1)));
    printf("%ld of %ld are judged wrong\n", wrong, count);
    return wrong > 0;
}
