/* cores_async_openmp.c - the same points, divided by the compiler: OpenMP makes the
 * threads, and one instruction looks at several points (a vector).
 *
 * You will see the same checksum; what vectors gain with one worker; and with several.
 * The two pragmas are all there is to it, and main waits until all workers are done. The
 * threads are kept for the next time, until they are given back at the end. */

#include "cores.h"

#include <omp.h>

static long long count_points(int radius, int workers);
static int count_row(int radius, int x);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"RADIUS", RADIUS, 1, MOST}, {"WORKERS", 0, 1, 256}};

    read_numbers(argc, argv, asked, 2);
    compare_workers(asked[0].value, asked[1].value, count_points);
    must("give back the threads", -omp_pause_resource_all(omp_pause_hard));
}

/* Each thread gets a share of the rows, and has a sum of its own; they are added up
 * at the end. That is what reduction says: without it all would write to one. */
static long long count_points(int radius, int workers)
{
    long long points = 0;

#pragma omp parallel for num_threads(workers) reduction(+ : points)
    for (int x = 1; x <= radius; x++)
        points += count_row(radius, x);
    return points;
}

/* The loop of count_rows(), whose order does not matter: one instruction may do
 * several of its rounds. */
static int count_row(int radius, int x)
{
    int in_row = 0;

#pragma omp simd reduction(+ : in_row)
    for (int y = 0; y <= radius; y++)
        in_row += x * x + y * y <= radius * radius;
    return in_row;
}
