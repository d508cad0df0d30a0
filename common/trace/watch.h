/* watch.h - looks at a traced program from outside while it runs: where it is when a
 * callback takes long. */
#ifndef TRACE_WATCH_H
#define TRACE_WATCH_H

#include "record.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a thread was, during what had begun at `start`: what may be return addresses on
 * its stack, the outermost first, each with the function that was called there (0 if
 * through a pointer), and at last where it was. */
enum { SAMPLE_CALLS = 64 };
struct sample {
    uint64_t start;
    uint32_t thread, count;
    uint64_t at[SAMPLE_CALLS], called[SAMPLE_CALLS];
};

struct watch {
    struct sample *samples; /* free() frees them */
    size_t count, capacity;
    int child;  /* ours: if it ended just while we looked, */
    bool ended; /* this says so, */
    int status; /* and how, as waitpid() does */
};

/* Look once. */
void watch_look(struct watch *watch, struct trace_record *record);

#endif
