/* request_queue_sync.c - 24 pages of one site, at most one at once.
 * You will see 2.40 s: the site lets us wait 0.1 s for each page. At the end it
 * tells how many requests it has seen at the same time. */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES = 24, DEADLINE = 3000 };

struct page {
    CURLcode result;
    long status;
    size_t size;
};

struct queue {
    CURL *easy; /* one for all: it keeps the connection */
    struct page pages[PAGES];
    int taken; /* how many; pages[taken] is the next one */
    int failures;
    size_t checksum; /* the sum of all sizes */
};

static void take_page(struct queue *queue);
static void show(struct queue *queue, int number);
static void ask_site(struct queue *queue);

int main(void)
{
    struct queue queue = {.easy = curl_easy_init()};

    must("start curl", queue.easy ? 0 : UV_ENOMEM);
    say("pages: %d wanted, 1 at once", PAGES);
    while (queue.taken < PAGES) {
        take_page(&queue);
        show(&queue, queue.taken);
    }
    ask_site(&queue);
    curl_easy_cleanup(queue.easy);
    say("checksum: %zu", queue.checksum);
    return queue.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Returns when the page is here. */
static void take_page(struct queue *queue)
{
    struct page *page = &queue->pages[queue->taken++];
    struct fetch fetch = {0};
    char url[100];

    snprintf(url, sizeof url, "%s/page/%d?delay=100", site(), queue->taken);
    fetch_and_wait(queue->easy, &fetch, url, DEADLINE);
    *page = (struct page){fetch.result, fetch.status, fetch.size};
    fetch_cleanup(&fetch);
}

static void show(struct queue *queue, int number)
{
    const struct page *page = &queue->pages[number - 1];

    if (page->result == CURLE_OK && page->status == 200) {
        say("pages: number %d, %zu bytes", number, page->size);
        queue->checksum += page->size;
    } else {
        say("pages: number %d failed, status %ld, %s", number, page->status,
            curl_easy_strerror(page->result));
        queue->failures++;
    }
}

/* The site counts for itself. */
static void ask_site(struct queue *queue)
{
    struct fetch fetch = {0};
    int requests = 0, at_once = 0;
    char url[100];

    snprintf(url, sizeof url, "%s/stats", site());
    fetch_and_wait(queue->easy, &fetch, url, DEADLINE);
    if (fetch.result != CURLE_OK) {
        fprintf(stderr, "%s: cannot ask for the count: %s\n", program_name(),
                fetch.error);
        exit(EXIT_FAILURE);
    }
    must("understand the count",
         sscanf(fetch.body, "requests: %d most at once: %d", &requests, &at_once) == 2
             ? 0
             : UV_EPROTO);
    say("site: %d requests seen, at most %d at once", requests, at_once);
    fetch_cleanup(&fetch);
}
