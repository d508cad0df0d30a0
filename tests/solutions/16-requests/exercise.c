/* exercise.c - curl on the libuv loop, of which one half is missing: curl's time is kept,
 * but nobody watches its sockets. So nothing comes, and each page is given up. Watch
 * them. (The argument: after how many ms a page is given up.) */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>

struct page {
    int number;
    const char *path;
    size_t size;
};

struct client {
    CURLM *multi;
    uv_timer_t timer; /* for the time that curl waits for */
    long deadline;    /* ms, of each page */
    int missing;      /* so many pages are not over */
    struct page pages[4];
};

static void start_client(struct client *client);
static void ask(struct client *client, struct page *page);
static size_t on_piece(char *bytes, size_t size, size_t count, void *of);
static int on_time_wanted(CURLM *multi, long ms, void *timer);
static void on_timer(uv_timer_t *timer);
#ifdef SOLUTION
static int on_poll_wanted(CURL *easy, curl_socket_t fd, int what, void *of, void *old);
static uv_poll_t *open_poll(struct client *client, curl_socket_t fd);
static void on_events(uv_poll_t *poll, int status, int events);
static void on_poll_closed(uv_handle_t *poll);
#endif
static void act(struct client *client, curl_socket_t fd, int what);
static void on_done(struct client *client, CURL *easy, CURLcode result);

int main(int argc, char *argv[])
{
    struct number ms = {"MS", 1400, 1, 60000};
    struct client client = {.missing = 4,
                            .pages = {{1, "/page/1?delay=200", 0},
                                      {2, "/drip?bytes=2&every=400", 0},
                                      {3, "/silent", 0},
                                      {4, "/redirect/4?delay=800", 0}}};

    read_numbers(argc, argv, &ms, 1);
    client.deadline = ms.value;
    start_client(&client);
    for (int i = 0; i < 3; i++)
        ask(&client, &client.pages[i]);
    run_and_close();
}

static void start_client(struct client *client)
{
    CURLM *m = client->multi = curl_multi_init();

    must("start curl", m ? 0 : UV_ENOMEM);
    must("set a timer", uv_timer_init(uv_default_loop(), &client->timer));
    client->timer.data = client;
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_time_wanted));
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_TIMERDATA, &client->timer));
#ifdef SOLUTION
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_poll_wanted));
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_SOCKETDATA, client));
#else
    /* TODO 1: which function does curl call when it waits for a socket? */
#endif
}

static void ask(struct client *client, struct page *page)
{
    CURL *easy = curl_easy_init();
    char url[100];

    must("ask for a page", easy ? 0 : UV_ENOMEM);
    say("page %d: asked", page->number);
    snprintf(url, sizeof url, "%s%s", site(), page->path);
    must_curl(curl_easy_setopt(easy, CURLOPT_URL, url));
    must_curl(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, client->deadline));
    must_curl(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L));
    must_curl(curl_easy_setopt(easy, CURLOPT_PRIVATE, page));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_piece));
    must_curl(curl_easy_setopt(easy, CURLOPT_WRITEDATA, page));
    must_curl_multi(curl_multi_add_handle(client->multi, easy));
}

/* Curl gives us a piece of a page. */
static size_t on_piece(char *bytes, size_t size, size_t count, void *of)
{
    struct page *page = of;

    (void)bytes;
    if (page->size == 0)
        say("page %d: begins", page->number);
    page->size += size * count;
    return size * count;
}

static int on_time_wanted(CURLM *multi, long ms, void *timer)
{
    (void)multi;
    if (ms < 0)
        return uv_timer_stop(timer);
    return uv_timer_start(timer, on_timer, ms > 0 ? (uint64_t)ms : 1, 0);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

#ifdef SOLUTION
static int on_poll_wanted(CURL *easy, curl_socket_t fd, int what, void *of, void *old)
{
    uv_poll_t *poll = old ? old : open_poll(of, fd);
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
                 (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

    (void)easy;
    if (what != CURL_POLL_REMOVE)
        return uv_poll_start(poll, events, on_events);
    uv_close((uv_handle_t *)poll, on_poll_closed);
    return 0;
}

static uv_poll_t *open_poll(struct client *client, curl_socket_t fd)
{
    uv_poll_t *poll = malloc(sizeof *poll);

    must("watch a socket", poll ? uv_poll_init(uv_default_loop(), poll, fd) : UV_ENOMEM);
    poll->data = client;
    must_curl_multi(curl_multi_assign(client->multi, fd, poll));
    return poll;
}

static void on_events(uv_poll_t *poll, int status, int events)
{
    uv_os_fd_t fd;

    must("find a socket", uv_fileno((uv_handle_t *)poll, &fd));
    act(poll->data, fd,
        (status < 0 ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0) |
            (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
            (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static void on_poll_closed(uv_handle_t *poll)
{
    free(poll);
}
#else
/* TODO 2: that function. What becomes of CURL_POLL_IN, _OUT, _INOUT and _REMOVE?
 * TODO 3: what the loop calls when something has happened to a socket. */
#endif

/* Something has happened: let curl do what it can do now. It may have ended pages. */
static void act(struct client *client, curl_socket_t fd, int what)
{
    CURLMsg *message;
    int left;

    must_curl_multi(curl_multi_socket_action(client->multi, fd, what, &left));
    while ((message = curl_multi_info_read(client->multi, &left)))
        on_done(client, message->easy_handle, message->data.result);
    if (client->missing == 0) {
        must_curl_multi(curl_multi_cleanup(client->multi));
        uv_close((uv_handle_t *)&client->timer, NULL);
    }
}

static void on_done(struct client *client, CURL *easy, CURLcode result)
{
    struct page *page;

    must_curl(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &page));
    say("page %d: %s, %zu bytes", page->number, result ? "given up" : "here", page->size);
    must_curl_multi(curl_multi_remove_handle(client->multi, easy));
    curl_easy_cleanup(easy);
    client->missing--;
    if (page->number == 1) /* now we know where page 4 is */
        ask(client, &client->pages[3]);
}
