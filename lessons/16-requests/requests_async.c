/* requests_async.c - pages from the web, all at once: curl on the libuv loop.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> list_urls -> ask, ask, ... -> on_done, on_done, ... -> show,
 * ... */

#include "requests.h"

struct page {
    int number;
    const char *url;
    struct fetch fetch; /* brings result, status, body and size */
};

struct group {
    struct fetcher fetcher;
    int missing; /* so many are still under way */
};

static void ask(struct group *group, struct page *page);
static void on_done(struct fetch *fetch);

int main(int argc, char *argv[])
{
    struct group group = {0};
    struct list list = {0};
    struct page *pages;
    int failures = 0;

    must("start curl", fetcher_init(uv_default_loop(), &group.fetcher, 0));
    list_urls(&list, argc, argv);
    pages = calloc((size_t)list.count, sizeof *pages);
    must("remember all pages", pages ? 0 : UV_ENOMEM);
    for (int i = 0; i < list.count; i++) {
        pages[i] = (struct page){.number = i + 1, .url = list.urls[i]};
        ask(&group, &pages[i]);
    }
    run_and_close();
    for (int i = 0; i < list.count; i++) {
        struct fetch *fetch = &pages[i].fetch;

        failures += show(pages[i].number, fetch->result ? fetch->error : NULL,
                         fetch->status, fetch->body, fetch->size);
        fetch_cleanup(fetch);
    }
    free(pages);
    free_urls(&list);
    say("%d pages, %d failures", list.count, failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Only starts it. */
static void ask(struct group *group, struct page *page)
{
    say("page %d: asked", page->number);
    page->fetch.data = group;
    group->missing++;
    must("ask for a page",
         fetch_start(&group->fetcher, &page->fetch, page->url, DEADLINE, on_done));
}

/* The loop calls this once for each page, in whatever order they come. */
static void on_done(struct fetch *fetch)
{
    struct group *group = fetch->data;

    if (--group->missing == 0)
        fetcher_close(&group->fetcher, NULL);
}
