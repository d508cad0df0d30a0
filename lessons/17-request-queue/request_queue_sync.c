/* request_queue_sync.c - 24 pages of one site, at most one at once.
 * You will see 2.40 s: the site lets us wait 0.1 s for each page. At the end it
 * tells how many requests it has seen at the same time. */

#include "request_queue.h"

static void take_page(struct queue *queue, CURL *easy);
static void ask_site(CURL *easy);

int main(void)
{
    CURL *easy = curl_easy_init(); /* one for all: it keeps the connection */
    struct queue queue = {0};

    must("start curl", easy ? 0 : UV_ENOMEM);
    say("pages: %d wanted, 1 at once", PAGES);
    while (queue.taken < PAGES) {
        take_page(&queue, easy);
        show(&queue, queue.taken);
    }
    ask_site(easy);
    curl_easy_cleanup(easy);
    say("checksum: %zu", queue.checksum);
    return queue.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Returns when the page is here. */
static void take_page(struct queue *queue, CURL *easy)
{
    struct page *page = &queue->pages[queue->taken++];
    struct fetch fetch = {0};
    char url[100];

    snprintf(url, sizeof url, "%s/page/%d?delay=100", site(), queue->taken);
    fetch_and_wait(easy, &fetch, url, DEADLINE);
    *page = (struct page){fetch.result, fetch.status, fetch.size, true};
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
