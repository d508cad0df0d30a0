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

struct line *lines_of(const struct run *run)
{
    struct line *lines = room_for(run->count, sizeof *lines);

    for (size_t i = 0; i < run->count; i++)
        lines[i] = line_read(run->out + run->lines[i].start, run->lines[i].size);
    return lines;
}

struct entry {
    const struct line *line;
    size_t index;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    int order = line_compare(one->line, other->line);

    return order ? order : (one->index > other->index) - (one->index < other->index);
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
static bool match_lines(struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    struct entry *wanted, *got;
    bool same = verdict->run->count == recording->count && !verdict->run->cut_short;

    if (!same)
        return false;
    wanted = sorted(recording->lines, recording->count);
    got = sorted(verdict->lines, recording->count);
    for (size_t i = 0; same && i < recording->count; i++) {
        same = line_equals(wanted[i].line, got[i].line);
        verdict->recorded_index[got[i].index] = wanted[i].index;
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

/* How late something may be: what any program may be, and what the kernel made this one
 * wait for a processor, within reason. */
static double allowance(const struct run *run, const struct rule *rule, int64_t delayed,
                        double stamp)
{
    double most = stamp / 8 > MOST_DELAY ? stamp / 8 : MOST_DELAY;
    double excused = ms(delayed) - USUAL_DELAY;

    if (excused > most || !run->delays_known)
        excused = most;
    return (LATE + (excused > 0 ? excused : 0)) * rule->slow;
}

bool is_stamped_falsely(const struct verdict *verdict, size_t i)
{
    return verdict->lines[i].kind == TIMED &&
           ms(verdict->run->lines[i].arrived) < stamp_of(&verdict->lines[i]) - EARLY;
}

bool is_early(const struct verdict *verdict, size_t i)
{
    const struct line *wanted = &verdict->recording->lines[verdict->recorded_index[i]];

    return verdict->lines[i].kind == TIMED &&
           stamp_of(&verdict->lines[i]) < stamp_of(wanted) - EARLY;
}

/* Where the run's own time 0 is, in ms after the start of the program: the line
 * that came soonest after its stamp tells. (The first need not: all may be held
 * back until the end.) */
static double find_origin(const struct verdict *verdict)
{
    double soonest = 0;
    bool found = false;

    for (size_t i = 0; i < verdict->run->count; i++) {
        double behind = ms(verdict->run->lines[i].arrived);

        if (verdict->lines[i].kind == TIMED)
            behind -= stamp_of(&verdict->lines[i]);
        else if (i > 0)
            continue;
        if (!found || behind < soonest)
            soonest = behind;
        found = true;
    }
    return soonest;
}

/* How long the time before the first line and after the last may be, in which a program
 * does nothing but start and end: whatever the kernel made it wait for a processor then
 * was in its way. Its reader, which waited beside it, is excused within reason. */
static double allowed_outside(const struct run *run, const struct rule *rule)
{
    double own = ms(run->runqueue_ns), reader = ms(run->reader_runqueue_ns);

    if (run->count > 0) { /* what happened in between is in the stamps */
        const struct printed *first = &run->lines[0], *last = &run->lines[run->count - 1];

        own -= ms(last->runqueue_ns - first->runqueue_ns);
        reader -= ms(last->reader_runqueue_ns - first->reader_runqueue_ns);
    }
    if (reader > MOST_DELAY || !run->delays_known)
        reader = MOST_DELAY;
    return (HIDDEN + (own > USUAL_DELAY ? own - USUAL_DELAY : 0) + reader) * rule->slow;
}

/* The time from start to end that no stamp tells of. After a line without a
 * time it is unknown how long the work was, so the line's arrival is taken. */
static struct lateness judge_unaccounted(const struct verdict *verdict,
                                         const struct rule *rule, double origin)
{
    const struct run *run = verdict->run;
    size_t count = run->count;
    double told = 0;

    if (count > 0 && verdict->lines[count - 1].kind == TIMED)
        told = stamp_of(&verdict->lines[count - 1]);
    else if (count > 0)
        told = ms(run->lines[count - 1].arrived) - origin;
    return (struct lateness){ms(run->took) - told, allowed_outside(run, rule), true};
}

static void judge_times(struct verdict *verdict, const struct rule *rule)
{
    const struct run *run = verdict->run;
    double origin = find_origin(verdict);

    for (size_t i = 0; i < run->count; i++) {
        size_t recorded = verdict->recorded_index[i];
        const struct printed *printed = &run->lines[i];
        double stamp = stamp_of(&verdict->lines[i]);
        double wanted = stamp_of(&verdict->recording->lines[recorded]);

        if (verdict->lines[i].kind != TIMED)
            continue;
        verdict->early += is_early(verdict, i) || is_stamped_falsely(verdict, i);
        verdict->late[recorded] = (struct lateness){
            stamp - wanted, allowance(run, rule, printed->runqueue_ns, wanted), true};
        verdict->behind[recorded] = (struct lateness){
            ms(printed->arrived) - origin - stamp,
            allowance(run, rule, printed->runqueue_ns + printed->reader_runqueue_ns,
                      wanted),
            true};
    }
    verdict->unaccounted = judge_unaccounted(verdict, rule, origin);
}

bool is_late(const struct lateness *lateness)
{
    return lateness->by > lateness->allowed;
}

bool anything_late(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->recording->count; i++)
        if (is_late(&verdict->late[i]) || is_late(&verdict->behind[i]))
            return true;
    return is_late(&verdict->unaccounted);
}

/* --- The verdict --- */

bool same_errors(const struct run *run, const struct recording *recording)
{
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
        .lines = lines_of(run),
        .recorded_index = room_for(run->count, sizeof *verdict.recorded_index),
        .late = room_for(recording->count, sizeof *verdict.late),
        .behind = room_for(recording->count, sizeof *verdict.behind)};

    verdict.same_lines = match_lines(&verdict);
    verdict.text_is_right = verdict.same_lines && judge_order(&verdict);
    verdict.end_is_right = !run->ended_by_us && !run->left_children &&
                           run->exit_status == recording->exit_status &&
                           same_errors(run, recording);
    if (rule->timing && verdict.text_is_right && verdict.end_is_right)
        judge_times(&verdict, rule);
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
    struct verdict merged = *next, *before = verdict;

    if (before->recording) {
        for (size_t i = 0; i < next->recording->count; i++) {
            keep_smaller(&merged.late[i], &before->late[i]);
            keep_smaller(&merged.behind[i], &before->behind[i]);
        }
        keep_smaller(&merged.unaccounted, &before->unaccounted);
        merged.in_order = next->in_order || before->in_order;
    }
    verdict_free(before);
    *verdict = merged;
    *next = (struct verdict){0};
}

bool verdict_passes(const struct verdict *verdict)
{
    return verdict->text_is_right && verdict->in_order && verdict->end_is_right &&
           verdict->early == 0 && !anything_late(verdict);
}

bool verdict_is_final(const struct verdict *verdict)
{
    return !verdict->text_is_right || !verdict->end_is_right || verdict->early > 0;
}

bool was_stalled(const struct run *run)
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
    free(verdict->late);
    free(verdict->behind);
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
        if (!verdict_passes(&next) && was_stalled(&run) &&
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
