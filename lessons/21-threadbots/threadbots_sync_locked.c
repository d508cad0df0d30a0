/* threadbots_sync_locked.c - whoever looks at a table, a counter or the jar locks it
 * first, and unlocks it after the act.
 *
 * You will see that nobody collides, that fewer guests are served, and how long the bots
 * stood at locks. Order of events: as in threadbots_sync, and each bot locks before it
 * looks. */

#include "threadbots.h"

struct bot {
    void (*work)(struct bot *bot);
    struct counter *counter; /* ChefBot's, WineBot's */
    int walks;
    uint64_t waited; /* ns, at locks */
    uv_thread_t thread;
};

static void live(void *bot);
static void greet(struct bot *bot);
static void wait_at_tables(struct bot *bot);
static bool go_and(struct bot *bot, void (*act)(struct table *), enum state seen);
static void put_tip(struct bot *bot);
static void fetch(struct bot *bot, struct counter *counter);
static void prepare(struct bot *bot);
static void lock(struct bot *bot, uv_mutex_t *mutex);

static uv_mutex_t tables_lock, jar_lock;

int main(void)
{
    struct bot bots[] = {{.work = greet},
                         {.work = wait_at_tables},
                         {.work = prepare, .counter = &pass},
                         {.work = prepare, .counter = &bar},
                         {.work = greet},
                         {.work = wait_at_tables},
                         {.work = wait_at_tables}};
    uv_mutex_t *locks[] = {&tables_lock, &jar_lock, &pass.lock, &bar.lock};
    enum { BOTS = sizeof bots / sizeof *bots, LOCKS = sizeof locks / sizeof *locks };
    uint64_t waited = 0;
    int walks = 0;

    for (int i = 0; i < LOCKS; i++)
        must("make a lock", uv_mutex_init(locks[i]));
    open_restaurant();
    for (int i = 0; i < BOTS; i++)
        must("start a thread", uv_thread_create(&bots[i].thread, live, &bots[i]));
    uv_sleep(EVENING);
    close_restaurant();
    for (int i = 0; i < BOTS; i++) {
        must("join a thread", uv_thread_join(&bots[i].thread));
        walks += bots[i].walks;
        waited += bots[i].waited;
    }
    for (int i = 0; i < LOCKS; i++)
        uv_mutex_destroy(locks[i]);
    show_evening(walks);
    measure("stood at locks: %.1f s of %d", (double)waited / 1e9, BOTS * EVENING / 1000);
}

static void live(void *argument)
{
    struct bot *bot = argument;

    while (is_open) {
        bot->work(bot);
        uv_sleep(1);
    }
}

static void greet(struct bot *bot)
{
    go_and(bot, seat_guests, FREE);
    if (go_and(bot, take_money, EATING))
        put_tip(bot);
}

static void wait_at_tables(struct bot *bot)
{
    go_and(bot, take_order, SEATED);
    go_and(bot, clean_table, DIRTY);
    fetch(bot, &pass);
    fetch(bot, &bar);
}

/* Returns whether there was a table where that was seen. */
static bool go_and(struct bot *bot, void (*act)(struct table *), enum state seen)
{
    lock(bot, &tables_lock);
    struct table *table = find_table(seen);
    if (table != NULL) {
        uv_sleep(way_to(table));
        act(table);
        bot->walks++;
    }
    uv_mutex_unlock(&tables_lock);
    return table != NULL;
}

static void put_tip(struct bot *bot)
{
    lock(bot, &jar_lock);
    int before = tips;
    uv_sleep(MOMENT); /* lifts the lid of the jar */
    tips_lost += tips != before;
    tips = before + 1;
    uv_mutex_unlock(&jar_lock);
}

static void fetch(struct bot *bot, struct counter *counter)
{
    lock(bot, &counter->lock);
    bool is_there = counter->ready > 0;
    if (is_there)
        take_from(counter);
    uv_mutex_unlock(&counter->lock);
    if (is_there)
        go_and(bot, serve, ORDERED);
}

/* A dish, or a drink. */
static void prepare(struct bot *bot)
{
    struct counter *counter = bot->counter;

    if (counter->slips <= 0)
        return;
    counter->slips--;
    uv_sleep(time_to_make(counter));
    lock(bot, &counter->lock);
    set_down(counter);
    uv_mutex_unlock(&counter->lock);
}

static void lock(struct bot *bot, uv_mutex_t *mutex)
{
    uint64_t asked = uv_hrtime();

    uv_mutex_lock(mutex);
    bot->waited += uv_hrtime() - asked;
}
