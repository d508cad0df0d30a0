/* account.c - see account.h */

#include "account.h"

#include "die.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEEPEST = 8, LONGEST_PATH = 1024 }; /* generations of children; bytes */

struct thread_delay {
    long thread;
    int64_t runqueue_ns;
};

/* --- One process or thread --- */

static bool read_delay(const char *path, int64_t *runqueue_ns)
{
    FILE *file = fopen(path, "re");
    bool found = file && fscanf(file, "%*s %" SCNd64, runqueue_ns) == 1;

    if (file)
        fclose(file);
    return found;
}

bool account_has_delays(void)
{
    int64_t delay;

    return read_delay("/proc/self/schedstat", &delay);
}

int64_t account_own_runqueue(void)
{
    int64_t delay = 0;

    read_delay("/proc/self/schedstat", &delay);
    return delay;
}

int64_t account_own_cpu(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- The limit of a control group. In us by version 2, in ns by version 1. --- */

static int64_t throttled_in(const char *directory)
{
    char path[LONGEST_PATH + 16], line[128];
    int64_t sum = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/cpu.stat", directory);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "throttled_usec ", 15) == 0)
            sum += 1000 * strtoll(line + 15, NULL, 10);
        else if (strncmp(line, "throttled_time ", 15) == 0)
            sum += strtoll(line + 15, NULL, 10);
    if (file)
        fclose(file);
    return sum;
}

/* In a group, and in all that contain it: each may have a limit. */
static int64_t throttled_upwards(const char *top, const char *group)
{
    char path[LONGEST_PATH];
    int64_t sum = 0;

    snprintf(path, sizeof path, "%s%s", top, group);
    for (; strlen(path) >= strlen(top); *strrchr(path, '/') = '\0')
        sum += throttled_in(path);
    return sum;
}

int64_t account_throttled(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[LONGEST_PATH / 2];
    int64_t sum = 0;

    while (file && fgets(line, sizeof line, file)) { /* "4:cpu,cpuacct:/group" */
        char *kinds = strchr(line, ':'), *group = kinds ? strchr(kinds + 1, ':') : NULL;

        if (group == NULL)
            continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        if (strcmp(group, "/") == 0)
            *group = '\0';
        if (kinds[1] == '\0') {
            sum += throttled_upwards("/sys/fs/cgroup", group);
            sum += throttled_upwards("/sys/fs/cgroup/unified", group);
        } else if (strcmp(kinds + 1, "cpu") == 0 || strncmp(kinds + 1, "cpu,", 4) == 0) {
            sum += throttled_upwards("/sys/fs/cgroup/cpu", group);
        }
    }
    if (file)
        fclose(file);
    return sum;
}

/* --- The delays of a program, with its children --- */

static void note(struct account *account, long thread, int64_t runqueue_ns)
{
    struct thread_delay *threads = account->threads;

    for (size_t i = 0; i < account->count; i++)
        if (threads[i].thread == thread) {
            if (runqueue_ns > threads[i].runqueue_ns)
                threads[i].runqueue_ns = runqueue_ns;
            return;
        }
    account->threads = threads =
        xgrow(threads, account->count, 1, &account->capacity, sizeof *threads);
    threads[account->count++] = (struct thread_delay){thread, runqueue_ns};
}

static void sample(struct account *account, long pid, int depth);

static void sample_children(struct account *account, const char *path, int depth)
{
    FILE *file = fopen(path, "re");
    long child;

    while (file && fscanf(file, "%ld", &child) == 1)
        sample(account, child, depth + 1);
    if (file)
        fclose(file);
}

static void sample(struct account *account, long pid, int depth)
{
    char path[96];
    struct dirent *entry;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    if (depth > DEEPEST || (threads = opendir(path)) == NULL)
        return;
    while ((entry = readdir(threads)) != NULL) {
        long thread = strtol(entry->d_name, NULL, 10);
        int64_t runqueue_ns;

        if (thread == 0) /* "." and ".." */
            continue;
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/schedstat", pid, thread);
        if (read_delay(path, &runqueue_ns))
            note(account, thread, runqueue_ns);
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, thread);
        sample_children(account, path, depth);
    }
    closedir(threads);
}

void account_sample(struct account *account, long pid)
{
    sample(account, pid, 0);
}

void account_sample_own_children(struct account *account)
{
    sample_children(account, "/proc/thread-self/children", 0);
}

int64_t account_sum(const struct account *account)
{
    int64_t sum = 0;

    for (size_t i = 0; i < account->count; i++)
        sum += account->threads[i].runqueue_ns;
    return sum;
}

void account_free(struct account *account)
{
    free(account->threads);
    *account = (struct account){0};
}
