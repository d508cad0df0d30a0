/* wrong_prints.c - the right lines, printed between sleeps: nothing is given to anybody.
 *
 * verdict: the loop has waited for 0.00 s only
 */

#include "lesson.h"

int main(int argc, char *argv[])
{
    struct number asked = {"THREADS", 4, 2, 16};
    int threads, next, files = 0, done = 0, ends[20] = {0};

    read_numbers(argc, argv, &asked, 1);
    threads = asked.value;
    say("lab: %d threads, %d photos", threads, threads + 1);
    for (next = 1; next < threads; next++) {
        say("photo %d: given to the pool", next);
        ends[next] = 300 * next;
    }
    for (int ms = 0; done < threads + 1; ms += 150, uv_sleep(150)) {
        if ((ms == 150 || ms == 450) && files++ < 2) {
            say("file: how large is it?");
            say("file: the size is known");
        }
        for (int i = 1; i < next; i++)
            if (ends[i] == ms && ms > 0) {
                say("photo %d: done", i);
                done++;
                if (next <= threads + 1) {
                    say("photo %d: given to the pool", next);
                    ends[next] = ms + 300 * next;
                    next++;
                }
            }
        if (done == threads + 1)
            break;
    }
    say("lab: the pool had %d photos at most", threads - 1);
}
