/* account.h - the kernel's account of processes: the run-queue delay, for which they
 * waited for a processor (/proc/PID/schedstat, "the time on a processor, the time waited
 * for one, ...", one for each thread), and for how long a control group was throttled.
 * All times are in ns. Where the system keeps no account (macOS) they are 0. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this system has run-queue delays. */
bool account_has_delays(void);

/* The run-queue delay and the processor time of this process since it started. */
int64_t account_own_runqueue(void);
int64_t account_own_cpu(void);

/* How long the control groups that this process is in were throttled, in total. */
int64_t account_throttled(void);

/* The run-queue delays of many threads. The kernel's account of a thread is gone when it
 * ends, so the last that was seen is kept. Starts as {0}. */
struct account {
    struct thread_delay *threads;
    size_t count, capacity;
};

/* Note the delays of all threads of a process, of the children of each, and theirs. */
void account_sample(struct account *account, long pid);

/* The same of all children of the calling thread. */
void account_sample_own_children(struct account *account);

int64_t account_sum(const struct account *account);
void account_free(struct account *account);

#endif
