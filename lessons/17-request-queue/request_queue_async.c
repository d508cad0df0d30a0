/* request_queue_async.c - 24 pages of one site, or those that you name, at most so many
 * at once: that many workers take from one queue.
 * You will see 0.60 s with 4 workers (the first argument), 0.30 s with 8: the site lets
 * us wait 0.1 s for each page. At the end it tells how many requests it has seen at the
 * same time.
 * Order of events: main -> take_page, ... -> on_page -> take_page, ... -> on_stats */

#include "request_queue.h"

#include <ctype.h>

enum { MOST_WORKERS = 24 };

struct worker {
    struct fetch fetch; /* the only one that this worker ever has under way */
    struct page *page;
    struct queue *queue;
};

static void take_page(struct worker *worker);
static void on_page(struct fetch *fetch);
static void show_in_order(struct queue *queue);
static void ask_site(struct worker *worker);
static void on_stats(struct fetch *fetch);

int main(int argc, char *argv[])
{
    struct number asked = {"WORKERS", 4, 1, MOST_WORKERS};
    struct worker workers[MOST_WORKERS];
    struct queue queue = {0};
    int first = argc > 1 && isdigit((unsigned char)argv[1][0]) ? 2 : 1; /* page */

    read_numbers(first, argv, &asked, 1);
    list_pages(&queue, argv + first, "[WORKERS] [URL... | -f FILE]");
    must("start curl", fetcher_init(uv_default_loop(), &queue.fetcher, 0));
    say("pages: %d wanted, %d at once", queue.count, asked.value);
    for (int i = 0; i < asked.value; i++) {
        workers[i] = (struct worker){.queue = &queue};
        take_page(&workers[i]);
    }
    run_and_close();
    return end_queue(&queue);
}

/* Take the next page, whichever it is, and let the loop tell when it is here. Who
 * finds none starts nothing, and is not heard of again. */
static void take_page(struct worker *worker)
{
    struct queue *queue = worker->queue;

    if (queue->taken == queue->count)
        return;
    worker->page = &queue->pages[queue->taken++];
    worker->fetch.data = worker;
    must("ask for a page", fetch_start(&queue->fetcher, &worker->fetch, worker->page->url,
                                       DEADLINE, on_page));
}

/* The loop calls this when a worker's page is here. */
static void on_page(struct fetch *fetch)
{
    struct worker *worker = fetch->data;
    struct queue *queue = worker->queue;

    keep_page(worker->page, fetch);
    fetch_cleanup(fetch);
    show_in_order(queue);
    take_page(worker);
    if (queue->shown == queue->count)
        ask_site(worker);
}

/* Nobody promises that pages come in the order of asking; we show them in it. */
static void show_in_order(struct queue *queue)
{
    while (queue->shown < queue->count && queue->pages[queue->shown].is_here)
        show_page(queue);
}

/* The site counts for itself. The last worker asks. */
static void ask_site(struct worker *worker)
{
    char url[100];

    if (!site_counts()) {
        fetcher_close(&worker->queue->fetcher, NULL);
        return;
    }
    snprintf(url, sizeof url, "%s/stats", site());
    worker->fetch.data = worker->queue;
    must("ask for the count",
         fetch_start(&worker->queue->fetcher, &worker->fetch, url, DEADLINE, on_stats));
}

static void on_stats(struct fetch *fetch)
{
    struct queue *queue = fetch->data;

    show_stats(fetch);
    fetch_cleanup(fetch);
    fetcher_close(&queue->fetcher, NULL);
}
