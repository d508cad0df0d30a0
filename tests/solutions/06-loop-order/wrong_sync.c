/* wrong_sync.c - the right lines, but whoever opens the door stands and waits there,
 * and only then goes to the kitchen.
 *
 * verdict: kitchen: gets 2 in round 1 */

#include "lesson.h"

static void open_door(int guests, int round);

int main(void)
{
    say("prediction: door kitchen door window kitchen phone kitchen door kitchen");
    open_door(2, 1);
    open_door(1, 2);
    say("phone: 1 more, orders: 1");
    say("kitchen: gets 1 in round 3");
    open_door(3, 4);
    say("the restaurant is closed");
}

static void open_door(int guests, int round)
{
    say("door: %d more, orders: %d", guests, guests);
    uv_sleep(round == 3 ? 0 : 500);
    say("kitchen: gets %d in round %d", guests, round);
}
