/* threadbots_sync_delays_wrong.c - delays, "to be safe": what was seen is looked at again
 * a moment later, and whatever was set down gets a moment to be let go.
 *
 * You will see other counts than those of threadbots_sync, and none of them is 0. Order
 * of events: as there. */

#include "threadbots.h"

struct bot {
    void (*work)(struct counter *counter);
    struct counter *counter; /* ChefBot's, WineBot's */
    uv_thread_t thread;
};

static void live(void *bot);
static void greet(struct counter *unused);
static void seat_guests(void);
static void take_money(void);
static void wait_at_tables(struct counter *unused);
static void take_order(void);
static void fetch(struct counter *counter);
static void clean_table(void);
static void prepare(struct counter *counter);

static struct restaurant all = {.cutlery = CUTLERY};

int main(int argc, char *argv[])
{
    struct bot bots[] = {{.work = greet},         {.work = wait_at_tables},
                         {prepare, &all.pass, 0}, {prepare, &all.bar, 0},
                         {.work = greet},         {.work = wait_at_tables},
                         {.work = wait_at_tables}};
    struct number count = {"BOTS", 7, 4, 7};

    read_numbers(argc, argv, &count, 1);
    say("restaurant: opens");
    all.is_open = true;
    for (int i = 0; i < count.value; i++)
        must("start a thread", uv_thread_create(&bots[i].thread, live, &bots[i]));
    uv_sleep(EVENING);
    say("restaurant: closes");
    all.is_open = false;
    for (int i = 0; i < count.value; i++)
        must("join a thread", uv_thread_join(&bots[i].thread));
    show_evening(&all);
}

static void live(void *argument)
{
    struct bot *bot = argument;

    while (all.is_open) {
        bot->work(bot->counter);
        uv_sleep(1);
    }
}

static void greet(struct counter *unused)
{
    (void)unused;
    seat_guests();
    take_money();
}

static void seat_guests(void)
{
    struct table *table = find_table(&all, EMPTY);

    uv_sleep(MOMENT); /* WRONG: as if it would stay so after the second look */
    if (table == NULL || find_table(&all, EMPTY) != table)
        return;
    uv_sleep(MOMENT); /* leads the guests there */
    all.disturbed += table->is_being_cleaned;
    table->state = SEATED;
    all.parties++;
}

static void take_money(void)
{
    struct table *table = find_table(&all, EATING);
    int tips = all.tips;

    uv_sleep(MOMENT);
    if (table == NULL || find_table(&all, EATING) != table)
        return;
    uv_sleep(MOMENT); /* at the desk; the tip is put into the jar */
    all.tips_lost += all.tips != tips;
    all.tips = tips + 1;
    table->state = EMPTY;
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
    struct table *table = find_table(&all, SEATED);
    int cutlery = all.cutlery;

    uv_sleep(MOMENT);
    if (table == NULL || find_table(&all, SEATED) != table)
        return;
    uv_sleep(MOMENT); /* lays the table, and writes on a slip of paper */
    all.miscounted += all.cutlery != cutlery;
    all.cutlery = cutlery - PLACES;
    all.taken_twice += table->state != SEATED;
    table->is_laid = true;
    table->state = ORDERED;
    all.pass.slips++;
    all.bar.slips++;
}

static void fetch(struct counter *counter)
{
    struct table *table = find_table(&all, ORDERED);

    if (counter->ready <= 0)
        return;
    uv_sleep(MOMENT);
    counter->broken += counter->is_held; /* by the bot that has made it */
    counter->ready--;
    uv_sleep(MOMENT); /* carries it */
    if (table != NULL && counter == &all.pass)
        table->state = EATING;
}

static void clean_table(void)
{
    struct table *table = find_table_to_clean(&all);
    int cutlery = all.cutlery;

    if (table == NULL)
        return;
    table->is_being_cleaned = true;
    uv_sleep(SLOWLY);
    all.miscounted += all.cutlery != cutlery;
    all.cutlery = cutlery + PLACES;
    table->is_laid = table->is_being_cleaned = false;
}

/* ChefBot a plate, WineBot a glass. */
static void prepare(struct counter *counter)
{
    if (counter->slips <= 0)
        return;
    counter->slips--;
    uv_sleep(MOMENT);
    counter->is_held = true;
    counter->ready++;
    uv_sleep(SLOWLY); /* sets it down, and lets go */
    counter->is_held = false;
}
