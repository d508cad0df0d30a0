/* threadbots_async.c - one bot, LoopBot, does the work of all seven. Between a look and
 * what he decides nobody else looks: he is alone, and one callback is one thing.
 *
 * You will see how he asks a guest something and is back for the answer, and that nothing
 * collides, without a lock. Order of events: main -> on_free (each of seven jobs: looks,
 * claims, goes there) -> on_arrival (acts) -> on_free, and so on; on_answer ->
 * on_closing_time. */

#include "threadbots.h"

struct job {
    bool (*work)(struct job *job); /* returns whether there is something to do */
    struct counter *counter;       /* ChefBot's, WineBot's */
    struct table *table;
    void (*act)(struct table *table);
    uv_timer_t walk;
};

static void start(uv_timer_t *timer, uv_timer_cb callback, unsigned ms);
static void on_free(uv_timer_t *walk);
static bool greet(struct job *job);
static bool wait_at_tables(struct job *job);
static bool go_and(struct job *job, void (*act)(struct table *), enum state seen);
static bool fetch(struct job *job, struct counter *counter);
static bool prepare(struct job *job);
static void on_arrival(uv_timer_t *walk);
static void on_answer(uv_timer_t *guest);
static void on_closing_time(uv_timer_t *clock);

static int walks;

int main(void)
{
    struct job jobs[] = {{.work = greet},
                         {.work = greet},
                         {.work = wait_at_tables},
                         {.work = wait_at_tables},
                         {.work = wait_at_tables},
                         {.work = prepare, .counter = &pass},
                         {.work = prepare, .counter = &bar}};
    uv_timer_t guest, clock;

    open_restaurant();
    say("LoopBot: good evening! Window or bar?");
    must("make a timer", uv_timer_init(uv_default_loop(), &guest));
    start(&guest, on_answer, THINKING);
    must("make a timer", uv_timer_init(uv_default_loop(), &clock));
    start(&clock, on_closing_time, EVENING);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        must("make a timer", uv_timer_init(uv_default_loop(), &jobs[i].walk));
        jobs[i].walk.data = &jobs[i];
        start(&jobs[i].walk, on_free, 0);
    }
    run_and_close();
    show_evening(walks);
}

static void start(uv_timer_t *timer, uv_timer_cb callback, unsigned ms)
{
    must("start a timer", uv_timer_start(timer, callback, ms, 0));
}

static void on_free(uv_timer_t *walk)
{
    struct job *job = walk->data;

    if (!is_open)
        uv_close((uv_handle_t *)walk, NULL);
    else if (!job->work(job))
        start(walk, on_free, 1);
}

static bool greet(struct job *job)
{
    return go_and(job, seat_guests, FREE) || go_and(job, take_money, EATING);
}

static bool wait_at_tables(struct job *job)
{
    return go_and(job, take_order, SEATED) || fetch(job, &pass) || fetch(job, &bar) ||
           go_and(job, clean_table, DIRTY);
}

/* It is claimed in the callback in which it was seen. */
static bool go_and(struct job *job, void (*act)(struct table *), enum state seen)
{
    struct table *table = find_table(seen);

    if (table == NULL)
        return false;
    table->is_claimed = true;
    job->table = table;
    job->act = act;
    start(&job->walk, on_arrival, way_to(table));
    return true;
}

static bool fetch(struct job *job, struct counter *counter)
{
    if (counter->ready == 0 || !go_and(job, serve, ORDERED))
        return false;
    take_from(counter);
    return true;
}

static bool prepare(struct job *job)
{
    if (job->counter->slips == 0)
        return false;
    job->counter->slips--;
    start(&job->walk, on_arrival, time_to_make(job->counter) + LETTING_GO);
    return true;
}

static void on_arrival(uv_timer_t *walk)
{
    struct job *job = walk->data;

    if (job->counter) {
        job->counter->ready++; /* set down, and let go */
    } else {
        job->act(job->table);
        job->table->is_claimed = false;
        tips += job->act == take_money; /* the look and the change */
        walks++;
    }
    start(walk, on_free, 1);
}

static void on_answer(uv_timer_t *guest)
{
    say("guest: window, please");
    say("LoopBot: table 42");
    measure("walks since the question: %d", walks);
    uv_close((uv_handle_t *)guest, NULL);
}

static void on_closing_time(uv_timer_t *clock)
{
    close_restaurant();
    uv_close((uv_handle_t *)clock, NULL);
}
