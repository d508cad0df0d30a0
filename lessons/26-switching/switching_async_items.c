/* switching_async_items.c - two producers make items, one consumer takes them, and each
 * gives way after every item: three tasks in one loop.
 *
 * You will see how long that takes for 100,000 items, or for as many as you like (the
 * second argument; the first is after how many turns the loop has one). Order of events:
 * main -> on_round, in each round of the loop
 * -> produce or consume, of whoever is first in the queue, again and again. */

#include "switching.h"

#include <stdlib.h>

enum { ITEMS = 100000, TASKS = 3 };

struct shop;

struct task {
    void (*on_turn)(struct task *me); /* produce or consume */
    int left;                         /* items, to make or to take */
    struct shop *shop;
    struct task *next; /* in the queue of tasks */
};

struct shop {
    uv_idle_t idle; /* calls in every round */
    int per_round;  /* so many turns at most */
    struct task *first, *last;
    int *items, made, taken; /* those that were made, in their order */
    int checksum;
};

static void on_round(uv_idle_t *idle);
static void produce(struct task *me);
static void consume(struct task *me);
static void give_way(struct task *me);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"PER_ROUND", 1000, 1, MOST}, {"ITEMS", ITEMS, 2, MOST}};
    struct shop shop = {.first = NULL};
    struct task tasks[TASKS];
    uint64_t start;
    double took;

    read_numbers(argc, argv, asked, 2);
    say("%d items, %d turns a round", asked[1].value, asked[0].value);
    shop.per_round = asked[0].value;
    shop.items = calloc((size_t)asked[1].value, sizeof *shop.items);
    must("get memory", shop.items ? 0 : UV_ENOMEM);
    tasks[0] = (struct task){produce, asked[1].value / 2, &shop, NULL};
    tasks[1] = (struct task){produce, asked[1].value - asked[1].value / 2, &shop, NULL};
    tasks[2] = (struct task){consume, asked[1].value, &shop, NULL};
    for (int i = 0; i < TASKS; i++)
        give_way(&tasks[i]);
    must("make an idle handle", uv_idle_init(uv_default_loop(), &shop.idle));
    shop.idle.data = &shop;
    must("start an idle handle", uv_idle_start(&shop.idle, on_round));
    start = uv_hrtime();
    run_and_close();
    took = (double)(uv_hrtime() - start);
    measure("it took %.3f s, %.1f ns for an item", took / 1e9, took / asked[1].value);
    say_untimed("checksum: %d", shop.checksum);
    free(shop.items);
}

/* After so many turns the loop has one. */
static void on_round(uv_idle_t *idle)
{
    struct shop *shop = idle->data;

    for (int i = 0; i < shop->per_round && shop->first; i++) {
        struct task *task = shop->first;

        shop->first = task->next;
        task->on_turn(task);
    }
    if (!shop->first)
        uv_close((uv_handle_t *)idle, NULL);
}

static void produce(struct task *me)
{
    struct shop *shop = me->shop;

    shop->items[shop->made++] = me->left;
    if (--me->left > 0)
        give_way(me);
}

/* There may be none yet: then perhaps at the next turn. */
static void consume(struct task *me)
{
    struct shop *shop = me->shop;

    if (shop->taken < shop->made) {
        shop->checksum = take_turn(shop->checksum, shop->items[shop->taken++]);
        me->left--;
    }
    if (me->left > 0)
        give_way(me);
}

/* To the end of the queue. */
static void give_way(struct task *me)
{
    struct shop *shop = me->shop;

    me->next = NULL;
    if (shop->first)
        shop->last->next = me;
    else
        shop->first = me;
    shop->last = me;
}
