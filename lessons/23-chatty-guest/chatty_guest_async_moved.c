/* chatty_guest_async_moved.c - the same Friday. The guest who came alone is led to a
 * WaitBot, a thread of the pool: he may hold that one's hand for as long as he likes.
 *
 * You will see that the souffle is served, and that the latest callback is hardly late.
 * Order of events: main -> on_complaint -> on_cocktail -> on_guest_alone -> talk, in a
 * thread; meanwhile on_souffle_ready -> on_let_go. */

#include "lesson.h"

enum { COMPLAINT = 300, COCKTAIL = 300, TALK = 900 }; /* ms */
enum { BAKING = 1700, PATIENCE = 500 };               /* ms; after both it flops */
enum { TOO_LONG = 250 };                              /* ms, for a callback */

struct job {
    uv_timer_cb callback;
    unsigned ms; /* after the opening */
    uv_timer_t timer;
    uv_work_t work;      /* of on_guest_alone */
    uint64_t due, began; /* ns */
};

static void start(struct job *job);
static void hire(uv_work_t *unused);
static void on_complaint(uv_timer_t *desk);
static void on_cocktail(uv_timer_t *bar);
static void on_guest_alone(uv_timer_t *table);
static void talk(uv_work_t *work);
static void on_souffle_ready(uv_timer_t *oven);
static void on_let_go(uv_work_t *work, int status);
static struct job *begin(struct job *job);
static void end(struct job *job, const char *callback);

static uint64_t latest; /* ns: how late the latest callback came */

int main(void)
{
    struct job jobs[] = {{.callback = on_complaint, .ms = 200},
                         {.callback = on_cocktail, .ms = 800},
                         {.callback = on_guest_alone, .ms = 1400},
                         {.callback = on_souffle_ready, .ms = BAKING}};
    uv_work_t hiring;

    say("Friday");
    say("souffle: in the oven");
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        start(&jobs[i]);
    must("hire WaitBots", uv_queue_work(uv_default_loop(), &hiring, hire, NULL));
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

/* The first job of all waits until the pool has started its threads: better now than when
 * the guest is there. */
static void hire(uv_work_t *unused)
{
    (void)unused;
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

    say("WaitBot: a guest who came alone takes his hand");
    job->work.data = job;
    must("get help", uv_queue_work(uv_default_loop(), &job->work, talk, on_let_go));
    uv_close((uv_handle_t *)table, NULL);
    end(job, __func__);
}

/* In a thread of the pool: nothing that the loop works with is touched here. */
static void talk(uv_work_t *work)
{
    struct job *job = work->data;

    uv_sleep(TALK);
    job->due = uv_hrtime(); /* from now on, on_let_go() is */
}

static void on_souffle_ready(uv_timer_t *oven)
{
    struct job *job = begin(oven->data);

    say("souffle: %s",
        job->began > job->due + PATIENCE * 1000000ull ? "flops" : "is served");
    uv_close((uv_handle_t *)oven, NULL);
    end(job, __func__);
}

/* The loop calls this when talk() is over. */
static void on_let_go(uv_work_t *work, int status)
{
    struct job *job = begin(work->data);

    must("use a thread", status);
    say("WaitBot: the guest lets go");
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
