/* cores_async.c - the same points, counted by several workers, each a thread.
 *
 * You will see how many times as fast they are than one thread alone, with as many
 * workers as there are processors, and with more; and the same checksum. Order of events:
 * main -> count_points -> each worker, in a thread of its own -> count_points joins them,
 * and adds up what they have found. */

#include "cores.h"

struct worker {
    uv_thread_t thread;
    int radius, first, end; /* its share of the rows */
    long long points;       /* what comes back */
};

static long long count_points(int radius, int workers);
static void work(void *worker);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"RADIUS", RADIUS, 1, MOST}, {"WORKERS", 0, 1, 256}};

    read_numbers(argc, argv, asked, 2);
    compare_workers(asked[0].value, asked[1].value, count_points);
}

static long long count_points(int radius, int workers)
{
    struct worker *crew = calloc((size_t)workers, sizeof *crew);
    long long points = 0;

    must("get memory", crew ? 0 : UV_ENOMEM);
    for (int i = 0; i < workers; i++) {
        crew[i].radius = radius;
        crew[i].first = 1 + radius * i / workers;
        crew[i].end = 1 + radius * (i + 1) / workers;
        must("start a thread", uv_thread_create(&crew[i].thread, work, &crew[i]));
    }
    for (int i = 0; i < workers; i++) {
        must("join a thread", uv_thread_join(&crew[i].thread));
        points += crew[i].points;
    }
    free(crew);
    return points;
}

/* The thread. It shares nothing with the others but what nobody changes, so it needs no
 * lock; and it writes its result once, at the end. */
static void work(void *argument)
{
    struct worker *worker = argument;

    worker->points = count_rows(worker->radius, worker->first, worker->end);
}
