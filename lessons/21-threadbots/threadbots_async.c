/* threadbots_async.c - one bot, LoopBot, does the work of all seven. Between a look and
 * what he decides nobody else looks: he is alone, and one callback is one thing.
 *
 * You will see how he asks a guest something and is back for the answer, and that nothing
 * collides all evening, without a lock. Order of events: main -> on_free (each of seven
 * jobs: looks, claims, walks) -> on_arrival (acts) -> on_free, and so on; on_answer ->
 * on_closing_time. */

#include "threadbots.h"

struct job {
    void (*look)(struct job *job); /* says what is next, by go_and() */
    struct counter *counter;       /* for dishes, or drinks */
    void (*act)(struct job *job);
    struct table *table;
    uv_timer_t walk;
};

static void on_free(uv_timer_t *walk);
static void go_and(struct job *job, struct table *table, void (*act)(struct job *));
static void on_arrival(uv_timer_t *walk);
static void greet(struct job *job);
static void seat_guests(struct job *job);
static void take_money(struct job *job);
static void wait_at_tables(struct job *job);
static void take_order(struct job *job);
static void serve(struct job *job);
static void clean_table(struct job *job);
static void prepare(struct job *job);
static void set_down(struct job *job);
static void on_answer(uv_timer_t *guest);
static void on_closing_time(uv_timer_t *clock);
static void start(uv_timer_t *timer, uv_timer_cb callback, unsigned ms);

static struct restaurant all = {.cutlery = CUTLERY, .is_open = true};
static int acts;

int main(void)
{
    struct job jobs[] = {{.look = greet},
                         {.look = wait_at_tables},
                         {.look = prepare, .counter = &all.pass},
                         {.look = prepare, .counter = &all.bar},
                         {.look = greet},
                         {.look = wait_at_tables},
                         {.look = wait_at_tables}};
    uv_timer_t guest, clock;

    say("restaurant: opens");
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
    show_evening(&all);
}

static void on_free(uv_timer_t *walk)
{
    struct job *job = walk->data;

    job->act = NULL;
    if (!all.is_open)
        uv_close((uv_handle_t *)walk, NULL);
    else
        job->look(job);
    if (all.is_open)
        start(walk, job->act ? on_arrival : on_free, job->act ? MOMENT : 1);
}

/* It is claimed in the callback in which it was seen. */
static void go_and(struct job *job, struct table *table, void (*act)(struct job *))
{
    job->act = act;
    job->table = table;
    if (table)
        table->is_claimed = true;
}

static void on_arrival(uv_timer_t *walk)
{
    struct job *job = walk->data;

    job->act(job);
    if (job->table)
        job->table->is_claimed = false;
    acts++;
    start(walk, on_free, 1);
}

static void greet(struct job *job)
{
    struct table *empty = find_table(&all, EMPTY), *eating = find_table(&all, EATING);

    if (empty)
        go_and(job, empty, seat_guests);
    else if (eating)
        go_and(job, eating, take_money);
}

static void seat_guests(struct job *job)
{
    all.disturbed += job->table->is_being_cleaned;
    job->table->state = SEATED;
    all.parties++;
}

static void take_money(struct job *job)
{
    all.tips++;
    job->table->state = EMPTY;
}

static void wait_at_tables(struct job *job)
{
    struct table *seated = find_table(&all, SEATED), *ordered = find_table(&all, ORDERED);
    struct table *left = find_table_to_clean(&all);

    if (seated)
        go_and(job, seated, take_order);
    else if (ordered && all.pass.ready > 0) {
        all.pass.ready--;
        all.bar.ready--;
        go_and(job, ordered, serve);
    } else if (left) {
        left->is_being_cleaned = true;
        go_and(job, left, clean_table);
    }
}

static void take_order(struct job *job)
{
    all.cutlery -= PLACES;
    all.taken_twice += job->table->state != SEATED;
    job->table->is_laid = true;
    job->table->state = ORDERED;
    all.pass.slips++;
    all.bar.slips++;
}

static void serve(struct job *job)
{
    job->table->state = EATING;
}

static void clean_table(struct job *job)
{
    all.cutlery += PLACES;
    job->table->is_laid = job->table->is_being_cleaned = false;
}

static void prepare(struct job *job)
{
    if (job->counter->slips == 0)
        return;
    job->counter->slips--;
    go_and(job, NULL, set_down);
}

/* He sets it down, and takes his hands off. */
static void set_down(struct job *job)
{
    job->counter->ready++;
}

static void on_answer(uv_timer_t *guest)
{
    say("guest: window, please");
    say("LoopBot: table 42");
    measure("done since the question: %d other things", acts);
    uv_close((uv_handle_t *)guest, NULL);
}

static void on_closing_time(uv_timer_t *clock)
{
    say("restaurant: closes");
    all.is_open = false;
    uv_close((uv_handle_t *)clock, NULL);
}

static void start(uv_timer_t *timer, uv_timer_cb callback, unsigned ms)
{
    must("start a timer", uv_timer_start(timer, callback, ms, 0));
}
