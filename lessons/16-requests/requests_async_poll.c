/* requests_async_poll.c - pages from the web, all at once: curl's multi interface in a
 * loop of its own, which waits in curl_multi_poll(). No libuv takes part.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> list_urls -> ask, ... -> wait_for_all -> on_done, ... -> show,
 * ... */

#include "requests.h"

struct page {
    int number;
    const char *url;
    CURL *easy;
    FILE *stream;    /* collects the body */
    CURLcode result; /* CURLE_OK when the answer is whole, also when that is a 404 */
    long status;     /* 200, 404, ... */
    char *body;
    size_t size;
};

static void ask(CURLM *multi, struct page *page);
static void wait_for_all(CURLM *multi);
static void take_results(CURLM *multi);
static void on_done(CURLM *multi, CURL *easy, CURLcode result);

int main(int argc, char *argv[])
{
    CURLM *multi = curl_multi_init();
    struct list list = {0};
    struct page *pages;
    int failures = 0;

    must("start curl", multi ? 0 : UV_ENOMEM);
    list_urls(&list, argc, argv);
    pages = calloc((size_t)list.count, sizeof *pages);
    must("remember all pages", pages ? 0 : UV_ENOMEM);
    for (int i = 0; i < list.count; i++) {
        pages[i] = (struct page){.number = i + 1, .url = list.urls[i]};
        ask(multi, &pages[i]);
    }
    wait_for_all(multi);
    for (int i = 0; i < list.count; i++) {
        struct page *page = &pages[i];

        failures +=
            show(page->number, page->result ? curl_easy_strerror(page->result) : NULL,
                 page->status, page->body, page->size);
        free(page->body);
    }
    must_curl_multi(curl_multi_cleanup(multi));
    free(pages);
    free_urls(&list);
    say("%d pages, %d failures", list.count, failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Only starts it. The body is collected in memory: curl gives each piece to fwrite().
 * CURLOPT_PRIVATE is to curl what `data` is to a handle. (Up to ten redirects; and
 * whatever proxy is set, our own machine is asked directly.) */
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
    must_curl(curl_easy_setopt(page->easy, CURLOPT_NOPROXY, fetch_no_proxy()));
    must_curl(curl_easy_setopt(page->easy, CURLOPT_PRIVATE, page));
    must_curl_multi(curl_multi_add_handle(multi, page->easy));
}

/* curl_multi_perform() does what can be done without waiting, for all pages;
 * curl_multi_poll() waits until there is something to do for one of them. */
static void wait_for_all(CURLM *multi)
{
    int running = 1;

    while (running) {
        must_curl_multi(curl_multi_perform(multi, &running));
        take_results(multi);
        if (running)
            must_curl_multi(curl_multi_poll(multi, NULL, 0, 1000, NULL));
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
    must_curl_multi(curl_multi_remove_handle(multi, easy));
    curl_easy_cleanup(easy);
}
