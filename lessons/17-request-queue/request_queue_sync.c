/* request_queue_sync.c - 24 pages of one site, or those that you name, at most one at
 * once. You will see 2.40 s: the site lets us wait 0.1 s for each page. At the end it
 * tells how many requests it has seen at the same time. */

#include "request_queue.h"

static void take_page(struct queue *queue, CURL *easy);
static void ask_site(CURL *easy);

int main(int argc, char *argv[])
{
    CURL *easy = curl_easy_init(); /* one for all: it keeps the connection */
    struct queue queue = {0};

    (void)argc;
    must("start curl", easy ? 0 : UV_ENOMEM);
    list_pages(&queue, argv + 1, "[URL... | -f FILE]");
    say("pages: %d wanted, 1 at once", queue.count);
    while (queue.taken < queue.count) {
        take_page(&queue, easy);
        show_page(&queue);
    }
    if (site_counts())
        ask_site(easy);
    curl_easy_cleanup(easy);
    return end_queue(&queue);
}

/* Returns when the page is here. */
static void take_page(struct queue *queue, CURL *easy)
{
    struct page *page = &queue->pages[queue->taken++];
    const char *url = page->url;
    struct fetch fetch = {0};

    fetch_and_wait(easy, &fetch, url, DEADLINE);
    keep_page(page, &fetch);
    fetch_cleanup(&fetch);
}

/* The site counts for itself. */
static void ask_site(CURL *easy)
{
    struct fetch fetch = {0};
    char url[100];

    snprintf(url, sizeof url, "%s/stats", site());
    fetch_and_wait(easy, &fetch, url, DEADLINE);
    show_stats(&fetch);
    fetch_cleanup(&fetch);
}
