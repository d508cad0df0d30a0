/* wrong_pool.c - three threads of libuv's pool, each of which keeps its connection: page
 * 4 on that of page 1.
 *
 * verdict: a thread or a process is */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

static long deadline;

struct page {
    int number;
    const char *path;
    size_t size;
    uv_work_t work;
};

static size_t on_piece(char *bytes, size_t size, size_t count, void *of)
{
    struct page *page = of;

    (void)bytes;
    if (page->size == 0)
        say("page %d: begins", page->number);
    page->size += size * count;
    return size * count;
}

static void get_with(CURL *easy, struct page *page)
{
    CURLcode result;
    char url[100];

    must("start curl", easy ? 0 : UV_ENOMEM);
    snprintf(url, sizeof url, "%s%s", site(), page->path);
    must_curl(curl_easy_setopt(easy, CURLOPT_URL, url));
    must_curl(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, deadline));
    must_curl(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    must_curl(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_piece));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEDATA, page));
    result = curl_easy_perform(easy);
    say("page %d: %s, %zu bytes", page->number, result ? "given up" : "here", page->size);
}
static struct page *all;
static void get(uv_work_t *work)
{
    struct page *page = work->data;
    CURL *easy = curl_easy_init();
    get_with(easy, page);
    if (page->number == 1) {
        say("page 4: asked");
        get_with(easy, &all[3]);
    }
    curl_easy_cleanup(easy);
}

static void on_got(uv_work_t *work, int status)
{
    (void)work, (void)status;
}

static void start(struct page *page)
{
    say("page %d: asked", page->number);
    page->work.data = page;
    must("get a page", uv_queue_work(uv_default_loop(), &page->work, get, on_got));
}

int main(int argc, char *argv[])
{
    struct number ms = {"MS", 1400, 1, 60000};
    struct page pages[] = {{.number = 1, .path = "/page/1?delay=200"},
                           {.number = 2, .path = "/drip?bytes=2&every=400"},
                           {.number = 3, .path = "/silent"},
                           {.number = 4, .path = "/redirect/4?delay=800"}};

    read_numbers(argc, argv, &ms, 1);
    deadline = ms.value;
    all = pages;
    must_curl(curl_global_init(CURL_GLOBAL_DEFAULT));
    for (int i = 0; i < 3; i++)
        start(&pages[i]);
    run_and_close();
}
