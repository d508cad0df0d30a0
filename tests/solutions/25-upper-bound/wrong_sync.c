/* wrong_sync.c - the synchronous program in disguise: the sums are right, and it sleeps.
 *
 * verdict: Something else
 */

#include "lesson.h"

int main(int argc, char *argv[])
{
    struct number asked[] = {{"WORKERS", 10, 1, 1000},
                             {"ALONE", 1080, 1, 10000},
                             {"FEW", 3, 2, 1000},
                             {"TOGETHER", 600, 1, 10000}};
    double alone, few, serial, ms;

    read_numbers(argc, argv, asked, 4);
    alone = asked[1].value;
    few = asked[2].value;
    serial = (asked[3].value - alone / few) / (1 - 1 / few);
    ms = serial + (alone - serial) / asked[0].value;
    say("prediction: 360 ms at least");
    say("known: %.0f ms with 1 worker, %d ms with %.0f", alone, asked[3].value, few);
    say("program: %.0f ms of it are serial", serial);
    say("program: starts with %d workers, takes %.0f ms", asked[0].value, ms);
    uv_sleep((unsigned)(ms + 0.5));
    say("program: done");
    run_and_close();
}
