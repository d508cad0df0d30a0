/* exercise.c - three WaitBots lay twelve tables. Two things that they share have no lock:
 * find them. */

#include "lesson.h"

#include <stdatomic.h>

enum {
    BOTS = 3,
    MOST_TABLES = 12,
    MOMENT = 20,    /* ms: to turn a page of the order book, to lift the lid of the jar */
    COUNTING = 40,  /* ms: knives and forks */
    WALK = 120,     /* ms: to a table */
    EVENING = 1500, /* ms */
    CUTLERY = 100,
    PLACES = 4 /* at a table */
};

/* TODO: which of these may be looked at by one bot only, until it has changed it? */
static atomic_int next_table, in_drawer = CUTLERY, tips;
static atomic_int served[MOST_TABLES]; /* how often */
static uv_mutex_t jar_lock;
#ifdef SOLUTION
static uv_mutex_t book_lock, drawer_lock;
#endif

static void serve_tables(void *tables);
static int take_order(int tables);
static void lay_table(void);
static void put_tip(void);

int main(int argc, char *argv[])
{
    struct number tables = {"TABLES", MOST_TABLES, 1, MOST_TABLES};
    uv_thread_t bots[BOTS];
    int right = 0;

    read_numbers(argc, argv, &tables, 1);
    must("make a lock", uv_mutex_init(&jar_lock));
#ifdef SOLUTION
    must("make a lock", uv_mutex_init(&book_lock));
    must("make a lock", uv_mutex_init(&drawer_lock));
#endif
    say("restaurant: opens");
    for (int i = 0; i < BOTS; i++)
        must("start a thread", uv_thread_create(&bots[i], serve_tables, &tables.value));
    uv_sleep(EVENING);
    for (int i = 0; i < tables.value; i++)
        right += served[i] == 1;
    say("restaurant: closes, %d of %d tables were served once", right, tables.value);
    for (int i = 0; i < BOTS; i++)
        must("join a thread", uv_thread_join(&bots[i]));
    say_untimed("drawer: %d knives and forks of %d, %d of %d laid", in_drawer, CUTLERY,
                CUTLERY - in_drawer, tables.value * PLACES);
    say_untimed("jar: %d tips", tips);
    uv_mutex_destroy(&jar_lock);
#ifdef SOLUTION
    uv_mutex_destroy(&book_lock);
    uv_mutex_destroy(&drawer_lock);
#endif
}

/* Each bot is a thread that runs this. */
static void serve_tables(void *tables)
{
    int table;

    while ((table = take_order(*(int *)tables)) >= 0) {
        uv_sleep(WALK); /* goes there */
        lay_table();
        served[table]++;
        put_tip();
    }
}

/* Returns the number of the table that is next in the order book; -1: there is none. */
static int take_order(int tables)
{
    int table;

#ifdef SOLUTION
    uv_mutex_lock(&book_lock);
#endif
    table = next_table;
    uv_sleep(MOMENT);
    next_table = table + 1;
#ifdef SOLUTION
    uv_mutex_unlock(&book_lock);
#endif
    return table < tables ? table : -1;
}

static void lay_table(void)
{
    int before;

#ifdef SOLUTION
    uv_mutex_lock(&drawer_lock);
#endif
    before = in_drawer;
    uv_sleep(COUNTING);
    in_drawer = before - PLACES;
#ifdef SOLUTION
    uv_mutex_unlock(&drawer_lock);
#endif
}

static void put_tip(void)
{
    int before;

    uv_mutex_lock(&jar_lock);
    before = tips;
    uv_sleep(MOMENT);
    tips = before + 1;
    uv_mutex_unlock(&jar_lock);
}
