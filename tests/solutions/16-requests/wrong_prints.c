/* wrong_prints.c - sleeps and prints. The site was never asked for anything.
 *
 * verdict: the loop has waited for 0.00 s only */

#include "lesson.h"

static void say_at(unsigned *now, unsigned ms, const char *text)
{
    if (ms > *now)
        uv_sleep(ms - *now);
    *now = ms;
    say("%s", text);
}

int main(int argc, char *argv[])
{
    struct number ms = {"MS", 1400, 1, 60000};
    unsigned now = 0;

    read_numbers(argc, argv, &ms, 1);
    say_at(&now, 0, "page 1: asked");
    say_at(&now, 0, "page 2: asked");
    say_at(&now, 0, "page 3: asked");
    say_at(&now, 200, "page 1: begins");
    say_at(&now, 200, "page 1: here, 1037 bytes");
    say_at(&now, 200, "page 4: asked");
    say_at(&now, 400, "page 2: begins");
    say_at(&now, 800, "page 2: here, 2 bytes");
    say_at(&now, 1000, "page 4: begins");
    say_at(&now, 1000, "page 4: here, 133 bytes");
    say_at(&now, (unsigned)ms.value, "page 3: given up, 0 bytes");
}
