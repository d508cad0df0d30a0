/* wrong_sync.c - no handle, no mistake; but whoever comes first is waited for.
 *
 * verdict: Ada: leaves   (expected at */

#include "lesson.h"

#include <stdlib.h>

static void seat(const char *name, unsigned ms);
static void ring(unsigned ms);

int main(void)
{
    say("restaurant: open");
    say("Ada: eats");
    say("Bob: eats");
    say("bell: set to 200 ms");
    say("bell: set to 400 ms");
    ring(200);
    seat("Ada", 300);
    ring(400);
    seat("Bob", 600);
    say("restaurant: closed");
}

static void seat(const char *name, unsigned ms)
{
    void *table = malloc(100);

    must("set a table", table ? 0 : UV_ENOMEM);
    uv_sleep(ms);
    say("%s: leaves", name);
    free(table);
    say("%s: the memory is free", name);
}

static void ring(unsigned ms)
{
    uv_sleep(ms);
    say("bell: rings");
    say("bell: the memory is free");
}
