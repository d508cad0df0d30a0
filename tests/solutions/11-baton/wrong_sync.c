/* wrong_sync.c - plays the rules by hand, without a loop, and stands still until
 * the whistle is due.
 *
 * verdict: B: lap 1 */

#include "lesson.h"

int main(void)
{
    say("referee: start");
    for (int lap = 0; lap < 5; lap++) {
        for (int i = 0; i < 3; i++) {
            if (lap == 1 && i == 1) {
                uv_sleep(390);
                say("referee: whistle");
            }
            say("%c: lap %d", "ABC"[i], lap);
            uv_sleep(100);
            if (lap == 4)
                say("%c: done", "ABC"[i]);
        }
    }
    say("all laps done");
}
