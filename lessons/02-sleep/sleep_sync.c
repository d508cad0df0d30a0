/* sleep_sync.c - two sleepers, one after the other.
 * You will see each start and finish before the next one starts, 3.00 s. */

#include "lesson.h"

struct sleeper {
    const char *name;
    unsigned ms;
};

static void fall_asleep(struct sleeper sleeper);

int main(void)
{
    fall_asleep((struct sleeper){"First", 2000});
    fall_asleep((struct sleeper){"Second", 1000});
    say("everybody is awake");
}

static void fall_asleep(struct sleeper sleeper)
{
    say("%s: start, sleep for %u s", sleeper.name, sleeper.ms / 1000);
    uv_sleep(sleeper.ms); /* start and finish are one call */
    say("%s: done", sleeper.name);
}
