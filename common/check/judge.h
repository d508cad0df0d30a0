/* judge.h - the rule: whether a run is what was recorded. Judging is a function: it
 * prints nothing, and has no state.
 *
 * Text, line count and end must be exact. Noise only ever delays: so a line that comes
 * early is wrong. Noise comes and goes: so a line that comes late is wrong when it is
 * late in every run, and by more than the kernel says that the program was kept waiting
 * for a processor. A run in which the whole machine stood still, or was throttled, may be
 * wrong in any way but by a crash. */
#ifndef JUDGE_H
#define JUDGE_H

#include "recording.h"
#include "run.h"

enum {
    EARLY = 15,        /* ms; a libuv timer may be 1 ms early, rounding adds 5 + 5 */
    LATE = 80,         /* ms that a line may be late */
    USUAL_DELAY = 20,  /* ms that any program waits for a processor */
    MOST_DELAY = 100,  /* ms, or an eighth of the stamp if that is more */
    UNACCOUNTED = 300, /* ms from start to end that no stamp accounts for */
    STALL = 50,        /* ms; a machine that stands still for longer changes any run */
    MOST_SWAPS = 2000  /* lines; in longer runs any swap is wrong */
};

struct rule {
    bool timing; /* false: times are not judged */
    double slow; /* how many times as late everything may be; 1 or more */
};

/* How much later something was than it should have been, in ms. */
struct lateness {
    double by, allowed;
    bool known;
};

struct verdict {
    const struct rule *rule;
    const struct recording *recording;
    const struct run *run;  /* the latest of those that were merged */
    struct line *lines;     /* its lines */
    size_t *recorded_index; /* for each of them: which recorded line it is */
    bool same_lines;        /* in whatever order */
    bool text_is_right;     /* the same lines, in an order that noise may explain */
    bool in_order;          /* in the recorded order, in one of the runs */
    bool end_is_right;
    size_t early; /* lines before their time, and those stamped ahead of the clock */
    /* For each recorded line, of all runs the one in which it was best: */
    struct lateness *stamps;     /* the stamp, compared with the recorded one */
    struct lateness *arrivals;   /* the arrival, compared with the stamp */
    struct lateness unaccounted; /* the time from start to end that is in no stamp */
};

/* Judge a run. The verdict refers to the arguments; verdict_free() frees it. */
struct verdict judge(const struct recording *recording, const struct run *run,
                     const struct rule *rule);

/* Take a later run's verdict into that of the runs before it: each line keeps its
 * smallest lateness. `next` is used up. */
void verdict_merge(struct verdict *verdict, struct verdict *next);

bool verdict_passes(const struct verdict *verdict);

/* Whether it is wrong in a way that no noise explains, so that another run can't help. */
bool verdict_is_final(const struct verdict *verdict);

/* Whether any line, or the run as a whole, is later than is allowed. */
bool verdict_is_late(const struct verdict *verdict);

/* Whether line i of the run comes before its time, or is stamped ahead of the clock. */
bool verdict_line_is_early(const struct verdict *verdict, size_t i);
bool verdict_line_is_false(const struct verdict *verdict, size_t i);

bool verdict_same_stderr(const struct verdict *verdict);

void verdict_free(struct verdict *verdict);

bool lateness_exceeds(const struct lateness *lateness);

/* Whether the run, if it is wrong, proves nothing, since the machine stood still or was
 * throttled meanwhile. No stall causes a crash, or a tool's report of one. */
bool judge_is_stalled(const struct run *run);

/* The lines of a run; free() frees them. They point into it. */
struct line *judge_lines(const struct run *run);

/* How often a program is run. */
struct patience {
    int runs;   /* at most, when what is wrong may be noise */
    int stalls; /* at most, of further ones that a stall has spoilt: they are not counted
                 */
    int hangs;  /* that are taken for noise */
};

struct judgement {
    struct verdict verdict; /* of all runs that count */
    struct run run;         /* the latest of them, to which the verdict refers */
    int runs, stalls;       /* all runs, and those that a stall has spoilt */
};

/* Judge one run after the other, until another one could change nothing. next(context)
 * returns a run, which is freed here. judgement_free() frees the result. */
void judge_runs(struct judgement *judgement, const struct recording *recording,
                const struct rule *rule, const struct patience *patience,
                struct run (*next)(void *), void *context);

void judgement_free(struct judgement *judgement);

#endif
