/* upper_bound_async_measured.c - the same parts, and now nobody sleeps: each piece is
 * computed, and the workers are threads.
 *
 * You will see what the formula says for 2, 4, 12 and a million workers, and what was
 * saved on this machine. Order of events: main -> run -> divide, for each part -> work,
 * in each thread -> divide joins them; all of it again and again. */

#include "upper_bound.h"

enum { TRIES = 2, COUNTS = 4, MOST_THREADS = 12, NUMBERS = 32768 };

static const int counts[COUNTS] = {1, 2, 4, MOST_THREADS}; /* of workers */

struct share {
    uv_thread_t thread;
    int first, end;
    int sum; /* what comes back from the thread */
};

static int run(int workers, double least[PARTS]);
static double sum_of(const double least[PARTS]);
static int divide(const struct part *part, int workers);
static void work(void *share);
static int go_round(int number);

int main(void)
{
    double least[COUNTS][PARTS] = {{0}}; /* s */
    int checksum;

    say("an order that is computed");
    measure("this machine has %u processors", uv_available_parallelism());
    for (int i = 0; i < TRIES * COUNTS; i++)
        checksum = run(counts[i % COUNTS], least[i % COUNTS]);
    measure("1 worker: %.3f s", sum_of(least[0]));
    for (int i = 1; i < COUNTS; i++) {
        double saved = 1 - sum_of(least[i]) / sum_of(least[0]);

        say_untimed("formula: %.1f %% saved by %d workers", 100 * saved_by(counts[i]),
                    counts[i]);
        measure("%d threads: %.1f %% saved", counts[i], saved > 0 ? 100 * saved : 0.0);
    }
    say_untimed("formula: %.1f %% saved by a million workers", 100 * saved_by(1000000));
    say_untimed("checksum: %d", checksum);
}

/* One part after the other. Notes the least time that each part has taken so far: when it
 * took longer, others were in the way. Returns the sum of all pieces. */
static int run(int workers, double least[PARTS])
{
    int sum = 0;

    for (int i = 0; i < PARTS; i++) {
        uint64_t start = uv_hrtime();
        double took;

        sum += divide(&parts[i], parts[i].is_divisible ? workers : 1);
        took = (double)(uv_hrtime() - start) / 1e9;
        if (least[i] <= 0 || took < least[i])
            least[i] = took;
    }
    return sum;
}

static double sum_of(const double least[PARTS])
{
    double sum = 0;

    for (int i = 0; i < PARTS; i++)
        sum += least[i];
    return sum;
}

/* main has a share, too. A part is over when its last share is. */
static int divide(const struct part *part, int workers)
{
    struct share shares[MOST_THREADS];
    int pieces = part->end - part->first;

    for (int i = 0; i < workers; i++) {
        struct share *share = &shares[i];

        share->first = part->first + pieces * i / workers;
        share->end = part->first + pieces * (i + 1) / workers;
        if (i > 0)
            must("start a thread", uv_thread_create(&share->thread, work, share));
    }
    work(&shares[0]);
    for (int i = 1; i < workers; i++) {
        must("join a thread", uv_thread_join(&shares[i].thread));
        shares[0].sum += shares[i].sum;
    }
    return shares[0].sum;
}

static void work(void *argument)
{
    struct share *share = argument;

    share->sum = 0;
    for (int piece = share->first; piece < share->end; piece++)
        share->sum += go_round(piece);
}

/* From a number through all others below 32,768, in a wild order, and back to it: whoever
 * leaves out a step ends at another one, and the checksum tells. */
static int go_round(int number)
{
    for (int i = 0; i < NUMBERS; i++)
        number = (5 * number + 3) % NUMBERS;
    return number;
}
