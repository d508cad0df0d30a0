/* pool_sync.c - six photos are made smaller, by a library whose call blocks.
 *
 * You will see one after the other. */

#include "pool.h"

int main(void)
{
    long sum = 0;

    say("lab: six photos");
    for (int i = 1; i <= PHOTOS; i++) {
        struct photo photo = {.number = i};

        say("photo %d: asked for", i);
        shrink(&photo);
        show(&photo);
        sum += photo.result;
    }
    say("checksum: %ld", sum);
}
