/* requests_async_poll.c - pages from the web, all at once: curl's multi interface in a
 * loop of its own, which waits in curl_multi_poll(). No libuv takes part.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> ask, ... -> wait_for_all -> on_done, ... -> show, ... */

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
    CURL *easy;
    FILE *stream;    /* collects the body */
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
static void ask(CURLM *multi, struct page *page);
static void wait_for_all(CURLM *multi);
static void take_results(CURLM *multi);
static void on_done(CURLM *multi, CURL *easy, CURLcode result);
static void must_curl(long long code);
static void show(struct list *list, const struct page *page);

int main(int argc, char *argv[])
{
    CURLM *multi = curl_multi_init();
    struct list list = {0};

    must("start curl", multi ? 0 : UV_ENOMEM);
    list_pages(&list, argc, argv);
    for (int i = 0; i < list.count; i++)
        ask(multi, &list.pages[i]);
    wait_for_all(multi);
    for (int i = 0; i < list.count; i++) {
        show(&list, &list.pages[i]);
        free(list.pages[i].body);
    }
    must_curl(curl_multi_cleanup(multi));
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
        fprintf(stderr, "usage: requests_async_poll [URL... | -f FILE]\n");
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

/* Only starts it. The body is collected in memory: curl gives each piece to
 * fwrite(). (For our own machine no proxy is asked.) */
static void ask(CURLM *multi, struct page *page)
{
    page->easy = curl_easy_init();
    page->stream = open_memstream(&page->body, &page->size);
    must("keep a page", page->easy && page->stream ? 0 : UV_ENOMEM);
    say("page %d: asked", page->number);
    must_curl(curl_easy_setopt(page->easy, CURLOPT_URL, page->url));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_WRITEDATA, page->stream));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_TIMEOUT_MS, (long)DEADLINE));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_FOLLOWLOCATION, 1L));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_MAXREDIRS, 10L));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_NOPROXY, "127.0.0.1,localhost"));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_PRIVATE, page));
    must_curl(curl_multi_add_handle(multi, page->easy));
}

/* curl_multi_perform() does what can be done without waiting, for all pages;
 * curl_multi_poll() waits until there is something to do for one of them. */
static void wait_for_all(CURLM *multi)
{
    int running = 1;

    while (running) {
        must_curl(curl_multi_perform(multi, &running));
        take_results(multi);
        if (running)
            must_curl(curl_multi_poll(multi, NULL, 0, 1000, NULL));
    }
}

static void take_results(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE)
            on_done(multi, message->easy_handle, message->data.result);
}

/* Called once for each page, in whatever order they come. */
static void on_done(CURLM *multi, CURL *easy, CURLcode result)
{
    struct page *page;

    must_curl(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &page));
    must_curl(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &page->status));
    page->result = result;
    must("keep a page", fclose(page->stream) == 0 ? 0 : UV_ENOMEM);
    must_curl(curl_multi_remove_handle(multi, easy));
    curl_easy_cleanup(easy);
}

/* Like must(), for what curl only refuses when it has no memory left. (It has codes of
 * two types, and 0 is good in both.) */
static void must_curl(long long code)
{
    must("prepare a request", code == 0 ? 0 : UV_ENOMEM);
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
