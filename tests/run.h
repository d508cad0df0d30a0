/* run.h - run one program to its end, and write down what it printed, when,
 * and how long the kernel made it wait for a processor. */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct printed {
    size_t start, size; /* in the run's `out`, without the newline */
    int64_t arrived;    /* ns since the start of the program */
    int64_t delayed;    /* ns it had waited for a processor by then */
    int64_t read_late;  /* ns that we, who read it, had waited for one */
};

struct run {
    char *out, *err; /* all it printed; out_size and err_size bytes, then a 0 */
    size_t out_size, err_size;
    struct printed *lines; /* of stdout */
    size_t count;
    bool cut_short;      /* the last line has no newline at its end */
    bool ended_by_us;    /* it ran longer than it may, or printed without end */
    bool left_children;  /* it ended, and a process that it started went on */
    int exit_status;     /* or -1: see `signal`, `start_error` */
    int signal;          /* that it died of */
    int start_error;     /* an errno: it could not be started */
    int64_t took;        /* ns, from its start to its end */
    int64_t delayed;     /* ns that it and its children waited for a processor */
    int64_t read_late;   /* ns that we did meanwhile */
    int64_t stood_still; /* ns, the longest time that the whole machine seems to have done
                          * so: we were to look, and neither worked nor waited for a
                          * processor */
};

/* Whether this system tells how long a program waits for a processor. */
bool delays_are_known(void);

/* Run argv[0] (looked for in $PATH when it has no slash) with its arguments, stdin empty,
 * in a process group of its own, for at most `limit` ms (not counting time in which this
 * machine stood still). When it returns, nothing of the program is left running. Free the
 * result with free_run(). Exits when the system can't give what it needs.
 *
 * Is something put `around` it (argv[0] is with-site, with-postgres), then all times are
 * from when that stands, as common/around.h tells. */
struct run run_program(char *const argv[], bool around, int64_t limit);

void free_run(struct run *run);

/* End the program that is running, if any, and all its children, when this
 * program is asked to end (SIGINT, SIGTERM, SIGHUP). Call it once, first. */
void end_with_program(void);

#endif
