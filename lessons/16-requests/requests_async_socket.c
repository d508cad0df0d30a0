/* requests_async_socket.c - pages from the web, all at once: curl on the libuv loop, by
 * hand. A timer and poll handles wait for the time and the sockets that curl names.
 * You will see 0.25 s: the site lets us wait for eight pages at the same time.
 * Order of events: main -> ask, ... -> on_time_wanted -> on_timer -> act ->
 * on_poll_wanted -> on_events -> act -> read_messages, ... -> show_pages
 * Left out, and in common/fetch.c: at most so many at once, cancelling, a bound for a
 * body, a poll handle kept with its connection, going on without memory or files. */

#include "requests.h"

struct client {
    CURLM *multi;
    uv_timer_t timer; /* for the one time that curl waits for */
};

static void start_client(struct client *client);
static void ask(CURLM *multi, struct page *page);
static int on_time_wanted(CURLM *multi, long ms, void *timer);
static void on_timer(uv_timer_t *timer);
static int on_poll_wanted(CURL *easy, curl_socket_t fd, int what, void *of,
                          void *assigned);
static uv_poll_t *open_poll(struct client *client, curl_socket_t fd);
static void on_events(uv_poll_t *poll, int status, int events);
static void on_poll_closed(uv_handle_t *poll);
static void act(struct client *client, curl_socket_t fd, int what);
static void read_messages(CURLM *multi);

int main(int argc, char *argv[])
{
    struct client client;
    struct list list = {0};

    start_client(&client);
    list_pages(&list, argc, argv);
    for (int i = 0; i < list.count; i++)
        ask(client.multi, &list.pages[i]);
    run_and_close();
    return end_list(&list, show_pages(&list));
}

static void start_client(struct client *client)
{
    CURLM *m = client->multi = curl_multi_init();

    must("start curl", m ? 0 : UV_ENOMEM);
    must("set a timer", uv_timer_init(uv_default_loop(), &client->timer));
    client->timer.data = client;
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_time_wanted));
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_TIMERDATA, &client->timer));
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_poll_wanted));
    must_curl_multi(curl_multi_setopt(m, CURLMOPT_SOCKETDATA, client));
}

/* Only starts it: curl asks to be called in 0 ms. */
static void ask(CURLM *multi, struct page *page)
{
    say("page %d: asked", page->number);
    prepare(page, curl_easy_init());
    must_curl_multi(curl_multi_add_handle(multi, page->easy));
}

/* Curl says: call me in `ms` milliseconds, whatever I said before; -1 is never.
 * 0 is soon, but not from in here: in 1 ms, since 0 may leave sockets no turn. */
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

/* Curl says: tell me when this socket can be read (CURL_POLL_IN), written (_OUT),
 * either (_INOUT); or no more (_REMOVE). */
static int on_poll_wanted(CURL *easy, curl_socket_t fd, int what, void *of,
                          void *assigned)
{
    uv_poll_t *poll = assigned ? assigned : open_poll(of, fd);
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

/* After an error curl is to read, and finds out which one it is. */
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
    free(poll); /* not earlier: until now it was the loop's */
}

/* Something has happened: let curl do what it can do now. That may end pages. */
static void act(struct client *client, curl_socket_t fd, int what)
{
    int running;

    must_curl_multi(curl_multi_socket_action(client->multi, fd, what, &running));
    read_messages(client->multi);
    if (running == 0) { /* it was the last one */
        must_curl_multi(curl_multi_cleanup(client->multi));
        uv_close((uv_handle_t *)&client->timer, NULL);
    }
}

static void read_messages(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)))
        finish_and_remove(multi, message->easy_handle, message->data.result);
}
