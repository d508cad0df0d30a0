/* threadbots.h - the restaurant of this lesson: what is in it, and what went wrong there.
 *
 * What several bots use is atomic: each look at it is true, and each change is whole.
 * That says nothing of what happens between a look and the change that follows it. */
#ifndef THREADBOTS_H
#define THREADBOTS_H

#include "lesson.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
    EVENING = 2000, /* ms */
    MOMENT = 5,     /* ms: to go to a table, to cook a dish (these bots are quick) */
    SLOWLY = 15,    /* ms: to set something down, to clean a table */
    THINKING = 300, /* ms, a guest */
    TABLES = 12,
    PLACES = 4,   /* at a table */
    CUTLERY = 100 /* knives, and as many forks */
};

enum state { EMPTY, SEATED, ORDERED, EATING };

struct table {
    _Atomic(enum state) state;
    atomic_bool is_laid, is_being_cleaned;
    bool is_claimed; /* by LoopBot, who is on his way there */
};

/* Where ChefBot puts plates, or WineBot glasses, for a WaitBot to fetch. */
struct counter {
    atomic_int slips;    /* orders that nobody has begun */
    atomic_int ready;    /* plates, or glasses */
    atomic_bool is_held; /* the last one: it has not been let go yet */
    atomic_int broken;
};

struct restaurant {
    atomic_bool is_open;
    struct table tables[TABLES];
    struct counter pass, bar;
    atomic_int cutlery, tips;
    atomic_int parties, disturbed, taken_twice, tips_lost, miscounted;
};

/* The first table where guests are in this state, or NULL. */
static inline struct table *find_table(struct restaurant *all, enum state state)
{
    for (struct table *table = all->tables; table < all->tables + TABLES; table++)
        if (table->state == state && !table->is_claimed)
            return table;
    return NULL;
}

/* The first table where nobody sits, and somebody sat, or NULL. */
static inline struct table *find_table_to_clean(struct restaurant *all)
{
    for (struct table *table = all->tables; table < all->tables + TABLES; table++)
        if (table->state == EMPTY && table->is_laid && !table->is_claimed)
            return table;
    return NULL;
}

/* How the evening was. */
static inline void show_evening(struct restaurant *all)
{
    measure("parties served: %d", all->parties);
    measure("plates shattered: %d", all->pass.broken);
    measure("glasses spilled: %d", all->bar.broken);
    measure("guests seated while the table was being cleaned: %d", all->disturbed);
    measure("orders taken twice: %d", all->taken_twice);
    measure("tips lost: %d", all->tips_lost);
    measure("cutlery counted wrong: %d times", all->miscounted);
}

#endif
