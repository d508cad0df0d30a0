/* sleep_loop_sync.c - four sleepers of one second, one after the other.
 * You will see 4.00 s, and the results in the order of asking. */

#include "lesson.h"

#include <stdlib.h>

struct sleeper {
    long long number, result;
};

static void fall_asleep(struct sleeper *sleeper);
static void show_result(const struct sleeper *sleeper);

int main(int argc, char *argv[])
{
    struct number asked = {.name = "SLEEPERS", .value = 4, .least = 1, .most = 1000000};
    struct sleeper *sleepers;

    read_numbers(argc, argv, &asked, 1);
    sleepers = calloc((size_t)asked.value, sizeof *sleepers);
    must("remember all sleepers", sleepers ? 0 : UV_ENOMEM);
    for (int i = 0; i < asked.value; i++) {
        sleepers[i].number = i;
        fall_asleep(&sleepers[i]);
    }
    for (int i = 0; i < asked.value; i++)
        show_result(&sleepers[i]);
    free(sleepers);
    say("all done");
}

static void fall_asleep(struct sleeper *sleeper)
{
    say("sleeper %lld: start", sleeper->number);
    uv_sleep(1000);
    sleeper->result = sleeper->number * sleeper->number;
    say("sleeper %lld: done", sleeper->number);
}

static void show_result(const struct sleeper *sleeper)
{
    say("%lld squared is %lld", sleeper->number, sleeper->result);
}
