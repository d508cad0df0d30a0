/* wrong_sync.c - asks one after the other, and says afterwards who was quickest.
 *
 * verdict: B: done */

#include "lesson.h"

int main(void)
{
    static const struct {
        const char *name;
        unsigned ms;
    } tasks[] = {{"A", 900}, {"B", 300}, {"C", 600}};
    int winner = 0;

    for (int i = 0; i < 3; i++)
        say("%s: start to answer, in %u ms", tasks[i].name, tasks[i].ms);
    for (int i = 0; i < 3; i++) {
        uv_sleep(tasks[i].ms);
        if (tasks[i].ms < tasks[winner].ms)
            winner = i;
    }
    say("%s: done", tasks[winner].name);
    say("caller: %s wins, the answer is 42", tasks[winner].name);
    for (int i = 0; i < 3; i++)
        if (i != winner)
            say("%s: cancelled", tasks[i].name);
    say("caller: has gone home");
}
