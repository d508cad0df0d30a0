/* request_queue.h - what both programs share, and the lesson is not about: how a page is
 * shown, and what the site has counted. */
#ifndef REQUEST_QUEUE_H
#define REQUEST_QUEUE_H

#include "fetch.h"
#include "lesson.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGES = 24, DEADLINE = 3000 /* ms, for each */ };

struct page {
    CURLcode result;
    long status;
    size_t size;
    bool is_here; /* or has failed */
};

struct queue {
    struct fetcher fetcher; /* request_queue_async's */
    struct page pages[PAGES];
    int taken; /* how many; pages[taken] is the next one */
    int shown; /* the first `shown` of them have been shown */
    int failures;
    size_t checksum; /* the sum of all sizes */
};

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

/* The answer of /stats. Stops the program when there is none. */
static void show_stats(const struct fetch *fetch)
{
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
}

#endif
