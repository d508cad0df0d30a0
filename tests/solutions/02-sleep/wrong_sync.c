/* wrong_sync.c - every line in its place, but nobody sleeps while another one does.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("First: start, sleep for 1 s");
    say("Second: start, sleep for 3 s");
    uv_sleep(1000);
    say("First: done");
    say("Third: start, sleep for 1 s");
    uv_sleep(1000);
    say("Third: done");
    uv_sleep(3000);
    say("Second: done");
    say("everybody is awake");
}
