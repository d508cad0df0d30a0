/* wrong_sync.c - the right lines in the right order, one job after the other.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("prediction: 6 workers");
    say("worker 1: takes job 1, of 0.4 s");
    say("worker 2: takes job 2, of 0.3 s");
    say("worker 3: takes job 3, of 0.1 s");
    say("worker 4: takes job 4, of 0.2 s");
    say("worker 5: takes job 5, of 0.1 s");
    say("worker 6: takes job 6, of 0.7 s");
    uv_sleep(100);
    say("worker 3: done with job 3");
    say("worker 3: takes job 7, of 0.3 s");
    uv_sleep(100);
    say("worker 5: done with job 5");
    say("worker 5: takes job 8, of 0.1 s");
    uv_sleep(200);
    say("worker 4: done with job 4");
    say("worker 4: takes job 9, of 0.4 s");
    uv_sleep(100);
    say("worker 5: done with job 8");
    say("worker 5: takes job 10, of 0.1 s");
    uv_sleep(300);
    say("worker 2: done with job 2");
    say("worker 2: goes home, jobs done: 1");
    uv_sleep(100);
    say("worker 5: done with job 10");
    say("worker 5: goes home, jobs done: 3");
    uv_sleep(400);
    say("worker 1: done with job 1");
    say("worker 1: goes home, jobs done: 1");
    uv_sleep(300);
    say("worker 3: done with job 7");
    say("worker 3: goes home, jobs done: 2");
    uv_sleep(400);
    say("worker 4: done with job 9");
    say("worker 4: goes home, jobs done: 2");
    uv_sleep(700);
    say("worker 6: done with job 6");
    say("worker 6: goes home, jobs done: 1");
    say("all jobs done");
}
