/* timeouts_sync.c - four pages, one after the other; the second never answers.
 * You will see that the program waits for it until its own deadline, 3 s, and that
 * the pages behind it are never asked for. */

#include "fetch.h"
#include "lesson.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEADLINE = 3000, /* ms, for the whole program */ PAGES = 4 };

struct page {
    const char *name, *path;
    struct fetch fetch;
};

static unsigned time_left(uint64_t end);
static bool get(CURL *easy, struct page *page, unsigned deadline);

int main(void)
{
    struct page pages[PAGES] = {{.name = "news", .path = "/page/1?delay=200"},
                                {.name = "weather", .path = "/silent"},
                                {.name = "sports", .path = "/page/2?delay=1800"},
                                {.name = "letters", .path = "/page/3?delay=2200"}};
    CURL *easy = curl_easy_init();
    uint64_t end;
    int good = 0;

    must("start curl", easy ? 0 : UV_ENOMEM);
    say("the reader wants %d pages", PAGES);
    end = uv_hrtime() + DEADLINE * 1000000ULL;
    for (int i = 0; i < PAGES; i++)
        good += get(easy, &pages[i], time_left(end));
    curl_easy_cleanup(easy);
    say("%d of %d pages", good, PAGES);
    return good == PAGES ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Milliseconds until `end`, 0 when that was before. */
static unsigned time_left(uint64_t end)
{
    uint64_t now = uv_hrtime();

    return now < end ? (unsigned)((end - now) / 1000000) : 0;
}

/* (A deadline of 0 would mean to fetch_and_wait() that it may take for ever.) */
static bool get(CURL *easy, struct page *page, unsigned deadline)
{
    struct fetch *fetch = &page->fetch;
    char url[200];
    bool is_good;

    if (deadline == 0) {
        say("%s: never asked, no time is left", page->name);
        return false;
    }
    snprintf(url, sizeof url, "%s%s", site(), page->path);
    say("%s: asked", page->name);
    fetch_and_wait(easy, fetch, url, deadline);
    is_good = fetch->result == CURLE_OK && fetch->status == 200;
    if (fetch->result == CURLE_OPERATION_TIMEDOUT)
        say("%s: no answer until the deadline", page->name);
    else if (fetch->result == CURLE_OK)
        say("%s: %ld, %zu bytes", page->name, fetch->status, fetch->size);
    else
        say("%s: %s", page->name, fetch->error);
    fetch_cleanup(fetch);
    return is_good;
}
