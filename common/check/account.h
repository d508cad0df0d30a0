/* account.h - what the kernel says of processes: how long they waited for a processor
 * (/proc/PID/schedstat, "the time on a processor, the time waited for one, ...", one for
 * each thread), and for how long the limit of a control group kept all of them from one.
 * All times are in ns. Where the system tells nothing (macOS) they are 0. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this system tells how long a program waits for a processor. */
bool delays_are_known(void);

/* What this process waited for one, and how long it had one, since it started. */
int64_t own_runqueue_delay(void);
int64_t own_cpu_time(void);

/* How long the control groups that this process is in were throttled, all in all. */
int64_t throttled_time(void);

/* The run-queue delays of many threads. One that has ended leaves no account, so the last
 * that was seen is kept. Starts as {0}. */
struct accounts {
    struct account *all;
    size_t count, room;
};

/* Take note of all threads of a process, and of the children of each, and theirs. Both
 * return false when there is not enough memory. */
bool accounts_sample(struct accounts *accounts, long pid);

/* The same of all children of the calling thread. */
bool accounts_sample_own_children(struct accounts *accounts);

int64_t accounts_sum(const struct accounts *accounts);
void accounts_free(struct accounts *accounts);

#endif
