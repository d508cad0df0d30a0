/* watch.h - looks at a traced program from outside while it runs: where it is when a
 * callback takes long, and how long it waited for a processor. */
#ifndef TRACE_WATCH_H
#define TRACE_WATCH_H

#include "record.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a thread was, during what had begun at `start`: a line of the callback, and of
 * the innermost function that it called there, in the same module. */
struct sample {
    uint32_t thread;
    uint64_t start, outer, inner; /* addresses */
};

/* How long a thread was kept waiting for a processor during what began at `start`, ns. */
struct delay {
    uint32_t thread;
    uint64_t start, by;
};

struct watch {
    struct sample *samples;
    struct delay *delays;
    size_t sample_count, sample_capacity, delay_count, delay_capacity;
    int child;  /* ours: if it ended just while we looked, */
    bool ended; /* this says so, */
    int status; /* and how, as waitpid() does */
};

/* Look once. `pid` is the recorded process. */
void watch_look(struct watch *watch, const struct trace_record *record, int pid);

/* The program has ended. */
void watch_end(struct watch *watch);

/* Whether we looked while a thread was in what began at `start`. If not, we were kept
 * waiting ourselves, and it may have been, too. After watch_end(). */
bool watch_has_seen(const struct watch *watch, uint32_t thread, uint64_t start);

#endif
