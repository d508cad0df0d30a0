/* wrong_sync.c - the right lines in the right order, at the wrong time: one call after
 * the other, each waited for.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("Berlin: where is it?");
    say("Lima: where is it?");
    say("Tokyo: where is it?");
    uv_sleep(300);
    say("Berlin: located");
    uv_sleep(600);
    say("Lima: located");
    uv_sleep(900);
    say("Tokyo: located");
    uv_sleep(900);
    say("Berlin: complete");
    uv_sleep(600);
    say("Tokyo: complete");
    uv_sleep(1200);
    say("Lima: complete");
    say("report: Berlin, 21 C, dark 21:03");
    say("report: Lima, 18 C, dark 17:53");
    say("report: Tokyo, 28 C, dark 18:59");
}
