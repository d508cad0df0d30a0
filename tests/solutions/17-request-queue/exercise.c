/* exercise.c - twelve pages of three hosts, all asked for at once. Never have more than
 * two under way from one host. */

#include "fetch.h"
#include "lesson.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGES = 12, WORKERS = PAGES, DEADLINE = 3000 };
enum { BAKERY, LIBRARY, MUSEUM, HOSTS };

struct page {
    int number, host; /* host: one of the three, from 0 on */
    size_t size;
#ifdef SOLUTION
    bool is_taken, is_here;
#else
    bool is_here;
#endif
};

struct queue {
    struct fetcher fetcher;
    struct page pages[PAGES];
#ifdef SOLUTION
    int under_way[HOSTS], most; /* from one host */
    int shown;                  /* the first `shown` of them have been shown */
#else
    int most;  /* from one host at once. TODO: who counts them? */
    int taken; /* how many; pages[taken] is the next one */
    int shown; /* the first `shown` of them have been shown */
#endif
};

struct worker {
    struct fetch fetch;
    struct page *page;
    struct queue *queue;
};

static void fill(struct queue *queue);
static struct page *next_page(struct queue *queue);
static void take_page(struct worker *worker);
static void on_page(struct fetch *fetch);
static void show_in_order(struct queue *queue);
static void ask_site(struct worker *worker);
static void on_stats(struct fetch *fetch);

int main(int argc, char *argv[])
{
    struct number asked = {"AT_ONCE", 2, 1, PAGES};
    struct worker workers[WORKERS];
    struct queue queue = {0};

    read_numbers(argc, argv, &asked, 1);
    queue.most = asked.value;
    fill(&queue);
    must("start curl", fetcher_init(uv_default_loop(), &queue.fetcher, 0));
    say("pages: %d wanted, %d at once from each host", PAGES, queue.most);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.queue = &queue};
        take_page(&workers[i]);
    }
    run_and_close();
}

/* Six pages of the first host, four of the second, two of the third. */
static void fill(struct queue *queue)
{
    for (int i = 0; i < PAGES; i++) {
        queue->pages[i].number = i + 1;
        queue->pages[i].host = i < 6 ? BAKERY : i < 10 ? LIBRARY : MUSEUM;
    }
}

/* The one that is to be taken now, or NULL: then the worker starts nothing. */
static struct page *next_page(struct queue *queue)
{
#ifdef SOLUTION
    for (int i = 0; i < PAGES; i++) {
        struct page *page = &queue->pages[i];

        if (!page->is_taken && queue->under_way[page->host] < queue->most) {
            page->is_taken = true;
            queue->under_way[page->host]++;
            return page;
        }
    }
    return NULL;
#else
    if (queue->taken == PAGES)
        return NULL;
    return &queue->pages[queue->taken++]; /* TODO: of any host? */
#endif
}

/* (All three hosts are played by the one site.) */
static void take_page(struct worker *worker)
{
    struct page *page = worker->page = next_page(worker->queue);
    char url[100];

    if (page == NULL)
        return;
    snprintf(url, sizeof url, "%s/page/%d?delay=200", site(), page->number);
    worker->fetch.data = worker;
    must("ask for a page",
         fetch_start(&worker->queue->fetcher, &worker->fetch, url, DEADLINE, on_page));
}

/* The loop calls this when a worker's page is here. */
static void on_page(struct fetch *fetch)
{
    struct worker *worker = fetch->data;
    struct queue *queue = worker->queue;

    must("fetch a page", fetch->result == CURLE_OK ? 0 : UV_EIO);
    worker->page->is_here = true;
    worker->page->size = fetch->size;
#ifdef SOLUTION
    queue->under_way[worker->page->host]--;
#endif
    fetch_cleanup(fetch);
    show_in_order(queue);
    take_page(worker);
    if (queue->shown == PAGES)
        ask_site(worker);
}

static void show_in_order(struct queue *queue)
{
    static const char *const names[] = {"bakery", "library", "museum"};

    while (queue->shown < PAGES && queue->pages[queue->shown].is_here) {
        struct page *page = &queue->pages[queue->shown++];

        say("%s: page %d, %zu bytes", names[page->host], page->number, page->size);
    }
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
    int requests = 0, at_once = 0;

    if (fetch->result != CURLE_OK) {
        fprintf(stderr, "%s: cannot ask for the count: %s\n", program_name(),
                fetch->error);
        exit(EXIT_FAILURE);
    }
    must("understand the count",
         sscanf(fetch->body, "requests: %d most at once: %d", &requests, &at_once) == 2
             ? 0
             : UV_EPROTO);
    say("site: %d requests seen, at most %d at once", requests, at_once);
    fetch_cleanup(fetch);
    fetcher_close(&queue->fetcher, NULL);
}
