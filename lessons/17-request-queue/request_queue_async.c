/* request_queue_async.c - 24 pages of one site, at most so many at once: that many
 * workers take from one queue.
 * You will see 0.60 s with 4 workers (the argument), 0.30 s with 8: the site lets us
 * wait 0.1 s for each page. At the end it tells how many requests it has seen at the
 * same time.
 * Order of events: main -> take_page, ... -> on_page -> take_page, ... -> on_stats */

#include "request_queue.h"

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
    struct number asked = {"WORKERS", 4, 1, PAGES};
    struct worker workers[PAGES];
    struct queue queue = {0};

    read_numbers(argc, argv, &asked, 1);
    must("start curl", fetcher_init(uv_default_loop(), &queue.fetcher, 0));
    say("pages: %d wanted, %d at once", PAGES, asked.value);
    for (int i = 0; i < asked.value; i++) {
        workers[i] = (struct worker){.queue = &queue};
        take_page(&workers[i]);
    }
    run_and_close();
    say("checksum: %zu", queue.checksum);
    return queue.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Take the next page, whichever it is, and let the loop tell when it is here. Who
 * finds none starts nothing, and is not heard of again. */
static void take_page(struct worker *worker)
{
    struct queue *queue = worker->queue;
    char url[100];

    if (queue->taken == PAGES)
        return;
    worker->page = &queue->pages[queue->taken++];
    snprintf(url, sizeof url, "%s/page/%d?delay=100", site(), queue->taken);
    worker->fetch.data = worker;
    must("ask for a page",
         fetch_start(&queue->fetcher, &worker->fetch, url, DEADLINE, on_page));
}

/* The loop calls this when a worker's page is here. */
static void on_page(struct fetch *fetch)
{
    struct worker *worker = fetch->data;
    struct queue *queue = worker->queue;

    *worker->page = (struct page){fetch->result, fetch->status, fetch->size, true};
    fetch_cleanup(fetch);
    show_in_order(queue);
    take_page(worker);
    if (queue->shown == PAGES)
        ask_site(worker);
}

/* Nobody promises that pages come in the order of asking; we show them in it. */
static void show_in_order(struct queue *queue)
{
    while (queue->shown < PAGES && queue->pages[queue->shown].is_here)
        show(queue, ++queue->shown);
}

/* The site counts for itself. The last worker asks. */
static void ask_site(struct worker *worker)
{
    char url[100];

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
