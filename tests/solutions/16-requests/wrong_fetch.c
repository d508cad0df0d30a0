/* wrong_fetch.c - by common/fetch, which tells when a page is over, not when it begins.
 *
 * verdict: page 2: begins   (expected at 0.40: ... s late) */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

struct page {
    int number;
    const char *path;
    struct fetch fetch;
};

static struct fetcher fetcher;
static unsigned deadline;
static int missing = 4;

static struct page pages[] = {{.number = 1, .path = "/page/1?delay=200"},
                              {.number = 2, .path = "/drip?bytes=2&every=400"},
                              {.number = 3, .path = "/silent"},
                              {.number = 4, .path = "/redirect/4?delay=800"}};

static void on_done(struct fetch *fetch);

static void ask(struct page *page)
{
    char url[100];

    say("page %d: asked", page->number);
    snprintf(url, sizeof url, "%s%s", site(), page->path);
    page->fetch.data = page;
    must("ask", fetch_start(&fetcher, &page->fetch, url, deadline, on_done));
}

static void on_done(struct fetch *fetch)
{
    struct page *page = fetch->data;

    if (fetch->size > 0)
        say("page %d: begins", page->number);
    say("page %d: %s, %zu bytes", page->number, fetch->result ? "given up" : "here",
        fetch->size);
    fetch_cleanup(fetch);
    if (page->number == 1)
        ask(&pages[3]);
    if (--missing == 0)
        fetcher_close(&fetcher, NULL);
}

int main(int argc, char *argv[])
{
    struct number ms = {"MS", 1400, 1, 60000};

    read_numbers(argc, argv, &ms, 1);
    deadline = (unsigned)ms.value;
    must("start curl", fetcher_init(uv_default_loop(), &fetcher, 0));
    for (int i = 0; i < 3; i++)
        ask(&pages[i]);
    run_and_close();
}
