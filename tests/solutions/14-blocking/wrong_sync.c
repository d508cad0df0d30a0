/* wrong_sync.c - the right lines in the right order, one bot read to its end after
 * the other, and then told as if all had been listened to.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("Techie: waits 1000 ms for each bot");
    uv_sleep(300);
    say("Smart Bot: leaving (sent at 0.30)");
    uv_sleep(800);
    say("Pepper Bot: leaving (sent at 0.70)");
    say("CloudBot: leaving (sent at 0.90)");
    say("Smart Bot: on a bus (sent at 1.10)");
    uv_sleep(800);
    say("CloudBot: walking (sent at 1.40)");
    say("Pepper Bot: given up");
    say("Smart Bot: here (sent at 1.90)");
    say("Smart Bot: has hung up");
    uv_sleep(300);
    say("CloudBot: here (sent at 2.20)");
    say("CloudBot: has hung up");
    say("Techie: listens to nobody any more");
}
