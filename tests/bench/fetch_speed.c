/* fetch_speed.c - fetch many pages of the site ($SITE) in one of three ways, and print
 * the seconds from the first start to the last end.
 *
 *     fetch_speed fetch|poll|textbook PAGES AT_ONCE PATH
 *
 * fetch: common/fetch.c. poll: curl's own loop around curl_multi_poll(). textbook: curl
 * on the libuv loop as samples have it, which make a poll handle when curl asks for one
 * and close it when curl doesn't any more. The latter two use an easy handle again for
 * the next page, as their best, and send the same requests to the byte. PATH may hold %d:
 * the page's number. */

#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct transfer {
    CURL *easy;
    char *body;
    size_t size, room;
    int ms;
};

struct context {
    uv_poll_t poll;
    curl_socket_t socket;
};

static const char *path;
static int pages, at_once, started, ended, failed;
static CURLM *multi;
static uv_timer_t curl_timer;
static struct fetcher fetcher;

static void fail(const char *what)
{
    fprintf(stderr, "fetch_speed: %s\n", what);
    exit(1);
}

static char *url_of(int number)
{
    static char url[1000];
    int size = snprintf(url, sizeof url, "%s", site());

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(url + size, sizeof url - (size_t)size, path, number);
#pragma GCC diagnostic pop
    return url;
}

/* --- common/fetch.c --- */

static void on_done(struct fetch *fetch);

static void start_fetch(struct fetch *fetch)
{
    if (fetch_start(&fetcher, fetch, url_of(++started), 0, on_done) != 0)
        fail("cannot start");
}

static void on_done(struct fetch *fetch)
{
    failed += fetch->result != CURLE_OK || fetch->status != 200;
    fetch_cleanup(fetch);
    if (++ended == pages)
        fetcher_close(&fetcher, NULL);
    else if (started < pages)
        start_fetch(fetch);
}

static void by_fetch(void)
{
    struct fetch *fetches = calloc((size_t)at_once, sizeof *fetches);

    if (fetcher_init(uv_default_loop(), &fetcher, at_once) != 0)
        fail("no fetcher");
    for (int i = 0; i < at_once; i++)
        start_fetch(&fetches[i]);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    free(fetches);
}

/* --- what the other two ways share --- */

static size_t on_body(char *bytes, size_t size, size_t count, void *of)
{
    struct transfer *transfer = of;

    if (transfer->size + count * size + 1 > transfer->room) {
        transfer->room = 2 * transfer->room + count * size + 4096;
        transfer->body = realloc(transfer->body, transfer->room);
        if (!transfer->body)
            fail("no memory");
    }
    memcpy(transfer->body + transfer->size, bytes, count * size);
    transfer->size += count * size;
    return count * size;
}

static void begin(struct transfer *transfer)
{
    transfer->body = NULL;
    transfer->size = transfer->room = 0;
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url_of(++started));
    curl_multi_add_handle(multi, transfer->easy);
}

static void begin_all(struct transfer *transfers)
{
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)at_once);
    for (int i = 0; i < at_once; i++) {
        CURL *easy = transfers[i].easy = curl_easy_init();

        curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfers[i]);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfers[i]);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, fetch_no_proxy());
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "libcurl");
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
}

static void start_all(struct transfer *transfers)
{
    for (int i = 0; i < at_once; i++)
        begin(&transfers[i]);
}

static void read_messages(void)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *easy = message->easy_handle;
        struct transfer *transfer;
        long status = 0;

        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        failed += message->data.result != CURLE_OK || status != 200;
        curl_multi_remove_handle(multi, easy);
        free(transfer->body);
        ended++;
        if (started < pages)
            begin(transfer);
        else
            curl_easy_cleanup(easy);
    }
}

/* --- curl's own loop --- */

static void by_poll(void)
{
    struct transfer *transfers = calloc((size_t)at_once, sizeof *transfers);
    int running;

    begin_all(transfers);
    start_all(transfers);
    while (ended < pages) {
        curl_multi_perform(multi, &running);
        read_messages();
        if (ended < pages)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    curl_multi_cleanup(multi);
    free(transfers);
}

/* --- the textbook's way --- */

static void act(curl_socket_t socket, int what)
{
    int running;

    curl_multi_socket_action(multi, socket, what, &running);
    read_messages();
}

static void on_curl_timer(uv_timer_t *timer)
{
    (void)timer;
    act(CURL_SOCKET_TIMEOUT, 0);
}

static int on_time_wanted(CURLM *of, long ms, void *data)
{
    (void)of, (void)data;
    return ms < 0 ? uv_timer_stop(&curl_timer)
                  : uv_timer_start(&curl_timer, on_curl_timer, (uint64_t)ms, 0);
}

static void on_context_closed(uv_handle_t *poll)
{
    free(poll->data);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
    struct context *context = poll->data;

    act(context->socket, (status < 0 ? CURL_CSELECT_ERR : 0) |
                             (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                             (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static int on_events_wanted(CURL *easy, curl_socket_t socket, int what, void *of,
                            void *mine)
{
    struct context *context = mine;

    (void)easy, (void)of;
    if (what == CURL_POLL_REMOVE) {
        if (context) {
            uv_poll_stop(&context->poll);
            uv_close((uv_handle_t *)&context->poll, on_context_closed);
            curl_multi_assign(multi, socket, NULL);
        }
        return 0;
    }
    if (!context) {
        context = calloc(1, sizeof *context);
        context->socket = socket;
        if (uv_poll_init_socket(uv_default_loop(), &context->poll, socket) != 0)
            fail("cannot watch a socket");
        context->poll.data = context;
        curl_multi_assign(multi, socket, context);
    }
    return uv_poll_start(&context->poll,
                         (what & CURL_POLL_IN ? UV_READABLE : 0) |
                             (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                         on_events);
}

static void by_textbook(void)
{
    struct transfer *transfers = calloc((size_t)at_once, sizeof *transfers);

    uv_timer_init(uv_default_loop(), &curl_timer);
    begin_all(transfers);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_events_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_time_wanted);
    start_all(transfers);
    while (ended < pages)
        uv_run(uv_default_loop(), UV_RUN_ONCE);
    curl_multi_cleanup(multi);
    uv_close((uv_handle_t *)&curl_timer, NULL);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    free(transfers);
}

int main(int argc, char *argv[])
{
    const char *way = argc == 5 ? argv[1] : "";
    uint64_t start;

    if (argc != 5)
        fail("usage: fetch_speed fetch|poll|textbook PAGES AT_ONCE PATH");
    pages = atoi(argv[2]);
    at_once = atoi(argv[3]);
    path = argv[4];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    start = uv_hrtime();
    if (strcmp(way, "fetch") == 0)
        by_fetch();
    else if (strcmp(way, "poll") == 0)
        by_poll();
    else if (strcmp(way, "textbook") == 0)
        by_textbook();
    else
        fail("no such way");
    if (failed || ended != pages)
        fail("not all pages came");
    printf("%.4f\n", (double)(uv_hrtime() - start) / 1e9);
}
