/* wrong_sync.c - the right lines in the right order, one page after the other.
 *
 * verdict: waits for something that it need not wait for */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

static int number;
static size_t bytes_here;

static size_t on_piece(char *bytes, size_t size, size_t count, void *of)
{
    (void)bytes, (void)of;
    if (bytes_here == 0)
        say("page %d: begins", number);
    bytes_here += size * count;
    return size * count;
}

static void get(CURL *easy, const char *path, long deadline)
{
    CURLcode result;
    char url[100];

    snprintf(url, sizeof url, "%s%s", site(), path);
    bytes_here = 0;
    must_curl(curl_easy_setopt(easy, CURLOPT_URL, url));
    must_curl(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, deadline));
    must_curl(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_piece));
    result = curl_easy_perform(easy);
    say("page %d: %s, %zu bytes", number, result ? "given up" : "here", bytes_here);
}

int main(int argc, char *argv[])
{
    static const struct {
        int number;
        const char *path;
    } pages[] = {{1, "/page/1?delay=200"},
                 {2, "/drip?bytes=2&every=400"},
                 {4, "/redirect/4?delay=800"},
                 {3, "/silent"}};
    struct number ms = {"MS", 1400, 1, 60000};
    CURL *easy = curl_easy_init();

    read_numbers(argc, argv, &ms, 1);
    must("start curl", easy ? 0 : UV_ENOMEM);
    for (int i = 1; i <= 3; i++)
        say("page %d: asked", i);
    for (int i = 0; i < 4; i++) {
        number = pages[i].number;
        get(easy, pages[i].path, ms.value);
        if (number == 1)
            say("page 4: asked");
    }
    curl_easy_cleanup(easy);
}
