/* coroutine_sync.c - two clerks count apples, one after the other: plain functions.
 * You will see 1.40 s, the sum: Ben can't start before Ann has answered. */

#include "lesson.h"

struct clerk {
    const char *name;
    unsigned ms;  /* for each count */
    int stock[2]; /* what he will find: boxes, and apples in each */
    int counts;   /* how many times he has counted */
};

static int answer(struct clerk *clerk);
static int count(struct clerk *clerk);

int main(void)
{
    struct clerk ann = {.name = "Ann", .ms = 500, .stock = {6, 7}};
    struct clerk ben = {.name = "Ben", .ms = 200, .stock = {2, 5}};

    say("two clerks come to work");
    say("both clerks are here");
    say("before await");
    say("Ann: answers %d", answer(&ann));
    say("Ben: answers %d", answer(&ben));
}

/* How many apples are there? Two waits; `boxes` is needed after the second. */
static int answer(struct clerk *clerk)
{
    int boxes, apples;

    say("%s: start to answer", clerk->name);
    boxes = count(clerk);
    say("%s: %d boxes", clerk->name, boxes);
    apples = count(clerk);
    say("%s: %d apples in each", clerk->name, apples);
    return boxes * apples;
}

/* A wait, and what it brings. */
static int count(struct clerk *clerk)
{
    uv_sleep(clerk->ms);
    return clerk->stock[clerk->counts++];
}
