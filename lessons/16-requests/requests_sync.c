/* requests_sync.c - pages from the web, one after the other: curl's easy interface.
 * You will see 2.00 s: eight pages, and the site lets us wait 0.25 s for each of them.
 * Order of events: main -> list_pages -> ask, show_page, ask, show_page, ... */

#include "requests.h"

static void ask(CURL *easy, struct page *page);

int main(int argc, char *argv[])
{
    CURL *easy = curl_easy_init(); /* one for all pages: it keeps the connection */
    struct list list = {0};
    int failures = 0;

    list_pages(&list, argc, argv);
    for (int i = 0; i < list.count; i++) {
        ask(easy, &list.pages[i]);
        failures += show_page(&list.pages[i]);
    }
    curl_easy_cleanup(easy);
    return end_list(&list, failures);
}

/* Returns when the page is here, or has failed. */
static void ask(CURL *easy, struct page *page)
{
    CURLcode result;

    say("page %d: asked", page->number);
    prepare(page, easy);
    result = curl_easy_perform(easy); /* here we wait */
    finish(easy, result);
}
