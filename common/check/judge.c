/* judge.c - see judge.h */

#include "judge.h"

#include "die.h"

#include <stdlib.h>
#include <string.h>

static double ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static double stamp_of(const struct line *line)
{
    return 10 * (double)line->stamp; /* ms */
}

/* --- Text and order --- */

struct line *judge_lines(const struct run *run)
{
    struct line *lines = xcalloc(run->count, sizeof *lines);

    for (size_t i = 0; i < run->count; i++)
        lines[i] = line_read(run->out + run->lines[i].start, run->lines[i].size);
    return lines;
}

static int compare_pointers(const void *a, const void *b)
{
    const struct line *const *one = a, *const *other = b;
    int order = line_compare(*one, *other);

    return order ? order : (*one > *other) - (*one < *other);
}

static const struct line **sorted(const struct line *lines, size_t count)
{
    const struct line **pointers = xcalloc(count, sizeof *pointers);

    for (size_t i = 0; i < count; i++)
        pointers[i] = &lines[i];
    qsort(pointers, count, sizeof *pointers, compare_pointers);
    return pointers;
}

/* Find the recorded line of each line of the run. Among equal lines the first is the
 * first. Returns false when they are not the same lines. */
static bool match_lines(struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    const struct line **wanted, **got;
    bool same = verdict->run->count == recording->count && !verdict->run->cut_short;

    if (!same)
        return false;
    wanted = sorted(recording->lines, recording->count);
    got = sorted(verdict->lines, recording->count);
    for (size_t i = 0; same && i < recording->count; i++) {
        same = line_equals(wanted[i], got[i]);
        verdict->recorded_index[got[i] - verdict->lines] =
            (size_t)(wanted[i] - recording->lines);
    }
    free(wanted);
    free(got);
    return same;
}

/* Line `first` is recorded before line `second`, and came after it. This may be noise if
 * the first was delayed by their distance, less what the second may come early. */
static bool may_be_noise(const struct verdict *verdict, size_t first, size_t second,
                         size_t came)
{
    const struct line *wanted = verdict->recording->lines;
    long gap = wanted[second].stamp - wanted[first].stamp;

    return wanted[first].kind == TIMED && wanted[second].kind == TIMED && gap > 0 &&
           verdict->lines[came].stamp - wanted[first].stamp >= gap - EARLY / 10;
}

/* Whether the order is one that noise may explain; sets `in_order`. */
static bool judge_order(struct verdict *verdict)
{
    size_t count = verdict->run->count;
    const size_t *index = verdict->recorded_index;

    verdict->in_order = true;
    for (size_t i = 1; i < count; i++)
        verdict->in_order = verdict->in_order && index[i] > index[i - 1];
    if (verdict->in_order || count > MOST_SWAPS)
        return verdict->in_order;
    for (size_t j = 1; j < count; j++)
        for (size_t i = 0; i < j; i++)
            if (index[i] > index[j] && !may_be_noise(verdict, index[j], index[i], j))
                return false;
    return true;
}

/* --- Times --- */

/* How late something may be: as late as in any program, and by the run-queue delay of
 * this one, within limits. */
static double allowance(const struct verdict *verdict, int64_t runqueue_ns, double stamp)
{
    double most = stamp / 8 > MOST_DELAY ? stamp / 8 : MOST_DELAY;
    double excused = ms(runqueue_ns) - USUAL_DELAY;

    if (excused > most || !verdict->run->delays_known)
        excused = most;
    return (LATE + (excused > 0 ? excused : 0)) * verdict->rule->slow;
}

bool verdict_line_is_false(const struct verdict *verdict, size_t i)
{
    return verdict->lines[i].kind == TIMED &&
           ms(verdict->run->lines[i].arrived) < stamp_of(&verdict->lines[i]) - EARLY;
}

bool verdict_line_is_early(const struct verdict *verdict, size_t i)
{
    const struct line *wanted = &verdict->recording->lines[verdict->recorded_index[i]];

    return verdict->lines[i].kind == TIMED &&
           stamp_of(&verdict->lines[i]) < stamp_of(wanted) - EARLY;
}

/* The origin of the run's stamps, in ms after the start of the program: from the line
 * that arrived soonest after its stamp. (The first need not: all may be buffered until
 * the end.) */
static double find_origin(const struct verdict *verdict)
{
    double soonest = 0;
    bool found = false;

    for (size_t i = 0; i < verdict->run->count; i++) {
        double origin = ms(verdict->run->lines[i].arrived);

        if (verdict->lines[i].kind == TIMED)
            origin -= stamp_of(&verdict->lines[i]);
        else if (i > 0)
            continue;
        if (!found || origin < soonest)
            soonest = origin;
        found = true;
    }
    return soonest;
}

/* The time before the first line and after the last, in which a program does nothing but
 * start and end: all its run-queue delay then is excused, and that of its reader within
 * limits. After a last line without a stamp, its arrival counts as its stamp. */
static struct lateness judge_unaccounted(const struct verdict *verdict, double origin)
{
    const struct run *run = verdict->run;
    double own = ms(run->runqueue_ns), reader = ms(run->reader_runqueue_ns);
    double accounted = 0;

    if (run->count > 0) {
        const struct line *line = &verdict->lines[run->count - 1];
        const struct printed *first = &run->lines[0], *last = &run->lines[run->count - 1];

        own -= ms(last->runqueue_ns - first->runqueue_ns);
        reader -= ms(last->reader_runqueue_ns - first->reader_runqueue_ns);
        accounted = line->kind == TIMED ? stamp_of(line) : ms(last->arrived) - origin;
    }
    own = own > USUAL_DELAY ? own - USUAL_DELAY : 0;
    if (reader > MOST_DELAY || !run->delays_known)
        reader = MOST_DELAY;
    return (struct lateness){ms(run->took) - accounted,
                             (UNACCOUNTED + own + reader) * verdict->rule->slow, true};
}

