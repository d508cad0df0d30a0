/* idle_async.c - one bot, LoopBot, has the same evening: he does the work of all seven,
 * and waits for all that they wait for, in one place.
 *
 * You will see that he was idle for about 97 % of the evening, and that the loop has
 * counted the same. Order of events: main -> on_work (of each job) -> on_moment ->
 * on_work -> on_closing_time. */

#include "idle.h"

struct job {
    const struct role *role;
    uv_timer_t timer;
};

struct evening {
    struct job jobs[BOTS];
    uv_timer_t moment, clock;
    uint64_t worked; /* ns */
};

static void start(uv_timer_t *timer, uv_timer_cb callback, unsigned ms, unsigned repeat);
static void on_work(uv_timer_t *timer);
static void on_moment(uv_timer_t *moment);
static void on_closing_time(uv_timer_t *clock);
static void show_evening(uint64_t worked, uint64_t idle);

int main(void)
{
    struct evening evening = {.worked = cpu_time()}; /* until now */

    say("restaurant: opens");
    must("measure", uv_loop_configure(uv_default_loop(), UV_METRICS_IDLE_TIME));
    for (int i = 0; i < BOTS; i++) {
        struct job *job = &evening.jobs[i];

        job->role = &roles[i];
        start(&job->timer, on_work, FIRST_WORK, HALF);
        job->timer.data = job;
    }
    start(&evening.moment, on_moment, HALF, 0);
    start(&evening.clock, on_closing_time, EVENING, 0);
    evening.clock.data = &evening;
    run_and_close();
}

static void start(uv_timer_t *timer, uv_timer_cb callback, unsigned ms, unsigned repeat)
{
    must("make a timer", uv_timer_init(uv_default_loop(), timer));
    must("start a timer", uv_timer_start(timer, callback, ms, repeat));
}

/* The loop calls this once for each job in each half of the evening. */
static void on_work(uv_timer_t *timer)
{
    struct job *job = timer->data;

    work(job->role->work);
}

/* At 2.00: not one of the seven is at work, or LoopBot would not be here. */
static void on_moment(uv_timer_t *moment)
{
    for (int i = 0; i < BOTS; i++)
        say("LoopBot: waits for %s", roles[i].waits_for);
    uv_close((uv_handle_t *)moment, NULL);
}

static void on_closing_time(uv_timer_t *clock)
{
    struct evening *evening = clock->data;

    say("restaurant: closes");
    show_evening(cpu_time() - evening->worked, uv_metrics_idle_time(clock->loop));
    for (int i = 0; i < BOTS; i++)
        uv_close((uv_handle_t *)&evening->jobs[i].timer, NULL);
    uv_close((uv_handle_t *)clock, NULL);
}

static void show_evening(uint64_t worked, uint64_t idle)
{
    show_cost("LoopBot", worked);
    measure("his loop has waited for %.0f ms, %.1f %%", (double)idle / 1e6,
            (double)idle / (EVENING * 1e4));
    measure("paid for %d s, has worked for %.2f s", EVENING / 1000, (double)worked / 1e9);
    measure("a job takes %zu bytes", sizeof(struct job));
}
