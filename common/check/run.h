/* run.h - run one program to its end, and write down what it printed, when, and how long
 * the kernel made it wait for a processor. A run can be saved as text, and loaded. */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* All times are in ns; arrivals and `took` are since the start of the program. */
struct printed {
    size_t start, size; /* in the run's `out`, without the newline */
    int64_t arrived;
    int64_t runqueue_ns;        /* its run-queue delay by then */
    int64_t reader_runqueue_ns; /* the same of its reader, this process */
};

struct run {
    char *out, *err; /* all it printed; out_size and err_size bytes, then a 0 */
    size_t out_size, err_size;
    struct printed *lines; /* of stdout */
    size_t count;
    bool cut_short;             /* the last line has no newline at its end */
    bool ended_by_us;           /* it ran longer than it may, or printed without end */
    bool left_children;         /* it ended, and a process that it started went on */
    bool delays_known;          /* the system has run-queue delays */
    int exit_status;            /* or -1: see `signal`, `start_error` */
    int signal;                 /* that it died of */
    int start_error;            /* an errno: it could not be started */
    int64_t took;               /* from its start to its end */
    int64_t runqueue_ns;        /* that it and its children waited for a processor */
    int64_t reader_runqueue_ns; /* that we did meanwhile */
    int64_t stalled_ns;         /* the longest time that the whole machine seems to have
                                 * stood still: a sample was due, and we neither worked
                                 * nor waited for a processor */
    int64_t throttled_ns;       /* that our control group was throttled */
};

/* Run argv[0] (looked for in $PATH when it has no slash) with its arguments, stdin empty,
 * in a process group of its own, for at most `limit` ms (not counting time in which this
 * machine stood still). When it returns, nothing of the program is left running. Free the
 * result with run_free(). Dies when the system can't give what it needs.
 *
 * If argv[0] is a `wrapper` (with-site, with-postgres), all times are from its readiness
 * on: see common/servers/launch.h. */
struct run run_program(char *const argv[], bool wrapper, int64_t limit);

void run_free(struct run *run);

/* End the program that is running, if any, and all its descendants, when this program is
 * to end: by SIGINT, SIGTERM, SIGHUP (unless they were ignored at its start, as nohup
 * does), or by die(). Call it once, before any run. */
void run_end_with_us(void);

/* --- A run as text, one fact a line; saved.c describes the form --- */

void run_save(FILE *to, const struct run *run);

/* Load the next run. Returns false at the end, and when what is there is no run; then
 * `why` is a sentence that shows the line, else NULL. It is good until the next call. */
bool run_load(FILE *from, struct run *run, const char **why);

#endif
