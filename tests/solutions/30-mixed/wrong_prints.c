/* wrong_prints.c - the right lines, printed between sleeps: no lanes at all.
 *
 * verdict: the loop has waited for 0.00 s only
 */

#include "lesson.h"

int main(int argc, char *argv[])
{
    struct number asked = {"MS", 600, 200, 2000};

    read_numbers(argc, argv, &asked, 1);
    say("prediction: job 3, 500 ms late");
    for (int ms = 100; ms <= 1000 || ms <= asked.value + 100; ms += 100) {
        uv_sleep(100);
        if (ms == 100)
            say("letter: is to be printed");
        if (ms % 200 == 0 && ms <= 1000)
            say("clock: strikes");
        if (ms == 500)
            say("sum: is computed");
        if (ms == asked.value + 100)
            say("letter: is printed");
    }
}
