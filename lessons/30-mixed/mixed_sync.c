/* mixed_sync.c - eleven jobs: downloads, computing, a library whose calls block, and some
 * that wait often.
 *
 * You will see the sum of all their times: 5.00 s. */

#include "mixed.h"

static void do_job(struct job *job);

int main(void)
{
    int done[KINDS] = {0};
    long sum = 0;

    say("office: eleven jobs");
    for (int i = 0; i < JOBS; i++) {
        struct job job = all_jobs[i];

        tell_start(&job);
        do_job(&job);
        tell_end(&job, done);
        sum += job.result;
    }
    say("checksum: %ld", sum);
}

static void do_job(struct job *job)
{
    if (job->kind == DOWNLOADS || job->kind == LIBRARY)
        ask_library(job);
    else if (job->kind == COMPUTING)
        compute(job);
    else
        for (; job->result < WAITS; job->result++)
            uv_sleep((unsigned)job->ms / WAITS);
}
