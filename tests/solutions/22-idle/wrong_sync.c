/* wrong_sync.c - the synchronous program in disguise: it sleeps, and does the sum itself.
 *
 * verdict: too few handles of a kind were active */

#include "lesson.h"

enum { GUESTS = 12, EVENING = 2000, GUEST = 73, LOOKS = 100 };

int main(int argc, char *argv[])
{
    struct number guests = {"GUESTS", GUESTS, 1, 22};
    int works;
    double idle;

    read_numbers(argc, argv, &guests, 1);
    say("prediction: %d guests", GUESTS);
    works = guests.value * GUEST + LOOKS;
    for (int i = 0; i < guests.value; i++)
        uv_sleep(GUEST);
    uv_sleep(LOOKS);
    uv_sleep((unsigned)(EVENING - works));
    idle = 1 - (double)works / EVENING;
    say("restaurant: closes, %d guests were served", guests.value);
    measure("LoopBot: was idle for %s of the evening, %.1f %%",
            idle > 0.7   ? "most"
            : idle > 0.3 ? "about half"
                         : "little",
            100 * idle);
    run_and_close();
}
