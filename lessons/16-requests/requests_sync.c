/* requests_sync.c - pages from the web, one after the other: curl's easy interface.
 * You will see 2.00 s: eight pages, and the site lets us wait 0.25 s for each of them.
 * Order of events: main -> list_pages -> ask, show, ask, show, ... */

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE = 3000 }; /* ms; a page that isn't here by then has failed */

struct page {
    int number;
    char url[1000];
    CURLcode result; /* CURLE_OK when the answer is whole, also when that is a 404 */
    long status;     /* 200, 404, ... */
    char *body;
    size_t size;
};

struct list {
    struct page *pages;
    int count, failures;
};

static void list_pages(struct list *list, int argc, char *argv[]);
static void read_list(struct list *list, const char *name);
static void add_page(struct list *list, const char *address);
static void ask(CURL *easy, struct page *page);
static void must_curl(CURLcode code);
static void show(struct list *list, const struct page *page);

int main(int argc, char *argv[])
{
    CURL *easy = curl_easy_init(); /* one for all pages: it keeps the connection */
    struct list list = {0};

    must("start curl", easy ? 0 : UV_ENOMEM);
    list_pages(&list, argc, argv);
    for (int i = 0; i < list.count; i++) {
        ask(easy, &list.pages[i]);
        show(&list, &list.pages[i]);
        free(list.pages[i].body);
    }
    curl_easy_cleanup(easy);
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
        fprintf(stderr, "usage: requests_sync [URL... | -f FILE]\n");
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

/* Returns when the page is here, or has failed. The body is collected in memory:
 * curl gives each piece to fwrite(). (For our own machine no proxy is asked.) */
static void ask(CURL *easy, struct page *page)
{
    FILE *body = open_memstream(&page->body, &page->size);

    must("keep a page", body ? 0 : UV_ENOMEM);
    say("page %d: asked", page->number);
    must_curl(curl_easy_setopt(easy, CURLOPT_URL, page->url));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEDATA, body));
    must_curl(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)DEADLINE));
    must_curl(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L));
    must_curl(curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L));
    must_curl(curl_easy_setopt(easy, CURLOPT_NOPROXY, "127.0.0.1,localhost"));
    page->result = curl_easy_perform(easy); /* here we wait */
    must_curl(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &page->status));
    must("keep a page", fclose(body) == 0 ? 0 : UV_ENOMEM);
}

/* Like must(), for what curl only refuses when it has no memory left. */
static void must_curl(CURLcode code)
{
    must("prepare a request", code == CURLE_OK ? 0 : UV_ENOMEM);
}

static void show(struct list *list, const struct page *page)
{
    const char *title = strstr(page->body, "<title>");
    int length;

    title = title ? title + strlen("<title>") : "";
    length = (int)strcspn(title, "<\r\n"); /* there it ends, or else our line would */
    if (page->result == CURLE_OK)
        say("page %d: %ld, %zu bytes, '%.*s'", page->number, page->status, page->size,
            length, title);
    else
        say("page %d: failed, %s", page->number, curl_easy_strerror(page->result));
    if (page->result != CURLE_OK || page->status >= 400)
        list->failures++;
}
