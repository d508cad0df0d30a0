/* exercise.c - two programs in one, each with a handle whose memory is given away
 * while it is still the loop's. As it stands, it crashes. The program takes the
 * milliseconds that Bob eats; the check tries it with 500, too.
 * Order of events: main -> seat, ring_later -> on_ring, on_time, on_ring, ... */

#include "lesson.h"

#include <stdbool.h>
#include <stdlib.h>

struct guest {
    uv_timer_t meal;
    const char *name;
};

struct memory {
    char *start;
    size_t size;
    bool in_use; /* by a handle of the loop */
};

static void seat(const char *name, unsigned ms);
static void on_time(uv_timer_t *meal);
static void give_back(const char *whose, void *memory, size_t size);
static void look_at(uv_handle_t *handle, void *looked_at);
#ifdef SOLUTION
static void on_gone(uv_handle_t *meal);
#endif
static void ring_later(unsigned ms);
static void on_ring(uv_timer_t *bell);
#ifdef SOLUTION
static void on_silent(uv_handle_t *bell);
#endif

int main(int argc, char *argv[])
{
    struct number ms = {.name = "MS", .value = 600, .least = 0, .most = 60000};

    read_numbers(argc, argv, &ms, 1);
    say("restaurant: open");
    seat("Ada", 300);
    seat("Bob", (unsigned)ms.value);
    ring_later(200);
    ring_later(400);
    run_and_close();
    say("restaurant: closed");
}

static void seat(const char *name, unsigned ms)
{
    struct guest *guest = malloc(sizeof *guest);

    must("set a table", guest ? 0 : UV_ENOMEM);
    guest->name = name;
    must("seat a guest", uv_timer_init(uv_default_loop(), &guest->meal));
    guest->meal.data = guest;
    must("seat a guest", uv_timer_start(&guest->meal, on_time, ms, 0));
    say("%s: eats", guest->name);
}

static void on_time(uv_timer_t *meal)
{
    struct guest *guest = meal->data;

    say("%s: leaves", guest->name);
#ifdef SOLUTION
    uv_close((uv_handle_t *)meal, on_gone);
}

static void on_gone(uv_handle_t *meal)
{
    struct guest *guest = meal->data;

    give_back(guest->name, guest, sizeof *guest);
}
#else
    uv_close((uv_handle_t *)meal, NULL);
    /* TODO 1: this is too early */
    give_back(guest->name, guest, sizeof *guest);
}
#endif

/* Like free(), but it looks first whether the loop has a handle in this memory. free()
 * alone doesn't, and such a mistake isn't noticed until much later. */
static void give_back(const char *whose, void *memory, size_t size)
{
    struct memory looked_at = {.start = memory, .size = size};

    uv_walk(uv_default_loop(), look_at, &looked_at);
    must("free a handle in use", looked_at.in_use ? UV_EBUSY : 0);
    free(memory);
    say("%s: the memory is free", whose);
}

/* Called for each handle that the loop knows, also if it is closing. */
static void look_at(uv_handle_t *handle, void *looked_at)
{
    struct memory *memory = looked_at;
    char *at = (char *)handle;

    if (at >= memory->start && at < memory->start + memory->size)
        memory->in_use = true;
}

static void ring_later(unsigned ms)
{
#ifdef SOLUTION
    uv_timer_t *bell = malloc(sizeof *bell);

    must("set a bell", bell ? 0 : UV_ENOMEM);
    say("bell: set to %u ms", ms);
    must("set a bell", uv_timer_init(uv_default_loop(), bell));
    must("set a bell", uv_timer_start(bell, on_ring, ms, 0));
}
#else
    uv_timer_t bell; /* TODO 2: where is it when this function has returned? */

    say("bell: set to %u ms", ms);
    must("set a bell", uv_timer_init(uv_default_loop(), &bell));
    must("set a bell", uv_timer_start(&bell, on_ring, ms, 0));
}
#endif

static void on_ring(uv_timer_t *bell)
{
    say("bell: rings");
#ifdef SOLUTION
    uv_close((uv_handle_t *)bell, on_silent);
}

static void on_silent(uv_handle_t *bell)
{
    give_back("bell", bell, sizeof(uv_timer_t));
}
#else
    uv_close((uv_handle_t *)bell, NULL);
}
#endif
