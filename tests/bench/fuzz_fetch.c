/* fuzz_fetch.c - what tests/bench/fuzz-fetch runs: 300 fetches are started, cancelled,
 * started again in their callbacks and freed at random, and the fetcher is closed, at the
 * end or earlier. Prints "WRONG:" and what must never be.
 *
 *     fuzz_fetch SEED URL... */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FETCHES = 300 };

struct item {
    struct fetch *fetch; /* NULL: not yet, or not any more */
    int starts, callbacks;
};

static char **urls;
static unsigned url_count, seed;
static struct item items[FETCHES];
static struct fetcher fetcher;
static uv_timer_t timer;
static int started, under_way, closed;
static bool is_inside, is_closing;

static void on_done(struct fetch *fetch);

static unsigned below(unsigned most)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % most;
}

static void check(bool is_right, const char *what)
{
    if (is_right)
        return;
    printf("WRONG: %s\n", what);
    fflush(stdout);
    _exit(9);
}

static void start(struct item *item)
{
    const char *url = urls[below(url_count)];
    unsigned deadline = 1 + below(below(2) ? 30 : 300);
    int result;

    is_inside = true;
    result = fetch_start(&fetcher, item->fetch, url, deadline, on_done);
    is_inside = false;
    check(result == (is_closing ? UV_ECANCELED : 0), "what fetch_start() returns");
    item->starts++;
    under_way++;
}

static void start_next(void)
{
    struct item *item = &items[started];

    if (started == FETCHES || is_closing)
        return;
    started++;
    item->fetch = malloc(sizeof *item->fetch);
    must("make a fetch", item->fetch ? 0 : UV_ENOMEM);
    memset(item->fetch, 0xee, sizeof *item->fetch);
    item->fetch->data = item;
    start(item);
}

static void cancel_some(void)
{
    is_inside = true;
    for (unsigned count = below(4); count > 0; count--) {
        struct item *item = &items[below((unsigned)started)];

        for (unsigned times = 1 + below(2); item->fetch && times > 0; times--)
            fetch_cancel(item->fetch);
    }
    is_inside = false;
}

static void on_closed(struct fetcher *of)
{
    (void)of;
    closed++;
    for (int i = 0; i < FETCHES; i++)
        check(items[i].starts == items[i].callbacks, "closed before a callback");
}

static void go_on(void)
{
    cancel_some();
    if (is_closing || (below(800) > 0 && (started < FETCHES || under_way > 0)))
        return;
    is_closing = is_inside = true;
    fetcher_close(&fetcher, on_closed);
    is_inside = false;
    uv_close((uv_handle_t *)&timer, NULL);
}

static void on_done(struct fetch *fetch)
{
    struct item *item = fetch->data;

    check(!is_inside, "a callback inside of a call");
    check(++item->callbacks == item->starts && !closed, "a callback too many");
    check((fetch->result == CURLE_OK) == !*fetch->error, "result and sentence");
    check(fetch->body[fetch->size] == '\0', "the end of the body");
    check(fetch->first_byte > 0 || fetch->status == 0, "a status without an answer");
    check(fetch->result != CURLE_OUT_OF_MEMORY, "out of memory");
    fetch_cleanup(fetch);
    under_way--;
    if (!is_closing && below(8) == 0) {
        start(item);
    } else {
        item->fetch = NULL;
        memset(fetch, 0xff, sizeof *fetch);
        free(fetch);
    }
    for (unsigned count = below(3) + (under_way < 3); count > 0; count--)
        start_next();
    go_on();
}

static void on_timer(uv_timer_t *handle)
{
    (void)handle;
    start_next();
    go_on();
}

int main(int argc, char *argv[])
{
    seed = (unsigned)atoi(argv[1]);
    urls = argv + 2;
    url_count = (unsigned)argc - 2;
    must("make a fetcher", fetcher_init(uv_default_loop(), &fetcher, (int)below(12)));
    if (below(2))
        fetcher.largest = below(2000);
    must("set a timer", uv_timer_init(uv_default_loop(), &timer));
    must("set a timer", uv_timer_start(&timer, on_timer, 2, 2 + below(5)));
    for (unsigned count = 5 + below(20); count > 0; count--)
        start_next();
    run_and_close();
    check(closed == 1, "not closed");
}
