/* wrong_sync.c - the right lines in the right order, one mirror after the other: the
 * second is asked when we have waited for the first long enough, and for nothing.
 *
 * verdict: waits for something that it need not wait for */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

int main(void)
{
    CURL *easy = curl_easy_init();
    struct fetch first = {0}, second = {0};
    char url[200];

    must("start curl", easy ? 0 : UV_ENOMEM);
    say("race: FIRST is 1500, SECOND is 500");
    say("first: asked");
    snprintf(url, sizeof url, "%s/page/1?delay=1500", site());
    fetch_and_wait(easy, &first, url, 600);
    say("race: nobody has won yet");
    say("second: asked");
    snprintf(url, sizeof url, "%s/page/1?delay=1500", site());
    fetch_and_wait(easy, &first, url, 900);
    snprintf(url, sizeof url, "%s/page/1?delay=500", site());
    fetch_and_wait(easy, &second, url, 0);
    say("second: %ld, %zu bytes", second.status, second.size);
    say("first: cancelled");
    say("race: second, 2 of 2 callbacks");
    fetch_cleanup(&first);
    fetch_cleanup(&second);
    curl_easy_cleanup(easy);
}
