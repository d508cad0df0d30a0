/* handles_sync.c - whose memory is it? With plain calls: ours, from malloc() to free().
 * You will see Ada's table free again at 0.30, as soon as she has left; then the
 * waiter counts the money until 0.60. */

#include "lesson.h"

#include <stdlib.h>

struct guest {
    const char *name;
};

static void seat(const char *name);
static void count_money(void);

int main(void)
{
    say("restaurant: open");
    seat("Ada");
    count_money();
    say("restaurant: closed");
}

/* Allocate, use, free: in one function, in this order. */
static void seat(const char *name)
{
    struct guest *guest = malloc(sizeof *guest);

    must("set a table", guest ? 0 : UV_ENOMEM);
    guest->name = name;
    say("%s: sits down and eats", guest->name);
    uv_sleep(300);
    say("%s: leaves", guest->name);
    free(guest);
    say("%s: the table is free", name);
}

static void count_money(void)
{
    say("waiter: counts the money");
    uv_sleep(300);
    say("waiter: done");
}
