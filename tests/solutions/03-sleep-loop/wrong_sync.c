/* wrong_sync.c - the right lines in the right order, in a row.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    static const struct {
        int number;
        unsigned ms;
    } sleepers[] = {{1, 400}, {3, 600}, {0, 800}, {2, 1000}};

    for (int i = 0; i < 4; i++)
        say("sleeper %d: start", i);
    for (int i = 0; i < 4; i++) {
        uv_sleep(sleepers[i].ms);
        say("sleeper %d: done", sleepers[i].number);
    }
    for (int i = 0; i < 4; i++)
        say("%d squared is %d", i, i * i);
    say("all done");
}
