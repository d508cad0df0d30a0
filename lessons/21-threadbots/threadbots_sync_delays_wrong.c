/* threadbots_sync_delays_wrong.c - threadbots_sync with delays, "to be safe": what was
 * seen is looked at again a moment later, and what was set down gets a moment to be let
 * go.
 *
 * You will see other counts than there, and none of them is 0. Order of events: as
 * there. */

#include "threadbots.h"

struct bot {
    void (*work)(struct bot *bot);
    struct counter *counter; /* ChefBot's, WineBot's */
    int walks;
    uv_thread_t thread;
};

static void live(void *bot);
static void greet(struct bot *bot);
static void wait_at_tables(struct bot *bot);
static bool go_and(struct bot *bot, void (*act)(struct table *), enum state seen);
static void put_tip(void);
static void fetch(struct bot *bot, struct counter *counter);
static void prepare(struct bot *bot);

int main(int argc, char *argv[])
{
    struct bot bots[] = {{.work = greet},
                         {.work = wait_at_tables},
                         {.work = prepare, .counter = &pass},
                         {.work = prepare, .counter = &bar},
                         {.work = greet},
                         {.work = wait_at_tables},
                         {.work = wait_at_tables}};
    struct number count = {"BOTS", 7, 4, 7};
    int walks = 0;

    read_numbers(argc, argv, &count, 1);
    open_restaurant();
    for (int i = 0; i < count.value; i++)
        must("start a thread", uv_thread_create(&bots[i].thread, live, &bots[i]));
    uv_sleep(EVENING);
    close_restaurant();
    for (int i = 0; i < count.value; i++) {
        must("join a thread", uv_thread_join(&bots[i].thread));
        walks += bots[i].walks;
    }
    show_evening(walks);
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
        put_tip();
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
    struct table *table = find_table(seen);

    uv_sleep(MOMENT);
    if (find_table(seen) != table) /* WRONG: as if it would stay so after this look */
        return false;
    if (table == NULL)
        return false;
    uv_sleep(way_to(table));
    act(table);
    bot->walks++;
    return true;
}

static void put_tip(void)
{
    uv_sleep(MOMENT); /* WRONG: the other one waits as long */
    int before = tips;

    uv_sleep(MOMENT); /* lifts the lid of the jar */
    tips_lost += tips != before;
    tips = before + 1;
}

static void fetch(struct bot *bot, struct counter *counter)
{
    if (counter->ready <= 0 || find_table(ORDERED) == NULL)
        return;
    uv_sleep(MOMENT); /* WRONG: by then the next one is held */
    take_from(counter);
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
    set_down(counter);
}
