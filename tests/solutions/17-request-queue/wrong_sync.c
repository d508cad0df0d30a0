/* wrong_sync.c - the right lines in the right order, one page after the other.
 *
 * verdict: waits for something that it need not wait for */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

int main(int argc, char *argv[])
{
    struct number asked = {"AT_ONCE", 2, 1, 12};
    CURL *easy = curl_easy_init();
    struct fetch fetch = {0};
    char url[100];

    read_numbers(argc, argv, &asked, 1);
    must("start curl", easy ? 0 : UV_ENOMEM);
    say("pages: 12 wanted, %d at once from each host", asked.value);
    for (int i = 0; i < 12; i++) {
        snprintf(url, sizeof url, "%s/page/%d?delay=200", site(), i + 1);
        fetch_and_wait(easy, &fetch, url, 3000);
        say("%s: page %d, %zu bytes",
            i < 6    ? "bakery"
            : i < 10 ? "library"
                     : "museum",
            i + 1, fetch.size);
        fetch_cleanup(&fetch);
    }
    curl_easy_cleanup(easy);
    say("site: 12 requests seen, at most %d at once", 3 * asked.value);
}
