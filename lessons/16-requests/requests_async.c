/* requests_async.c - pages from the web, all at once: curl on the libuv loop.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> ask, ask, ... -> on_done, on_done, ... -> show, ... */

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE = 3000 }; /* ms; a page that isn't here by then has failed */

struct page {
    struct fetch fetch; /* brings result, status, body and size */
    int number;
    char url[1000];
};

struct list {
    struct fetcher fetcher;
    struct page *pages;
    int count, missing, failures;
};

static void list_pages(struct list *list, int argc, char *argv[]);
static void read_list(struct list *list, const char *name);
static void add_page(struct list *list, const char *address);
static void ask(struct list *list, struct page *page);
static void on_done(struct fetch *fetch);
static void show(struct list *list, const struct page *page);

int main(int argc, char *argv[])
{
    struct list list = {0};

    list_pages(&list, argc, argv);
    must("start curl", fetcher_init(uv_default_loop(), &list.fetcher, 0));
    for (int i = 0; i < list.count; i++)
        ask(&list, &list.pages[i]);
    run_and_close();
    for (int i = 0; i < list.count; i++) {
        show(&list, &list.pages[i]);
        fetch_cleanup(&list.pages[i].fetch);
    }
    free(list.pages);
    say("%d pages, %d failures", list.count, list.failures);
    return list.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What the command line asks for; without it, eight pages of the course's site. */
static void list_pages(struct list *list, int argc, char *argv[])
{
    char address[32];

    if (argc == 3 && strcmp(argv[1], "-f") == 0) {
        read_list(list, argv[2]);
        return;
    }
    if (argc > 1 && argv[1][0] == '-') {
        fprintf(stderr, "usage: requests_async [URL... | -f FILE]\n");
        exit(2);
    }
    for (int i = 1; i < argc; i++)
        add_page(list, argv[i]);
    for (int i = 1; argc == 1 && i <= 8; i++) {
        snprintf(address, sizeof address, "/page/%d?delay=250", i);
        add_page(list, address);
    }
}

/* One URL a line. */
static void read_list(struct list *list, const char *name)
{
    FILE *file = fopen(name, "r");
    char *line = NULL;
    size_t room = 0;

    must("open the list of pages", file ? 0 : uv_translate_sys_error(errno));
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0')
            add_page(list, line);
    }
    must("find a page in the list", list->count ? 0 : UV_EOF);
    free(line);
    fclose(file);
}

/* An address that begins with a slash is a page of the course's site. */
static void add_page(struct list *list, const char *address)
{
    const char *host = address[0] == '/' ? site() : "";
    struct page page = {.number = ++list->count};
    int size = snprintf(page.url, sizeof page.url, "%s%s", host, address);

    must("remember such a URL", size < (int)sizeof page.url ? 0 : UV_ENAMETOOLONG);
    list->pages = realloc(list->pages, (size_t)list->count * sizeof page);
    must("remember all pages", list->pages ? 0 : UV_ENOMEM);
    list->pages[list->count - 1] = page;
}

/* Only starts it. */
static void ask(struct list *list, struct page *page)
{
    say("page %d: asked", page->number);
    page->fetch.data = list;
    must("ask for a page",
         fetch_start(&list->fetcher, &page->fetch, page->url, DEADLINE, on_done));
    list->missing++;
}

/* The loop calls this once for each page, in whatever order they come. */
static void on_done(struct fetch *fetch)
{
    struct list *list = fetch->data;

    if (--list->missing == 0)
        fetcher_close(&list->fetcher, NULL);
}

static void show(struct list *list, const struct page *page)
{
    const struct fetch *fetch = &page->fetch;
    const char *title = strstr(fetch->body, "<title>");
    int length;

    title = title ? title + strlen("<title>") : "";
    length = (int)strcspn(title, "<\r\n"); /* there it ends, or else our line would */
    if (fetch->result == CURLE_OK)
        say("page %d: %ld, %zu bytes, '%.*s'", page->number, fetch->status, fetch->size,
            length, title);
    else
        say("page %d: failed, %s", page->number, fetch->error);
    if (fetch->result != CURLE_OK || fetch->status >= 400)
        list->failures++;
}
