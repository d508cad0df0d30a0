/* requests_sync.c - pages from the web, one after the other: curl's easy interface.
 * You will see 2.00 s: eight pages, and the site lets us wait 0.25 s for each of them.
 * Order of events: main -> list_urls -> ask, show, ask, show, ... */

#include "requests.h"

struct page {
    int number;
    const char *url;
    CURLcode result; /* CURLE_OK when the answer is whole, also when that is a 404 */
    long status;     /* 200, 404, ... */
    char *body;
    size_t size;
};

static void ask(CURL *easy, struct page *page);

int main(int argc, char *argv[])
{
    CURL *easy = curl_easy_init(); /* one for all pages: it keeps the connection */
    struct list list = {0};
    int failures = 0;

    must("start curl", easy ? 0 : UV_ENOMEM);
    list_urls(&list, argc, argv);
    for (int i = 0; i < list.count; i++) {
        struct page page = {.number = i + 1, .url = list.urls[i]};

        ask(easy, &page);
        failures +=
            show(page.number, page.result ? curl_easy_strerror(page.result) : NULL,
                 page.status, page.body, page.size);
        free(page.body);
    }
    curl_easy_cleanup(easy);
    free_urls(&list);
    say("%d pages, %d failures", list.count, failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Returns when the page is here, or has failed. The body is collected in memory:
 * curl gives each piece to fwrite(). (Up to ten redirects; and whatever proxy is
 * set, our own machine is asked directly.) */
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
    must_curl(curl_easy_setopt(easy, CURLOPT_NOPROXY, fetch_no_proxy()));
    page->result = curl_easy_perform(easy); /* here we wait */
    must_curl(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &page->status));
    must("keep a page", fclose(body) == 0 ? 0 : UV_ENOMEM);
}
