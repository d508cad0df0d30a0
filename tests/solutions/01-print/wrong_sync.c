/* wrong_sync.c - the right words in the right order, each waited for: sync in disguise.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("prediction: Second, Third, First, 2.00 s");
    say("start");
    uv_sleep(1000);
    say("Second");
    uv_sleep(1500);
    say("Third");
    uv_sleep(2000);
    say("First");
    say("done");
}
