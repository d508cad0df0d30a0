/* wrong_sync.c - one breakfast after the other, printed as if both were under way.
 *
 * verdict: Ben: no recipe   (expected at 0.80: ... s late) */

#include "lesson.h"

#include <stdlib.h>

int main(void)
{
    say("Ann: sits down");
    say("Ben: sits down");
    uv_sleep(200);
    say("Ann: the table is laid");
    say("Ann: the recipe is here");
    uv_sleep(800);
    say("Ben: the table is laid");
    say("Ben: no recipe");
    uv_sleep(200);
    say("Ben: the table is cleared");
    say("waiter: no breakfast for Ben, ENOENT");
    uv_sleep(400);
    say("Ann: the egg is cooked");
    uv_sleep(200);
    say("Ann: the table is cleared");
    say("waiter: Ann has had breakfast");
    return EXIT_FAILURE;
}
