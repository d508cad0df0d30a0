/* wrong_sync.c - the right lines in the right order, one page after the other.
 *
 * verdict: waits for something that it need not wait for */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

int main(void)
{
    static const int delays[] = {600, 200, 400, 1000, 800};
    CURL *easy = curl_easy_init();
    struct fetch fetch = {0};
    char url[100];

    must("start curl", easy ? 0 : UV_ENOMEM);
    for (int i = 0; i < 5; i++)
        say("page %d: asked", i + 1);
    for (int i = 0; i < 5; i++) {
        snprintf(url, sizeof url, "%s/page/%d?delay=%d", site(), i + 1, delays[i]);
        fetch_and_wait(easy, &fetch, url, 3000);
        say("page %d: %ld, %zu bytes", i + 1, fetch.status, fetch.size);
        fetch_cleanup(&fetch);
    }
    curl_easy_cleanup(easy);
    say("all done");
}
