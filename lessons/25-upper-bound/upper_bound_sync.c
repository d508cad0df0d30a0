/* upper_bound_sync.c - an order, and one worker: the card is charged, the parcels are
 * packed, the sale is recorded, the mails are sent.
 *
 * You will see that it takes 1.00 s, and how much of it each part takes. Order of events:
 * main -> work, once for each part. */

#include "upper_bound.h"

static int work(int first, int end);

int main(void)
{
    int checksum = 0;

    say("an order for 1 worker");
    for (int i = 0; i < PARTS; i++) {
        const struct part *part = &parts[i];

        say("%s: being %s", part->name, part->done);
        checksum += work(part->first, part->end);
        say("%s: %s", part->name, part->done);
    }
    say("checksum: %d", checksum);
}

/* Returns the sum of the numbers of these pieces: whoever leaves one out has another. */
static int work(int first, int end)
{
    int sum = 0;

    uv_sleep((unsigned)(end - first)); /* a sleep plays the work */
    for (int piece = first; piece < end; piece++)
        sum += piece;
    return sum;
}
