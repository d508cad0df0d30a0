/* requests_async.c - pages from the web, all at once: curl on the libuv loop, by
 * common/fetch, which takes care of all that can go wrong.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> list_pages -> ask, ask, ... -> on_done, on_done, ... -> show,
 * ... */

#include "requests.h"

struct group {
    struct fetcher fetcher;
    int missing; /* so many pages are still under way */
};

static void ask(struct group *group, const struct page *page, struct fetch *fetch);
static void on_done(struct fetch *fetch);

int main(int argc, char *argv[])
{
    struct group group = {0};
    struct list list = {0};
    struct fetch *fetches; /* one for each page: brings status, body, size, error */
    int failures = 0;

    must("start curl", fetcher_init(uv_default_loop(), &group.fetcher, 0));
    list_pages(&list, argc, argv);
    fetches = calloc((size_t)list.count, sizeof *fetches);
    must("remember all pages", fetches ? 0 : UV_ENOMEM);
    for (int i = 0; i < list.count; i++)
        ask(&group, &list.pages[i], &fetches[i]);
    run_and_close();
    for (int i = 0; i < list.count; i++) {
        struct fetch *fetch = &fetches[i];

        failures += show(list.pages[i].number, fetch->result ? fetch->error : NULL,
                         fetch->status, fetch->body, fetch->size);
        fetch_cleanup(fetch);
    }
    free(fetches);
    return end_list(&list, failures);
}

/* Only starts it. */
static void ask(struct group *group, const struct page *page, struct fetch *fetch)
{
    say("page %d: asked", page->number);
    fetch->data = group;
    group->missing++;
    must("ask for a page",
         fetch_start(&group->fetcher, fetch, page->url, DEADLINE, on_done));
}

/* The loop calls this once for each page, in whatever order they come. */
static void on_done(struct fetch *fetch)
{
    struct group *group = fetch->data;

    if (--group->missing == 0)
        fetcher_close(&group->fetcher, NULL);
}
