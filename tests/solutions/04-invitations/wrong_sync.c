/* wrong_sync.c - one bot after the other, printed as if they had been asked at once.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    static const char *const asked[] = {"Smart Bot", "Volter Bot", "Fintech Bot",
                                        "Pepper Bot", "CloudBot"};

    say("Techie: invites 5 bots");
    for (int i = 0; i < 5; i++)
        say("%s: is asked", asked[i]);
    uv_sleep(100);
    say("Fintech Bot: online, accept");
    uv_sleep(200);
    say("CloudBot: online, accept");
    uv_sleep(300);
    say("Smart Bot: online, accept");
    say("Techie: notes Smart Bot, accept");
    uv_sleep(500);
    say("Volter Bot: busy, reject");
    say("Techie: notes Volter Bot, reject");
    say("Techie: notes Fintech Bot, accept");
    uv_sleep(700);
    say("Pepper Bot: offline, on sick leave");
    say("Techie: notes Pepper Bot, on sick leave");
    say("Techie: notes CloudBot, accept");
    say("Techie: has noted everybody");
}
