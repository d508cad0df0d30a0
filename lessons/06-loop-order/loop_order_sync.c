/* loop_order_sync.c - five plain calls: who is first in main is called first.
 * You will see check, prepare, idle, pipe, timer, in the order of the source; the
 * program stands still for 0.50 s, in the middle of the last call. */

#include "lesson.h"

#include <unistd.h>

struct round {
    int ends[2]; /* of the pipe: we read from 0 what is written to 1 */
    int calls;
};

static void check(struct round *round);
static void prepare(struct round *round);
static void idle(struct round *round);
static void read_pipe(struct round *round);
static void wait_for_timer(struct round *round);

int main(void)
{
    struct round round = {.calls = 0};

    say("main: call check, prepare, idle, pipe, timer");
    must("make a pipe", uv_pipe(round.ends, 0, 0));
    must("write", write(round.ends[1], "!", 1) == 1 ? 0 : UV_EIO);
    check(&round);
    prepare(&round);
    idle(&round);
    read_pipe(&round);
    wait_for_timer(&round);
    must("close", close(round.ends[0]) | close(round.ends[1]));
    say("main: the end");
}

static void check(struct round *round)
{
    say("check: call %d", ++round->calls);
}

static void prepare(struct round *round)
{
    say("prepare: call %d", ++round->calls);
}

static void idle(struct round *round)
{
    say("idle: call %d", ++round->calls);
}

/* If there were nothing in the pipe, we would stand here for ever. */
static void read_pipe(struct round *round)
{
    char byte;

    must("read", read(round->ends[0], &byte, 1) == 1 ? 0 : UV_EIO);
    say("pipe: call %d, reads %c", ++round->calls, byte);
}

static void wait_for_timer(struct round *round)
{
    uv_sleep(500);
    say("timer: call %d", ++round->calls);
}
