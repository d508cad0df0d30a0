/* threadbots_sync_locked.c - whoever looks at something that several bots use locks it
 * first, and unlocks it after the act.
 *
 * You will see that nobody collides, that fewer guests are served, and how long the bots
 * stood at locks. Order of events: main -> each bot, in a thread of its own: locks,
 * looks, goes there, acts, unlocks, again -> closing time -> main waits at most a second
 * for the bots to leave, and joins them. */

#include "threadbots.h"

enum lock { DOOR, TABLE, JAR, PASS, BAR, DRAWER, LOCKS };

struct bot {
    void (*work)(struct counter *counter);
    struct counter *counter; /* ChefBot's, WineBot's */
    uv_thread_t thread;
    uint64_t waited; /* ns, at locks; the value that comes back from the thread */
};

static bool have_left(int bots);
static void live(void *bot);
static void greet(struct counter *unused);
static void seat_guests(void);
static void take_money(void);
static void wait_at_tables(struct counter *unused);
static void take_order(void);
static void fetch(struct counter *counter);
static void clean_table(void);
static void prepare(struct counter *counter);
static void lock(enum lock which);
static void unlock(enum lock which);

static struct restaurant all = {.cutlery = CUTLERY};
static uv_mutex_t locks[LOCKS];
static uv_cond_t leaving;
static int left;
static _Thread_local uint64_t waited; /* each thread has one of its own */

int main(void)
{
    struct bot bots[] = {{.work = greet},
                         {.work = wait_at_tables},
                         {.work = prepare, .counter = &all.pass},
                         {.work = prepare, .counter = &all.bar},
                         {.work = greet},
                         {.work = wait_at_tables},
                         {.work = wait_at_tables}};
    enum { BOTS = sizeof bots / sizeof *bots };

    say("restaurant: opens");
    must("make a condition variable", uv_cond_init(&leaving));
    for (int i = 0; i < LOCKS; i++)
        must("make a lock", uv_mutex_init(&locks[i]));
    all.is_open = true;
    for (int i = 0; i < BOTS; i++)
        must("start a thread", uv_thread_create(&bots[i].thread, live, &bots[i]));
    uv_sleep(EVENING);
    say("restaurant: closes");
    all.is_open = false;
    say_untimed("restaurant: %s",
                have_left(BOTS) ? "all have left" : "somebody is still here");
    for (int i = 0; i < BOTS; i++) {
        must("join a thread", uv_thread_join(&bots[i].thread));
        waited += bots[i].waited;
    }
    for (int i = 0; i < LOCKS; i++)
        uv_mutex_destroy(&locks[i]);
    uv_cond_destroy(&leaving);
    show_evening(&all);
    measure("stood at locks, of %d s: %.1f s", BOTS * EVENING / 1000,
            (double)waited / 1e9);
}

/* A join has no limit; this has: returns false when a second has passed. */
static bool have_left(int bots)
{
    int result = 0;

    uv_mutex_lock(&locks[DOOR]);
    while (left < bots && result == 0)
        result = uv_cond_timedwait(&leaving, &locks[DOOR], 1000000000);
    uv_mutex_unlock(&locks[DOOR]);
    return result == 0;
}

static void live(void *argument)
{
    struct bot *bot = argument;

    while (all.is_open) {
        bot->work(bot->counter);
        uv_sleep(1);
    }
    bot->waited = waited;
    uv_mutex_lock(&locks[DOOR]);
    left++;
    uv_cond_signal(&leaving);
    uv_mutex_unlock(&locks[DOOR]);
}

static void greet(struct counter *unused)
{
    (void)unused;
    seat_guests();
    take_money();
}

static void seat_guests(void)
{
    struct table *table;

    lock(TABLE);
    table = find_table(&all, EMPTY);
    if (table != NULL) {
        uv_sleep(MOMENT); /* leads the guests there */
        all.disturbed += table->is_being_cleaned;
        table->state = SEATED;
        all.parties++;
    }
    unlock(TABLE);
}

static void take_money(void)
{
    struct table *table;

    lock(TABLE);
    table = find_table(&all, EATING);
    if (table != NULL) {
        lock(JAR);
        int tips = all.tips;
        uv_sleep(MOMENT); /* at the desk; the tip is put into the jar */
        all.tips_lost += all.tips != tips;
        all.tips = tips + 1;
        unlock(JAR);
        table->state = EMPTY;
    }
    unlock(TABLE);
}

static void wait_at_tables(struct counter *unused)
{
    (void)unused;
    take_order();
    fetch(&all.pass);
    fetch(&all.bar);
    clean_table();
}

static void take_order(void)
{
    struct table *table;

    lock(TABLE);
    table = find_table(&all, SEATED);
    if (table != NULL) {
        lock(DRAWER);
        int cutlery = all.cutlery;
        uv_sleep(MOMENT); /* lays the table, and writes on a slip of paper */
        all.miscounted += all.cutlery != cutlery;
        all.cutlery = cutlery - PLACES;
        unlock(DRAWER);
        all.taken_twice += table->state != SEATED;
        table->is_laid = true;
        table->state = ORDERED;
        all.pass.slips++;
        all.bar.slips++;
    }
    unlock(TABLE);
}

static void fetch(struct counter *counter)
{
    enum lock which = counter == &all.pass ? PASS : BAR;
    struct table *table;
    bool has_it;

    lock(which);
    has_it = counter->ready > 0;
    if (has_it) {
        counter->broken += counter->is_held; /* by the bot that has made it */
        counter->ready--;
    }
    unlock(which);
    if (!has_it)
        return;
    lock(TABLE);
    table = find_table(&all, ORDERED);
    uv_sleep(MOMENT); /* carries it */
    if (table != NULL && counter == &all.pass)
        table->state = EATING;
    unlock(TABLE);
}

static void clean_table(void)
{
    struct table *table;

    lock(TABLE);
    table = find_table_to_clean(&all);
    if (table != NULL) {
        lock(DRAWER);
        int cutlery = all.cutlery;
        table->is_being_cleaned = true;
        uv_sleep(SLOWLY);
        all.miscounted += all.cutlery != cutlery;
        all.cutlery = cutlery + PLACES;
        table->is_laid = table->is_being_cleaned = false;
        unlock(DRAWER);
    }
    unlock(TABLE);
}

/* ChefBot a plate, WineBot a glass. */
static void prepare(struct counter *counter)
{
    enum lock which = counter == &all.pass ? PASS : BAR;

    if (counter->slips <= 0)
        return;
    counter->slips--;
    uv_sleep(MOMENT);
    lock(which);
    counter->is_held = true;
    counter->ready++;
    uv_sleep(SLOWLY); /* sets it down, and lets go */
    counter->is_held = false;
    unlock(which);
}

static void lock(enum lock which)
{
    uint64_t asked = uv_hrtime();

    uv_mutex_lock(&locks[which]);
    waited += uv_hrtime() - asked;
}

static void unlock(enum lock which)
{
    uv_mutex_unlock(&locks[which]);
}
