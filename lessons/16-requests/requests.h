/* requests.h - what the programs share: which pages are asked for, what curl is told of a
 * page, and how it is printed. Who waits for the answer, and how, is in the programs. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE = 3000 }; /* ms; a page that isn't here by then has failed */

/* (Where common/fetch asks for it, there is a `struct fetch` for the rest.) */
struct page {
    int number;
    char *url;
    CURL *easy;        /* what curl knows of it */
    FILE *stream;      /* collects the body */
    const char *error; /* NULL when the answer is whole, also when that is a 404 */
    long status;       /* 200, 404, ... */
    char *body;        /* ends with a '\0', which doesn't count */
    size_t size;
};

struct list {
    struct page *pages;
    int count;
};

/* --- which pages --- */

/* An address that begins with a slash is a page of the course's site. */
static inline void add_page(struct list *list, const char *address)
{
    const char *host = address[0] == '/' ? site() : "";
    char url[1000];
    int size = snprintf(url, sizeof url, "%s%s", host, address);
    struct page *page;

    must("remember such a URL", size < (int)sizeof url ? 0 : UV_ENAMETOOLONG);
    list->pages = realloc(list->pages, (size_t)(list->count + 1) * sizeof *page);
    must("remember all pages", list->pages ? 0 : UV_ENOMEM);
    page = &list->pages[list->count++];
    *page = (struct page){.number = list->count, .url = strdup(url)};
    page->error = "its end was never heard of"; /* until it is */
    must("remember a URL", page->url ? 0 : UV_ENOMEM);
}

/* One URL a line. */
static inline void read_pages(struct list *list, const char *name)
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
    must("read the list of pages", ferror(file) ? uv_translate_sys_error(errno) : 0);
    must("find a page in the list", list->count ? 0 : UV_EOF);
    free(line);
    fclose(file);
}

/* What the command line asks for; without it, eight pages of the course's site. */
static inline void list_pages(struct list *list, int argc, char *argv[])
{
    char address[32];

    if (argc == 3 && strcmp(argv[1], "-f") == 0) {
        read_pages(list, argv[2]);
        return;
    }
    if (argc > 1 && argv[1][0] == '-') {
        fprintf(stderr, "usage: %s [URL... | -f FILE]\n", program_name());
        exit(2);
    }
    for (int i = 1; i < argc; i++)
        add_page(list, argv[i]);
    for (int i = 1; argc == 1 && i <= 8; i++) {
        snprintf(address, sizeof address, "/page/%d?delay=250", i);
        add_page(list, address);
    }
}

/* --- what curl is told, and asked --- */

/* What is wanted; nothing is sent yet. The body is collected in memory: curl gives each
 * piece to fwrite(). CURLOPT_PRIVATE is to curl what `data` is to a handle. (Up to ten
 * redirects; our own machine is asked directly, whatever proxy is set; and the
 * certificates are those of $SSL_CERT_FILE, if it names any.) */
static inline void prepare(struct page *page, CURL *easy)
{
    const char *certificates = getenv("SSL_CERT_FILE");

    must("prepare a request", easy ? 0 : UV_ENOMEM);
    page->easy = easy;
    page->stream = open_memstream(&page->body, &page->size);
    must("keep a page", page->stream ? 0 : UV_ENOMEM);
    must_curl(curl_easy_setopt(easy, CURLOPT_URL, page->url));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEDATA, page->stream));
    must_curl(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)DEADLINE));
    must_curl(curl_easy_setopt(easy, CURLOPT_PRIVATE, page));
    must_curl(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L));
    must_curl(curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L));
    must_curl(curl_easy_setopt(easy, CURLOPT_NOPROXY, fetch_no_proxy()));
    if (certificates && *certificates)
        must_curl(curl_easy_setopt(easy, CURLOPT_CAINFO, certificates));
}

/* It is over, one way or another. */
static inline void finish(CURL *easy, CURLcode result)
{
    struct page *page;

    must_curl(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &page));
    must_curl(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &page->status));
    page->error = result == CURLE_OK ? NULL : curl_easy_strerror(result);
    must("keep a page", fclose(page->stream) == 0 ? 0 : UV_ENOMEM);
}

/* The same with the multi interface. The message that said so is gone with its handle. */
static inline void finish_and_remove(CURLM *multi, CURL *easy, CURLcode result)
{
    finish(easy, result);
    must_curl_multi(curl_multi_remove_handle(multi, easy));
    curl_easy_cleanup(easy);
}

/* --- what came --- */

/* Print how it went with a page; `error` is NULL when an answer came, and the body ends
 * with a '\0'. Returns whether it is a failure, 0 or 1: an answer with an error status
 * (404, ...) is one, too. */
static inline int show(int number, const char *error, long status, const char *body,
                       size_t size)
{
    const char *title = error ? NULL : strstr(body, "<title>");

    if (error)
        say("page %d: failed, %s", number, error);
    else if (!title)
        say("page %d: %ld, %zu bytes, no title", number, status, size);
    else {
        title +=
            strlen("<title>"); /* up to the end of its line, or it could forge ours */
        say("page %d: %ld, %zu bytes, '%.*s'", number, status, size,
            (int)strcspn(title, "<\r\n"), title);
    }
    return error || status >= 400;
}

static inline int show_page(const struct page *page)
{
    return show(page->number, page->error, page->status, page->body, page->size);
}

/* All of them, in the order of asking. Returns how many have failed. */
static inline int show_pages(const struct list *list)
{
    int failures = 0;

    for (int i = 0; i < list->count; i++)
        failures += show_page(&list->pages[i]);
    return failures;
}

/* Say how many there were, and give their memory back. Returns the exit status. */
static inline int end_list(struct list *list, int failures)
{
    say("%d pages, %d failures", list->count, failures);
    for (int i = 0; i < list->count; i++) {
        free(list->pages[i].url);
        free(list->pages[i].body);
    }
    free(list->pages);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
