/* request_queue.h - what both programs share, and the lesson is not about: which pages
 * are wanted, how one is shown, and what the site has counted. */
#ifndef REQUEST_QUEUE_H
#define REQUEST_QUEUE_H

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES = 24, DEADLINE = 3000 /* ms, for each */ };

struct page {
    char *url;
    char text[200]; /* how it went */
    size_t size;
    bool is_good, is_here; /* or has failed */
};

struct queue {
    struct fetcher fetcher; /* request_queue_async's */
    struct page *pages;
    int count; /* of them */
    int taken; /* how many; pages[taken] is the next one */
    int shown; /* the first `shown` of them have been shown */
    int failures;
    size_t checksum; /* the sum of all sizes */
};

/* An address that begins with a slash is a page of the course's site. */
static void add_page(struct queue *queue, const char *address)
{
    const char *host = address[0] == '/' ? site() : "";
    size_t room = strlen(host) + strlen(address) + 1;
    struct page page = {.url = malloc(room)};

    queue->pages = realloc(queue->pages, (size_t)(queue->count + 1) * sizeof page);
    must("remember all pages", page.url && queue->pages ? 0 : UV_ENOMEM);
    snprintf(page.url, room, "%s%s", host, address);
    queue->pages[queue->count++] = page;
}

/* One URL a line. */
static void read_pages(struct queue *queue, const char *name)
{
    FILE *file = fopen(name, "r");
    char *line = NULL;
    size_t room = 0;

    must("open the list of pages", file ? 0 : uv_translate_sys_error(errno));
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0')
            add_page(queue, line);
    }
    must("read the list of pages", ferror(file) ? uv_translate_sys_error(errno) : 0);
    must("find a page in the list", queue->count ? 0 : UV_EOF);
    free(line);
    fclose(file);
}

/* What these words ask for; without any, 24 pages of the course's site. */
static void list_pages(struct queue *queue, char *words[], const char *usage)
{
    char address[32];

    if (words[0] && words[1] && !words[2] && strcmp(words[0], "-f") == 0) {
        read_pages(queue, words[1]);
        return;
    }
    if (words[0] && words[0][0] == '-') {
        fprintf(stderr, "usage: %s %s\n", program_name(), usage);
        exit(2);
    }
    for (int i = 1; !words[0] && i <= PAGES; i++) {
        snprintf(address, sizeof address, "/page/%d?delay=100", i);
        add_page(queue, address);
    }
    for (; *words; words++)
        add_page(queue, *words);
}

/* Write down what is shown of an answer: after fetch_cleanup() it is gone. */
static void keep_page(struct page *page, const struct fetch *fetch)
{
    const char *title = strstr(fetch->body, "<title>");
    int size = 0;

    if (title) {
        title += strlen("<title>");
        size = (int)strcspn(title, "<\r\n");
    }
    page->is_here = true;
    page->is_good = fetch->result == CURLE_OK && fetch->status < 400;
    page->size = fetch->size;
    if (fetch->result != CURLE_OK)
        snprintf(page->text, sizeof page->text, "failed, %s", fetch->error);
    else if (title)
        snprintf(page->text, sizeof page->text, "%ld, %zu bytes, '%.*s'", fetch->status,
                 fetch->size, size, title);
    else
        snprintf(page->text, sizeof page->text, "%ld, %zu bytes, no title", fetch->status,
                 fetch->size);
}

/* The next one, in the order of asking. */
static void show_page(struct queue *queue)
{
    const struct page *page = &queue->pages[queue->shown++];

    say("pages: number %d: %s", queue->shown, page->text);
    queue->checksum += page->is_good ? page->size : 0;
    queue->failures += !page->is_good;
}

/* Only the course's site counts for itself. */
static bool site_counts(void)
{
    return getenv("SITE") != NULL;
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

/* Give the memory back. Returns the exit status. */
static int end_queue(struct queue *queue)
{
    say("checksum: %zu", queue->checksum);
    for (int i = 0; i < queue->count; i++)
        free(queue->pages[i].url);
    free(queue->pages);
    return queue->failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
