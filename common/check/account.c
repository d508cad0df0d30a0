/* account.c - see account.h */

#include "account.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEEPEST = 8, LONGEST_PATH = 1024 }; /* generations of children; bytes */

struct account {
    long thread;
    int64_t delayed;
};

/* --- One number of the kernel's --- */

static bool read_number_at(const char *path, int field, int64_t *number)
{
    char text[128];
    FILE *file = fopen(path, "re");
    char *next = text;
    bool found;

    if (file == NULL)
        return false;
    found = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    for (int i = 0; found && i <= field; i++)
        *number = strtoll(next, &next, 10);
    return found;
}

bool delays_are_known(void)
{
    static int known = -1; /* not looked yet */
    int64_t delay;

    if (known < 0)
        known = read_number_at("/proc/self/schedstat", 1, &delay);
    return known;
}

int64_t own_runqueue_delay(void)
{
    int64_t delay = 0;

    read_number_at("/proc/self/schedstat", 1, &delay);
    return delay;
}

int64_t own_cpu_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- The limit of a control group. Version 2 says it in us, version 1 in ns. --- */

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

/* In a group, and in all that it is part of: each may have a limit. */
static int64_t throttled_upwards(const char *top, const char *group)
{
    char path[LONGEST_PATH];
    size_t least = strlen(top);
    int64_t sum = 0;

    snprintf(path, sizeof path, "%s%s", top, group);
    for (char *slash = path; slash && strlen(path) >= least;) {
        sum += throttled_in(path);
        slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
    }
    return sum;
}

int64_t throttled_time(void)
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

static bool note(struct accounts *accounts, long thread, int64_t delayed)
{
    struct account *all = accounts->all;

    for (size_t i = 0; i < accounts->count; i++)
        if (all[i].thread == thread) {
            if (delayed > all[i].delayed)
                all[i].delayed = delayed;
            return true;
        }
    if (accounts->count == accounts->room) {
        size_t room = accounts->room * 2 + 16;

        all = realloc(all, room * sizeof *all);
        if (all == NULL)
            return false;
        accounts->all = all;
        accounts->room = room;
    }
    all[accounts->count++] = (struct account){thread, delayed};
    return true;
}

static bool sample(struct accounts *accounts, long pid, int depth);

static bool sample_children(struct accounts *accounts, const char *path, int depth)
{
    FILE *file = fopen(path, "re");
    bool noted = true;
    long child;

    while (file && noted && fscanf(file, "%ld", &child) == 1)
        noted = sample(accounts, child, depth + 1);
    if (file)
        fclose(file);
    return noted;
}

static bool sample(struct accounts *accounts, long pid, int depth)
{
    char path[96];
    struct dirent *entry;
    DIR *threads;
    bool noted = true;

    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    if (depth > DEEPEST || (threads = opendir(path)) == NULL)
        return true;
    while (noted && (entry = readdir(threads)) != NULL) {
        long thread = strtol(entry->d_name, NULL, 10);
        int64_t delayed;

        if (thread == 0) /* "." and ".." */
            continue;
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/schedstat", pid, thread);
        if (read_number_at(path, 1, &delayed))
            noted = note(accounts, thread, delayed);
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, thread);
        noted = noted && sample_children(accounts, path, depth);
    }
    closedir(threads);
    return noted;
}

bool accounts_sample(struct accounts *accounts, long pid)
{
    return sample(accounts, pid, 0);
}

bool accounts_sample_own_children(struct accounts *accounts)
{
    return sample_children(accounts, "/proc/thread-self/children", 0);
}

int64_t accounts_sum(const struct accounts *accounts)
{
    int64_t sum = 0;

    for (size_t i = 0; i < accounts->count; i++)
        sum += accounts->all[i].delayed;
    return sum;
}

void accounts_free(struct accounts *accounts)
{
    free(accounts->all);
    *accounts = (struct accounts){0};
}
