/* timeouts_async.c - four pages at once, each with a deadline of its own; the second
 * never answers, and the fourth is cancelled, since nobody wants it any more.
 * You will see that neither of them keeps the others from coming, and that each of the
 * four callbacks comes, once.
 * Order of events: main -> ask, ... -> on_answer, on_change_of_mind -> on_answer, ... */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES = 4 };

struct page {
    const char *name, *path;
    unsigned deadline; /* ms */
    struct fetch fetch;
    struct reader *reader;
};

struct reader {
    uv_timer_t mind; /* which will change */
    struct fetcher fetcher;
    struct page pages[PAGES];
    int callbacks, good;
};

static void ask(struct page *page, struct reader *reader);
static void start_mind(struct reader *reader);
static void on_change_of_mind(uv_timer_t *mind);
static void on_answer(struct fetch *fetch);

int main(void)
{
    struct reader reader = {
        .pages = {{.name = "news", .path = "/page/1?delay=200", .deadline = 1400},
                  {.name = "weather", .path = "/silent", .deadline = 1400},
                  {.name = "sports", .path = "/page/2?delay=1800", .deadline = 2500},
                  {.name = "letters", .path = "/page/3?delay=2200", .deadline = 2500}}};

    say("the reader wants %d pages", PAGES);
    must("start curl", fetcher_init(uv_default_loop(), &reader.fetcher, 0));
    for (int i = 0; i < PAGES; i++)
        ask(&reader.pages[i], &reader);
    start_mind(&reader);
    run_and_close();
    say("%d of %d pages, %d callbacks", reader.good, PAGES, reader.callbacks);
    return reader.good == PAGES ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void ask(struct page *page, struct reader *reader)
{
    char url[200];

    snprintf(url, sizeof url, "%s%s", site(), page->path);
    say("%s: asked", page->name);
    page->reader = reader;
    page->fetch.data = page;
    must("ask",
         fetch_start(&reader->fetcher, &page->fetch, url, page->deadline, on_answer));
}

/* The loop's clock stands since before curl was started, which took some time: without
 * the first line, the timer would be early by it (lesson 06). */
static void start_mind(struct reader *reader)
{
    uv_update_time(uv_default_loop());
    must("have a mind", uv_timer_init(uv_default_loop(), &reader->mind));
    reader->mind.data = reader;
    must("have a mind", uv_timer_start(&reader->mind, on_change_of_mind, 800, 0));
}

/* Cancelling is not the end: the callback still comes, and tells of it. */
static void on_change_of_mind(uv_timer_t *mind)
{
    struct reader *reader = mind->data;

    if (fetch_cancel(&reader->pages[3].fetch) == UV_EALREADY)
        say("the reader wants no letters today, but they are over");
    else
        say("the reader wants no letters today");
    uv_close((uv_handle_t *)mind, NULL);
}

/* The loop calls this once for each page: it is here, is late, or was cancelled. */
static void on_answer(struct fetch *fetch)
{
    struct page *page = fetch->data;
    struct reader *reader = page->reader;

    if (fetch->result == CURLE_OK)
        say("%s: %ld, %zu bytes", page->name, fetch->status, fetch->size);
    else
        say("%s: %s", page->name, fetch->error);
    reader->good += fetch->result == CURLE_OK && fetch->status == 200;
    fetch_cleanup(fetch);
    if (++reader->callbacks == PAGES)
        fetcher_close(&reader->fetcher, NULL);
}
