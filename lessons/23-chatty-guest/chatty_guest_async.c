/* chatty_guest_async.c - Friday evening, and LoopBot does the work of all. Three guests
 * take their time, and whoever holds LoopBot holds the loop.
 *
 * You will see that the souffle flops: when it is ready, LoopBot is being talked to. The
 * lag meter names each callback that was too long, and says how late the latest came.
 * Order of events: main -> on_complaint -> on_cocktail -> on_guest_alone ->
 * on_souffle_ready. */

#include "lesson.h"

enum { COMPLAINT = 300, COCKTAIL = 300, TALK = 900 }; /* ms */
enum { BAKING = 1700, PATIENCE = 500 };               /* ms; after both it flops */
enum { TOO_LONG = 250 };                              /* ms, for a callback */

struct job {
    uv_timer_cb callback;
    unsigned ms; /* after the opening */
    uv_timer_t timer;
    uint64_t due, began; /* ns */
};

static void start(struct job *job);
static void on_complaint(uv_timer_t *desk);
static void on_cocktail(uv_timer_t *bar);
static void on_guest_alone(uv_timer_t *table);
static void on_souffle_ready(uv_timer_t *oven);
static struct job *begin(struct job *job);
static void end(struct job *job, const char *callback);

static uint64_t latest; /* ns: how late the latest callback came */

int main(void)
{
    struct job jobs[] = {{.callback = on_complaint, .ms = 200},
                         {.callback = on_cocktail, .ms = 800},
                         {.callback = on_guest_alone, .ms = 1400},
                         {.callback = on_souffle_ready, .ms = BAKING}};

    say("Friday");
    say("souffle: in the oven");
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        start(&jobs[i]);
    run_and_close();
    say("the restaurant closes");
    measure("the latest callback came %.1f ms late", (double)latest / 1e6);
}

static void start(struct job *job)
{
    must("make a timer", uv_timer_init(uv_default_loop(), &job->timer));
    job->timer.data = job;
    job->due = uv_hrtime() + job->ms * 1000000ull;
    must("start a timer", uv_timer_start(&job->timer, job->callback, job->ms, 0));
}

static void on_complaint(uv_timer_t *desk)
{
    struct job *job = begin(desk->data);

    say("desk: a complaint");
    uv_sleep(COMPLAINT);
    say("desk: the guest is content");
    uv_close((uv_handle_t *)desk, NULL);
    end(job, __func__);
}

static void on_cocktail(uv_timer_t *bar)
{
    struct job *job = begin(bar->data);

    say("bar: a cocktail");
    uv_sleep(COCKTAIL);
    say("bar: the umbrella is on");
    uv_close((uv_handle_t *)bar, NULL);
    end(job, __func__);
}

static void on_guest_alone(uv_timer_t *table)
{
    struct job *job = begin(table->data);

    say("table: a guest who came alone takes LoopBot's hand");
    uv_sleep(TALK);
    say("table: the guest lets go");
    uv_close((uv_handle_t *)table, NULL);
    end(job, __func__);
}

static void on_souffle_ready(uv_timer_t *oven)
{
    struct job *job = begin(oven->data);

    say("souffle: %s",
        job->began > job->due + PATIENCE * 1000000ull ? "flops" : "is served");
    uv_close((uv_handle_t *)oven, NULL);
    end(job, __func__);
}

/* The lag meter. Each callback begins with this: how late is it? */
static struct job *begin(struct job *job)
{
    job->began = uv_hrtime();
    if (job->began > job->due + latest)
        latest = job->began - job->due;
    return job;
}

/* And it ends with this: for how long did nobody else have a turn? */
static void end(struct job *job, const char *callback)
{
    double ms = (double)(uv_hrtime() - job->began) / 1e6;

    if (ms >= TOO_LONG)
        measure("%s held the loop for %.0f ms", callback, ms);
}
