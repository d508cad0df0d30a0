/* requests_async_poll.c - pages from the web, all at once: curl's multi interface in a
 * loop of its own, which waits in curl_multi_poll(). No libuv takes part.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> list_pages -> ask, ... -> wait_for_all ->
 * read_messages, ... -> show_pages */

#include "requests.h"

static void ask(CURLM *multi, struct page *page);
static void wait_for_all(CURLM *multi);
static void read_messages(CURLM *multi);

int main(int argc, char *argv[])
{
    CURLM *multi = curl_multi_init();
    struct list list = {0};

    must("start curl", multi ? 0 : UV_ENOMEM);
    list_pages(&list, argc, argv);
    for (int i = 0; i < list.count; i++)
        ask(multi, &list.pages[i]);
    wait_for_all(multi);
    must_curl_multi(curl_multi_cleanup(multi));
    return end_list(&list, show_pages(&list));
}

/* Only starts it. */
static void ask(CURLM *multi, struct page *page)
{
    say("page %d: asked", page->number);
    prepare(page, curl_easy_init());
    must_curl_multi(curl_multi_add_handle(multi, page->easy));
}

/* curl_multi_perform() does what can be done without waiting, for all pages;
 * curl_multi_poll() waits until there is something to do for one of them. */
static void wait_for_all(CURLM *multi)
{
    int running = 1;

    while (running) {
        must_curl_multi(curl_multi_perform(multi, &running));
        read_messages(multi);
        if (running)
            must_curl_multi(curl_multi_poll(multi, NULL, 0, 1000, NULL));
    }
}

/* There is one message for each page that has ended, in whatever order they end. */
static void read_messages(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)))
        finish_and_remove(multi, message->easy_handle, message->data.result);
}
