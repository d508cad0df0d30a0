/* messages_sync.c - a scale weighs crates, in a thread of its own. The office looks into
 * the box every 10 ms.
 *
 * You will see how often it looks in vain. Order of events: main -> weigh, in the thread;
 * look: it writes down what is there -> main joins the thread. */

#include "messages.h"

static void weigh(void *box);
static void look(struct box *box, struct book *book);

int main(void)
{
    static struct box box;
    struct book book = {0};
    uv_thread_t scale;

    say("office: opens");
    must("make a lock", uv_mutex_init(&box.lock));
    must("start a thread", uv_thread_create(&scale, weigh, &box));
    look(&box, &book);
    must("join a thread", uv_thread_join(&scale));
    uv_mutex_destroy(&box.lock);
    close_book(&book);
}

/* Again and again, until all crates are there. */
static void look(struct box *box, struct book *book)
{
    int weights[CRATES], looks = 0, in_vain = 0;

    while (book->crates < CRATES) {
        int count = take_all(box, weights);

        for (int i = 0; i < count; i++)
            write_down(book, weights[i]);
        looks++;
        in_vain += count == 0;
        uv_sleep(10);
    }
    measure("looks into the box: %d, in vain: %d", looks, in_vain);
}

/* In the thread: a ship every 0.2 s, and its crates as quickly as the box takes
 * them. */
static void weigh(void *argument)
{
    struct box *box = argument;

    for (int crate = 0; crate < CRATES; crate++) {
        if (crate % SHIP == 0)
            uv_sleep(200);
        put(box, weight_of(crate));
    }
}
