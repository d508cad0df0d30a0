/* task_sync.c - a call: whoever asks stands there until the answer comes.
 * You will see the answer first, then two cups of tea, 2.00 s: the sum. */

#include "lesson.h"

static int answer(void);
static void drink_tea(void);

int main(void)
{
    int result = answer(); /* start and join are one call */

    drink_tea();
    say("caller: the answer is %d", result);
    drink_tea();
    say("caller: the answer is %d", result);
    say("caller: has gone home");
}

static int answer(void)
{
    say("task: start to answer");
    uv_sleep(1000);
    say("task: done");
    return 42;
}

static void drink_tea(void)
{
    say("caller: drinks tea");
    uv_sleep(500);
}
