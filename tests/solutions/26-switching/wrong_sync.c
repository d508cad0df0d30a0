/* wrong_sync.c - no loop at all: two loops of C, which make the same turns in the same
 * order.
 *
 * verdict: too few handles of a kind were active
 */

#include "lesson.h"

int main(int argc, char *argv[])
{
    struct number asked[] = {{"STEPS", 20, 1, 100}, {"RUNNERS", 1000, 2, 1000}};
    int runners[] = {2, 10, 100, 0};

    read_numbers(argc, argv, asked, 2);
    runners[3] = asked[1].value;
    say("prediction: 20 rounds");
    for (int i = 0; i < 4; i++) {
        int checksum = 0;

        for (int step = 0; step < asked[0].value; step++)
            for (int runner = 1; runner <= runners[i]; runner++)
                checksum = (31 * checksum + runner) % 1000003;
        say_untimed("%d runners: %d hand-overs, %d rounds, checksum %d", runners[i],
                    runners[i] * asked[0].value, asked[0].value, checksum);
        measure("%.1f ns for a hand-over, %.1f for a round", 5.5, 5.5 * runners[i]);
    }
    run_and_close();
}
