/* wrong_threads.c - a thread for each page, which waits until its host has less to do,
 * and then for its page.
 *
 * verdict: a thread or a process is */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

enum { PAGES = 12, HOSTS = 3, DEADLINE = 3000 };

static struct page {
    int number, host, is_here;
    size_t size;
} pages[PAGES];

static int under_way[HOSTS], most, shown;
static uv_mutex_t lock;
static uv_cond_t changed;

static size_t fetch_page(const char *path, char *body, size_t size)
{
    struct fetch fetch = {0};
    CURL *easy = curl_easy_init();
    char url[100];

    snprintf(url, sizeof url, "%s%s", site(), path);
    fetch_and_wait(easy, &fetch, url, DEADLINE);
    snprintf(body, size, "%s", fetch.body);
    size = fetch.size;
    fetch_cleanup(&fetch);
    curl_easy_cleanup(easy);
    return size;
}

static void get(void *arg)
{
    static const char *const names[] = {"bakery", "library", "museum"};
    struct page *page = arg;
    char path[100], body[100];
    size_t size;

    uv_mutex_lock(&lock);
    while (under_way[page->host] == most)
        uv_cond_wait(&changed, &lock);
    under_way[page->host]++;
    uv_mutex_unlock(&lock);
    snprintf(path, sizeof path, "/page/%d?delay=200", page->number);
    size = fetch_page(path, body, sizeof body);
    uv_mutex_lock(&lock);
    under_way[page->host]--;
    page->size = size;
    page->is_here = 1;
    for (; shown < PAGES && pages[shown].is_here; shown++)
        say("%s: page %d, %zu bytes", names[pages[shown].host], pages[shown].number,
            pages[shown].size);
    uv_cond_broadcast(&changed);
    uv_mutex_unlock(&lock);
}

int main(int argc, char *argv[])
{
    struct number asked = {"AT_ONCE", 2, 1, PAGES};
    uv_thread_t threads[PAGES];
    int requests = 0, at_once = 0;
    char body[100];

    read_numbers(argc, argv, &asked, 1);
    most = asked.value;
    must("make a lock", uv_mutex_init(&lock));
    must("make a condition", uv_cond_init(&changed));
    curl_global_init(CURL_GLOBAL_ALL);
    say("pages: %d wanted, %d at once from each host", PAGES, most);
    for (int i = 0; i < PAGES; i++) {
        pages[i] = (struct page){.number = i + 1, .host = i < 6 ? 0 : i < 10 ? 1 : 2};
        must("start a thread", uv_thread_create(&threads[i], get, &pages[i]));
    }
    for (int i = 0; i < PAGES; i++)
        must("wait for a thread", uv_thread_join(&threads[i]));
    fetch_page("/stats", body, sizeof body);
    sscanf(body, "requests: %d most at once: %d", &requests, &at_once);
    say("site: %d requests seen, at most %d at once", requests, at_once);
}