static void judge_times(struct verdict *verdict)
{
    double origin = find_origin(verdict);

    for (size_t i = 0; i < verdict->run->count; i++) {
        const struct printed *printed = &verdict->run->lines[i];
        size_t recorded = verdict->recorded_index[i];
        double stamp = stamp_of(&verdict->lines[i]);
        double wanted = stamp_of(&verdict->recording->lines[recorded]);
        int64_t own = printed->runqueue_ns, reader = printed->reader_runqueue_ns;

        if (verdict->lines[i].kind != TIMED)
            continue;
        verdict->early +=
            verdict_line_is_early(verdict, i) || verdict_line_is_false(verdict, i);
        verdict->stamps[recorded] =
            (struct lateness){stamp - wanted, allowance(verdict, own, wanted), true};
        verdict->arrivals[recorded] =
            (struct lateness){ms(printed->arrived) - origin - stamp,
                              allowance(verdict, own + reader, wanted), true};
    }
    verdict->unaccounted = judge_unaccounted(verdict, origin);
}

bool lateness_exceeds(const struct lateness *lateness)
{
    return lateness->by > lateness->allowed;
}

bool verdict_is_late(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->recording->count; i++)
        if (lateness_exceeds(&verdict->stamps[i]) ||
            lateness_exceeds(&verdict->arrivals[i]))
            return true;
    return lateness_exceeds(&verdict->unaccounted);
}

/* --- The verdict --- */

bool verdict_same_stderr(const struct verdict *verdict)
{
    const struct run *run = verdict->run;
    const struct recording *recording = verdict->recording;

    return run->err_size == recording->err_size &&
           (run->err_size == 0 || memcmp(run->err, recording->err, run->err_size) == 0);
}

struct verdict judge(const struct recording *recording, const struct run *run,
                     const struct rule *rule)
{
    struct verdict verdict = {
        .rule = rule,
        .recording = recording,
        .run = run,
        .lines = judge_lines(run),
        .recorded_index = xcalloc(run->count, sizeof *verdict.recorded_index),
        .stamps = xcalloc(recording->count, sizeof *verdict.stamps),
        .arrivals = xcalloc(recording->count, sizeof *verdict.arrivals)};

    verdict.same_lines = match_lines(&verdict);
    verdict.text_is_right = verdict.same_lines && judge_order(&verdict);
    verdict.end_is_right = !run->ended_by_us && !run->left_children &&
                           run->exit_status == recording->exit_status &&
                           verdict_same_stderr(&verdict);
    if (rule->timing && verdict.text_is_right && verdict.end_is_right)
        judge_times(&verdict);
    return verdict;
}

static void keep_smaller(struct lateness *kept, const struct lateness *next)
{
    if (next->known &&
        (!kept->known || next->by - next->allowed < kept->by - kept->allowed))
        *kept = *next;
}

void verdict_merge(struct verdict *verdict, struct verdict *next)
{
    if (verdict->recording) {
        for (size_t i = 0; i < next->recording->count; i++) {
            keep_smaller(&next->stamps[i], &verdict->stamps[i]);
            keep_smaller(&next->arrivals[i], &verdict->arrivals[i]);
        }
        keep_smaller(&next->unaccounted, &verdict->unaccounted);
        next->in_order = next->in_order || verdict->in_order;
    }
    verdict_free(verdict);
    *verdict = *next;
    *next = (struct verdict){0};
}

bool verdict_passes(const struct verdict *verdict)
{
    return verdict->text_is_right && verdict->in_order && verdict->end_is_right &&
           verdict->early == 0 && !verdict_is_late(verdict);
}

bool verdict_is_final(const struct verdict *verdict)
{
    return !verdict->text_is_right || !verdict->end_is_right || verdict->early > 0;
}

bool judge_is_stalled(const struct run *run)
{
    const char *err = run->err ? run->err : "";
    bool crashed = run->signal != 0 || strstr(err, "Sanitizer") != NULL ||
                   strstr(err, "runtime error:") != NULL ||
                   strncmp(err, "==", 2) == 0; /* that's valgrind */

    return (ms(run->stalled_ns) >= STALL || ms(run->throttled_ns) >= STALL) && !crashed &&
           !run->ended_by_us;
}

void verdict_free(struct verdict *verdict)
{
    free(verdict->lines);
    free(verdict->recorded_index);
    free(verdict->stamps);
    free(verdict->arrivals);
    *verdict = (struct verdict){0};
}

/* --- One run after the other --- */

void judge_runs(struct judgement *judgement, const struct recording *recording,
                const struct rule *rule, const struct patience *patience,
                struct run (*next_run)(void *), void *context)
{
    int hangs = 0;
    bool sure = false;

    *judgement = (struct judgement){.runs = 0};
    while (!sure) {
        struct run run = next_run(context);
        struct verdict next = judge(recording, &run, rule);

        judgement->runs++;
        if (!verdict_passes(&next) && judge_is_stalled(&run) &&
            judgement->stalls < patience->stalls) {
            judgement->stalls++;
            verdict_free(&next);
            run_free(&run);
            continue;
        }
        hangs += run.ended_by_us;
        sure = run.ended_by_us ? hangs > patience->hangs : verdict_is_final(&next);
        run_free(&judgement->run);
        judgement->run = run;
        next.run = &judgement->run;
        verdict_merge(&judgement->verdict, &next);
        sure = sure || verdict_passes(&judgement->verdict) ||
               judgement->runs - judgement->stalls == patience->runs;
    }
}

void judgement_free(struct judgement *judgement)
{
    verdict_free(&judgement->verdict);
    run_free(&judgement->run);
}
