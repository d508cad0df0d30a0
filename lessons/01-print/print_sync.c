/* print_sync.c - two words that take their time, one after the other.
 * You will see First, then Second, 3.00 s: the sum of the waits. */

#include "lesson.h"

struct word {
    const char *text;
    unsigned ms;
};

static void print(struct word word);

int main(void)
{
    say("start");
    print((struct word){"First", 2000});
    print((struct word){"Second", 1000});
    say("done");
}

static void print(struct word word)
{
    uv_sleep(word.ms); /* nothing else can happen in the meantime */
    say("%s", word.text);
}
