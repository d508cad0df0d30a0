/* pool_async_threads.c - the same six photos, and a thread of its own for each.
 *
 * You will see that none waits for a thread: it is as quick as the slowest photo. Order
 * of events: main -> do_job, in six threads -> main joins them. */

#include "pool.h"

struct job {
    uv_thread_t thread;
    struct photo photo;
};

static void submit(struct job *job);
static void do_job(void *job);

int main(void)
{
    struct job jobs[PHOTOS];
    long sum = 0;

    say("lab: six photos");
    for (int i = 0; i < PHOTOS; i++) {
        jobs[i] = (struct job){.photo = {.number = i + 1}};
        submit(&jobs[i]);
    }
    for (int i = 0; i < PHOTOS; i++) {
        must("join a thread", uv_thread_join(&jobs[i].thread));
        sum += jobs[i].photo.result;
    }
    say("checksum: %ld", sum);
}

/* A thread more, whatever the number of those that are there. */
static void submit(struct job *job)
{
    say("photo %d: asked for", job->photo.number);
    must("start a thread", uv_thread_create(&job->thread, do_job, job));
}

/* There is no loop to come back to: who shows it here is in the thread still. */
static void do_job(void *argument)
{
    struct job *job = argument;

    shrink(&job->photo);
    show(&job->photo);
}
