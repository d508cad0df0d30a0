/* threadbots.h - the restaurant of this lesson: what is in it, what a bot does when it
 * has come to a table or a counter, and what went wrong there. When a bot looks, and what
 * happens before it acts, is each program's own matter.
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
    MOMENT = 5,     /* ms: to lift the lid of the tip jar */
    LETTING_GO = 4, /* ms: of a plate, a glass */
    SWEEPING = 10,  /* ms: and making another one */
    THINKING = 300, /* ms, a guest */
    TABLES = 12
};

/* A bit for each, so that FREE is "nobody sits there", which is all that one sees from
 * the desk. */
enum state {
    CLEAN = 1,
    DIRTY = 2,
    FREE = CLEAN | DIRTY,
    SEATED = 4,
    ORDERED = 8,
    EATING = 16
};

struct table {
    atomic_int state, to_come; /* a dish and a drink, when they have ordered */
    bool is_claimed;           /* by LoopBot, who is on his way there */
};

/* Where ChefBot puts plates, or WineBot glasses, for a WaitBot to fetch. */
struct counter {
    atomic_int slips;    /* orders that nobody has begun */
    atomic_int ready;    /* plates, or glasses */
    atomic_bool is_held; /* the last one: it was not let go yet */
    atomic_int made, broken;
    uv_mutex_t lock; /* threadbots_sync_locked's */
};

static struct table tables[TABLES];
static struct counter pass, bar;
static atomic_bool is_open;
static atomic_int tips;
/* What happened in the evening. */
static atomic_int parties, disturbed, taken_twice, tips_lost;

static inline void open_restaurant(void)
{
    say("restaurant: opens");
    for (int i = 0; i < TABLES; i++)
        tables[i].state = CLEAN;
    is_open = true;
}

static inline void close_restaurant(void)
{
    say("restaurant: closes");
    is_open = false;
}

/* The first table of which that is true, and nobody is on the way there, or NULL. */
static inline struct table *find_table(enum state state)
{
    for (struct table *table = tables; table < tables + TABLES; table++)
        if ((table->state & (int)state) && !table->is_claimed)
            return table;
    return NULL;
}

/* ms to go there: some tables are near. */
static inline unsigned way_to(struct table *table)
{
    return 3 + (unsigned)(table - tables) % 5;
}

static inline void seat_guests(struct table *table)
{
    table->state = SEATED;
}

static inline void take_order(struct table *table)
{
    taken_twice += table->state != SEATED; /* by another WaitBot */
    table->to_come = 2;
    table->state = ORDERED;
    pass.slips++;
    bar.slips++;
}

/* A dish, or a drink; when both are there they eat. */
static inline void serve(struct table *table)
{
    if (--table->to_come == 0)
        table->state = EATING;
}

static inline void take_money(struct table *table)
{
    parties += table->state == EATING;
    table->state = DIRTY;
}

static inline void clean_table(struct table *table)
{
    disturbed += !(table->state & FREE); /* guests, who were seated meanwhile */
    if (table->state == DIRTY)
        table->state = CLEAN;
}

/* ms that the next one takes: dishes differ. */
static inline unsigned time_to_make(struct counter *counter)
{
    return 1 + (unsigned)counter->made++ % 8;
}

/* ChefBot puts a plate on the pass, or WineBot a glass on the bar, and lets it go. */
static inline void set_down(struct counter *counter)
{
    counter->is_held = true;
    counter->ready++;
    uv_sleep(LETTING_GO);
    counter->is_held = false;
}

/* A WaitBot takes it. What is still held falls, is swept up, and made once more. */
static inline void take_from(struct counter *counter)
{
    counter->ready--;
    if (counter->is_held) {
        counter->broken++;
        uv_sleep(SWEEPING);
    }
}

static inline void show_evening(int walks)
{
    measure("walks: %d", walks);
    measure("parties served: %d", parties);
    measure("plates shattered: %d", pass.broken);
    measure("glasses spilled: %d", bar.broken);
    measure("guests seated while the table was being cleaned: %d", disturbed);
    measure("orders taken twice: %d", taken_twice);
    measure("tips in the jar: %d, and lost: %d", tips, tips_lost);
}

#endif
