/* cores.h - what is computed in this lesson, and how each program measures it: how many
 * points of a grid are in a circle? Who computes is each program's own matter.
 *
 * The circle has its middle at (0, 0). A quarter of it is counted, the rows x = 1, 2, ...
 * to the radius; the other three are the same, and the middle is one more point. */
#ifndef CORES_H
#define CORES_H

#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { RADIUS = 10000, MOST = 30000 }; /* with more, the squares don't fit an int */

/* The points in the rows `first`, ..., `end` - 1. All the time goes here. */
static inline long long count_rows(int radius, int first, int end)
{
    long long points = 0;

    for (int x = first; x < end; x++) {
        int in_row = 0;

        for (int y = 0; y <= radius; y++)
            in_row += x * x + y * y <= radius * radius;
        points += in_row;
    }
    return points;
}

/* The seconds for which processors have worked for these: this process, with its threads
 * (RUSAGE_SELF), or the children that have ended (RUSAGE_CHILDREN). */
static inline double cpu_time(int whose)
{
    struct rusage used;

    must_errno("read a clock", getrusage(whose, &used));
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Returns how many processors this program may use. */
static inline int show_machine(void)
{
    int processors = (int)uv_available_parallelism();

    measure("this machine has %d processors; one thread can use 1/%d of it", processors,
            processors);
    return processors;
}

/* Count a quarter by count(), a function that is given the radius and the number of
 * workers, and show what it costs: how long it takes, how many times as fast that is as
 * the first time, and how much of the machine was at work. Returns the points. */
static inline long long show_count(const char *who, int workers, int radius,
                                   long long (*count)(int radius, int workers))
{
    static double first; /* s */
    double cpu = cpu_time(RUSAGE_SELF) + cpu_time(RUSAGE_CHILDREN), seconds;
    uint64_t start = uv_hrtime();
    long long points = count(radius, workers);

    seconds = (double)(uv_hrtime() - start + 1) / 1e9; /* never 0 */
    cpu = cpu_time(RUSAGE_SELF) + cpu_time(RUSAGE_CHILDREN) - cpu;
    if (first == 0)
        first = seconds;
    measure("workers: %d%s: %.3f s, %.2f times as fast, %.1f %% of the machine", workers,
            who, seconds, first / seconds,
            100 * cpu / seconds / (double)uv_available_parallelism());
    return points;
}

static inline long long count_alone(int radius, int workers)
{
    (void)workers;
    return count_rows(radius, 1, radius + 1);
}

static inline void show_checksum(long long points)
{
    say_untimed("checksum: %lld", 4 * points + 1);
}

/* What the programs with workers do: count alone, then with so many workers; if none are
 * asked for, with one, a worker for each second processor, one for each, and two. All
 * must find the same points. */
static inline void compare_workers(int radius, int asked_for,
                                   long long (*count)(int radius, int workers))
{
    int processors = show_machine();
    const struct {
        const char *who;
        int workers;
    } usual[] = {{"", 1},
                 {", one for each second processor", (processors + 1) / 2},
                 {", one for each processor", processors},
                 {", two for each processor", 2 * processors},
                 {NULL, 0}},
      asked[] = {{"", asked_for}, {NULL, 0}}, *crew = asked_for ? asked : usual;
    long long points = show_count(", alone", 0, radius, count_alone);

    for (; crew->who; crew++)
        if (show_count(crew->who, crew->workers, radius, count) != points) {
            fprintf(stderr, "%s: %d workers have found other points\n", program_name(),
                    crew->workers);
            exit(EXIT_FAILURE);
        }
    show_checksum(points);
}

#endif
