/* messages_async.c - the scale puts each weight into the box, and rings a bell: an async
 * handle of the loop. That is the only thing of the loop that another thread may touch.
 *
 * You will see that the office looks only when there is something, and that the bell
 * rings less often than it was asked to. Order of events: main -> weigh, in the thread:
 * put, ring, put, ring -> on_bell, in the loop: take all -> with the last crate, join and
 * close. */

#include "messages.h"

struct office {
    struct box box;
    struct book book;
    uv_async_t bell;
    uv_thread_t scale;
    int rings;
};

static void weigh(void *office);
static void on_bell(uv_async_t *bell);

int main(void)
{
    static struct office office;

    say("office: opens");
    must("make a lock", uv_mutex_init(&office.box.lock));
    must("make a bell", uv_async_init(uv_default_loop(), &office.bell, on_bell));
    office.bell.data = &office;
    must("start a thread", uv_thread_create(&office.scale, weigh, &office));
    run_and_close();
    uv_mutex_destroy(&office.box.lock);
    measure("rings of the bell: %d, for %d crates", office.rings, CRATES);
    close_book(&office.book);
}

/* In the thread. First the message, then the bell: whoever is rung for finds it. */
static void weigh(void *argument)
{
    struct office *office = argument;

    for (int crate = 0; crate < CRATES; crate++) {
        if (crate % SHIP == 0)
            uv_sleep(200);
        put(&office->box, weight_of(crate));
        must("ring", uv_async_send(&office->bell));
    }
}

/* In the loop. It may have been rung for once or a hundred times: all that is there
 * is taken. The thread may still be ringing for the last crate: it is joined before
 * the bell is closed. */
static void on_bell(uv_async_t *bell)
{
    struct office *office = bell->data;
    int weights[CRATES], count = take_all(&office->box, weights);

    office->rings++;
    for (int i = 0; i < count; i++)
        write_down(&office->book, weights[i]);
    if (office->book.crates == CRATES && !uv_is_closing((uv_handle_t *)bell)) {
        must("join a thread", uv_thread_join(&office->scale));
        uv_close((uv_handle_t *)bell, NULL);
    }
}
