/* wrong_prints.c - the right lines, printed between sleeps: no thread, no loop.
 *
 * verdict: the loop has waited for 0.00 s only
 */

#include "lesson.h"

int main(int argc, char *argv[])
{
    struct number asked = {"PARCELS", 5, 2, 50};

    read_numbers(argc, argv, &asked, 1);
    say("bar: .......... 0 %%");
    for (int i = 1; i <= asked.value; i++) {
        int percent = 100 * i / asked.value;

        uv_sleep(i == 2 ? 100 : 200);
        say("bar: %.*s%.*s %d %%", percent / 10, "##########", 10 - percent / 10,
            "..........", percent);
        if (i > 1)
            continue;
        uv_sleep(100);
        say("clock: the loop is free");
    }
    say("office: closes");
}
