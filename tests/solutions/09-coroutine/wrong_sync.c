/* wrong_sync.c - one count after the other, printed as if they overlapped.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("two clerks come to work");
    say("before await");
    say("Ann: start to answer");
    say("Ben: start to answer");
    uv_sleep(300);
    say("Ben: 2 boxes");
    uv_sleep(400);
    say("Ann: 6 boxes");
    uv_sleep(300);
    say("Ben: 5 apples in each");
    uv_sleep(400);
    say("Ann: 7 apples in each");
    uv_sleep(300);
    say("Ben: 1 rotten");
    say("Ben: answers 9");
    uv_sleep(400);
    say("Ann: 2 rotten");
    say("Ann: answers 40");
}
