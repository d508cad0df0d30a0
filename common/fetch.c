/* fetch.c - libcurl on the libuv loop.
 *
 * Curl knows HTTP, but doesn't wait: it says what it waits for. Its timer function,
 * on_time_wanted(), gets a time, and sets a timer; its socket function,
 * on_events_wanted(), gets a socket and events, and starts a poll handle. The loop
 * doesn't know HTTP, but waits: on_curl_timer() and on_events() tell what has happened,
 * and both call fetcher_act(), which lets curl work by curl_multi_socket_action(), and
 * reads curl's messages after each action, since any of them may end a fetch.
 *
 * Order of events, for one fetch: fetch_start -> fetch_begin -> on_time_wanted (curl: in
 * 0 ms) -> on_next_round -> fetcher_act -> on_open_socket -> on_events_wanted ->
 * on_events -> fetcher_act -> on_header, on_body, ... -> fetcher_read_messages ->
 * fetch_end -> fetcher_run_callbacks -> the fetch's own callback.
 *
 * A fetch is always in one of three lists: waiting -> active -> done. It leaves the last
 * one when its callback is called, and fetcher_run_callbacks() alone does that: so each
 * callback comes once.
 *
 * A poll handle lives as long as its socket: from on_open_socket() to on_close_socket().
 * Between two fetches the connection is kept, and its handle is unreferenced. */

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

enum {
    LARGEST = 16 * 1024 * 1024, /* bytes of a body, unless the fetcher says another */
    FIRST_CAPACITY = 4096,      /* bytes; most pages of the course fit */
    MOST_REDIRECTS = 10,
    CURL_CONNECT = 300 * 1000, /* ms */
    MOST_IDLE = 1000, /* connections that are kept where any number may be in use */
    NS_PER_S = 1000 * 1000 * 1000
};

/* A socket of curl's, and the handle that waits for it. */
struct socket_watch {
    uv_poll_t poll;
    struct fetcher *fetcher;
    const struct fetch *fetch; /* that it was made for */
    curl_socket_t socket;
    int wanted, events;  /* by curl; and what the loop waits for at present */
    bool is_opened_here; /* then we will hear of its end, mostly */
};

static void init_curl(void);
static bool fetcher_init_curl(struct fetcher *fetcher);
static size_t fetcher_most_idle(const struct fetcher *fetcher);
static bool fetch_init(struct fetch *fetch, const char *url, unsigned deadline,
                       size_t largest);
static void fetch_move(struct fetch *fetch, struct fetch_list *list);
static void fetcher_limit_connections(struct fetcher *fetcher);
static void fetcher_begin_waiting(struct fetcher *fetcher);
static void fetch_begin(struct fetch *fetch);
static CURL *fetcher_take_easy(struct fetcher *fetcher);
static CURLcode easy_set_fetch(CURL *easy, struct fetch *fetch);
static bool easy_set_common(CURL *easy);
static bool easy_set_protocols(CURL *easy);

static int on_time_wanted(CURLM *multi, long ms, void *of);
static void on_curl_timer(uv_timer_t *curl_timer);
static int on_events_wanted(CURL *easy, curl_socket_t socket, int what, void *of,
                            void *unused);
static void on_events(uv_poll_t *poll, int status, int events);
static void fetcher_act(struct fetcher *fetcher, curl_socket_t socket, int what);
static void fetcher_read_messages(struct fetcher *fetcher);

static curl_socket_t on_open_socket(void *of, curlsocktype purpose,
                                    struct curl_sockaddr *address);
static struct socket_watch *watch_open(struct fetcher *fetcher, curl_socket_t socket);
static struct socket_watch *watch_find(struct fetcher *fetcher, curl_socket_t socket);
static bool fetcher_reserve_watch(struct fetcher *fetcher, size_t place);
static int watch_set_events(struct socket_watch *watch, int events);
static void watch_release(struct socket_watch *watch);
static int on_close_socket(void *of, curl_socket_t socket);
static void fetcher_close_watches(struct fetcher *fetcher, const struct fetch *fetch);
static void watch_close(struct socket_watch *watch);
static void on_watch_closed(uv_handle_t *poll);

static size_t on_header(char *bytes, size_t size, size_t count, void *of);
static size_t on_body(char *bytes, size_t size, size_t count, void *of);
static void fetch_note_first_byte(struct fetch *fetch);
static bool fetch_reserve(struct fetch *fetch, size_t size);

static void fetch_end(struct fetch *fetch, CURLcode result);
static void fetch_finish(struct fetch *fetch, CURLcode result);
static double seconds(uint64_t from, uint64_t to);
static void fetch_keep_easy(struct fetch *fetch);
static void on_next_round(uv_idle_t *next_round);
static void fetcher_run_callbacks(struct fetcher *fetcher);
static void fetch_end_all(struct fetch_list *list, CURLcode result);
static void on_handle_closed(uv_handle_t *handle);
static void fetcher_count_closed(struct fetcher *fetcher);

#define OURSELVES "127.0.0.1,localhost,::1,127.0.0.0/8" /* the last: since curl 7.86 */

static uv_once_t once = UV_ONCE_INIT;
static CURLcode curl_is_ready;
static locale_t utf8;
static char nothing[1]; /* the body of a fetch that has none */

/* --- a fetch starts --- */

int fetcher_init(uv_loop_t *loop, struct fetcher *fetcher, int most_at_once)
{
    uv_once(&once, init_curl);
    if (curl_is_ready != CURLE_OK)
        return UV_ENOMEM;
    *fetcher = (struct fetcher){.data = fetcher->data, .largest = LARGEST, .loop = loop};
    fetcher->most_at_once = most_at_once > 0 ? (size_t)most_at_once : SIZE_MAX;
    fetcher->most_idle = fetcher_most_idle(fetcher);
    if (!fetcher_init_curl(fetcher))
        return fetch_files_are_lacking() ? UV_EMFILE : UV_ENOMEM;
    /* These two can't fail. */
    must("set a timer", uv_timer_init(loop, &fetcher->curl_timer));
    must("set a timer", uv_idle_init(loop, &fetcher->next_round));
    fetcher->curl_timer.data = fetcher->next_round.data = fetcher;
    fetcher->open_handles = 2;
    return 0;
}

/* Curl wants this once in a program, before anything else of it is used. */
static void init_curl(void)
{
    curl_is_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static bool fetcher_init_curl(struct fetcher *fetcher)
{
    CURLM *multi = fetcher->multi = curl_multi_init();
    CURL *model = fetcher->model = curl_easy_init();

    if (multi && model && easy_set_common(model) &&
        !curl_easy_setopt(model, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket) &&
        !curl_easy_setopt(model, CURLOPT_CLOSESOCKETDATA, fetcher) &&
        !curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_time_wanted) &&
        !curl_multi_setopt(multi, CURLMOPT_TIMERDATA, fetcher) &&
        !curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_events_wanted) &&
        !curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, fetcher))
        return true;
    curl_easy_cleanup(model);
    curl_multi_cleanup(multi);
    return false;
}

/* A connection is kept when its fetch is over, and the next one uses it. But each has one
 * of the program's file numbers, which others need, too. */
static size_t fetcher_most_idle(const struct fetcher *fetcher)
{
    size_t most = fetcher->most_at_once < MOST_IDLE ? fetcher->most_at_once : MOST_IDLE;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 2 < most)
        most = files.rlim_cur / 2;
    return most;
}

int fetch_start(struct fetcher *fetcher, struct fetch *fetch, const char *url,
                unsigned deadline, fetch_cb on_done)
{
    if (fetcher->is_closing)
        return UV_ECANCELED;
    if (!fetch_init(fetch, url, deadline, fetcher->largest))
        return UV_ENOMEM;
    fetch->fetcher = fetcher;
    fetch->on_done = on_done;
    fetch_move(fetch, &fetcher->waiting);
    fetcher_begin_waiting(fetcher);
    return 0;
}

/* Whatever was in it; whether there is memory for the URL. */
static bool fetch_init(struct fetch *fetch, const char *url, unsigned deadline,
                       size_t largest)
{
    *fetch = (struct fetch){.data = fetch->data, .error = "", .body = nothing};
    fetch->asked = uv_hrtime();
    fetch->deadline = deadline;
    fetch->largest = largest;
    fetch->url = strdup(url);
    return fetch->url != NULL;
}

/* Take it out of the list that it is in, and put it at the end of another (or none). */
static void fetch_move(struct fetch *fetch, struct fetch_list *list)
{
    struct fetch_list *from = fetch->list;

    if (from) {
        *(fetch->previous ? &fetch->previous->next : &from->first) = fetch->next;
        *(fetch->next ? &fetch->next->previous : &from->last) = fetch->previous;
        from->count--;
    }
    fetch->list = list;
    fetch->next = NULL;
    if (list) {
        fetch->previous = list->last;
        *(list->last ? &list->last->next : &list->first) = fetch;
        list->last = fetch;
        list->count++;
    }
}

/* First come, first served, as long as there are places. */
static void fetcher_begin_waiting(struct fetcher *fetcher)
{
    while (fetcher->waiting.first && fetcher->active.count < fetcher->most_at_once)
        fetch_begin(fetcher->waiting.first);
}

/* Its turn has come. Curl does nothing yet: it asks to be called in 0 ms. */
static void fetch_begin(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;
    CURL *easy = fetcher_take_easy(fetcher);
    CURLcode result = easy ? easy_set_fetch(easy, fetch) : CURLE_OUT_OF_MEMORY;

    fetch->begun = uv_hrtime();
    fetch->closed = fetcher->closed;
    fetch_move(fetch, &fetcher->active);
    fetcher_limit_connections(fetcher);
    if (!result && curl_multi_add_handle(fetcher->multi, easy) != CURLM_OK)
        result = CURLE_OUT_OF_MEMORY;
    if (result) {
        curl_easy_cleanup(easy); /* it is not curl_multi_remove_handle()'s */
        fetch_end(fetch, result);
    } else {
        fetch->easy = easy;
    }
}

/* There are more connections than fetches under way only where they are few: a new one
 * takes the place of one that is idle. */
static void fetcher_limit_connections(struct fetcher *fetcher)
{
    size_t active = fetcher->active.count;
    long most = (long)(active > fetcher->most_idle ? active : fetcher->most_idle);

    if (most == fetcher->most_connections)
        return;
    fetcher->most_connections = most;
    must_curl_multi(curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS, most));
    must_curl_multi(
        curl_multi_setopt(fetcher->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most));
}

/* One that has been used already, or a new one: to make one takes curl about as long as a
 * short page. */
static CURL *fetcher_take_easy(struct fetcher *fetcher)
{
    if (fetcher->spare_count > 0)
        return fetcher->spare[--fetcher->spare_count];
    return curl_easy_duphandle(fetcher->model);
}

/* What curl shall know of this fetch. Connecting may take curl's own 5 minutes (0), or
 * more where the whole may. */
static CURLcode easy_set_fetch(CURL *easy, struct fetch *fetch)
{
    long deadline = fetch->deadline < INT_MAX ? (long)fetch->deadline : INT_MAX;
    long connect = deadline == 0 || deadline > CURL_CONNECT ? INT_MAX : 0;
    curl_off_t most = fetch->largest < INT64_MAX ? (curl_off_t)fetch->largest : INT64_MAX;
    CURLcode result = fetch_check_url(fetch->url);

    if (result)
        return result;
    if (!curl_easy_setopt(easy, CURLOPT_URL, fetch->url) &&
        !curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch) &&
        !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, deadline) &&
        !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect) &&
        !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error_buffer) &&
        !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch) &&
        !curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch) &&
        !curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch) &&
        !curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, most))
        return CURLE_OK;
    return CURLE_OUT_OF_MEMORY;
}

/* What is the same for all of them. One connection carries one page at a time: that is
 * HTTP 1.1. */
static bool easy_set_common(CURL *easy)
{
    const char *certificates = getenv("SSL_CERT_FILE");

#if LIBCURL_VERSION_NUM >= 0x075700
    /* When it is given up while a name is looked up, don't wait for the answer. */
    if (curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L))
        return false;
#endif
    return !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) &&
           !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) &&
           !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS) &&
           !curl_easy_setopt(easy, CURLOPT_NOPROXY, fetch_no_proxy()) &&
           !curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_USERAGENT, "libcurl") &&
           !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           (!certificates || !*certificates ||
            !curl_easy_setopt(easy, CURLOPT_CAINFO, certificates)) &&
           easy_set_protocols(easy);
}

/* A page that sends us on to file:///etc/passwd sends us nowhere. */
static bool easy_set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file") &&
           !curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    long web = CURLPROTO_HTTP | CURLPROTO_HTTPS;

    return !curl_easy_setopt(easy, CURLOPT_PROTOCOLS, web | CURLPROTO_FILE) &&
           !curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, web);
#endif
}

/* --- curl on the loop: its timer, its sockets, its messages --- */

/* Curl wants to be called in `ms` milliseconds: 0 is soon, but not from in here, and -1
 * is never. It has one such wish at a time. Soon is the next round: a timer of 0 ms that
 * is set in a timer's callback would be due at once, and no socket have its turn. */
static int on_time_wanted(CURLM *multi, long ms, void *of)
{
    struct fetcher *fetcher = of;

    (void)multi;
    fetcher->is_called_next_round = ms == 0;
    if (ms > 0)
        return uv_timer_start(&fetcher->curl_timer, on_curl_timer, (uint64_t)ms, 0);
    if (ms == 0)
        must("go on", uv_idle_start(&fetcher->next_round, on_next_round));
    return uv_timer_stop(&fetcher->curl_timer);
}

static void on_curl_timer(uv_timer_t *curl_timer)
{
    fetcher_act(curl_timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* Curl wants to hear of these events of a socket (CURL_POLL_INOUT is both), or of none of
 * them any more. */
static int on_events_wanted(CURL *easy, curl_socket_t socket, int what, void *of,
                            void *unused)
{
    struct socket_watch *watch = watch_find(of, socket);
    const struct fetch *fetch = NULL;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
                 (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            watch_release(watch);
        return 0;
    }
    if (!watch || !watch->events)
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
    if (watch && watch->is_opened_here && !watch->events && watch->fetch != fetch)
        watch = NULL; /* of one with this number that curl has closed without a word */
    if (!watch && (watch = watch_open(of, socket)))
        watch->fetch = fetch;
    return watch && watch_set_events(watch, events) == 0 ? 0 : -1;
}

/* After an error libuv has stopped the handle; curl looks for itself what it is. What
 * nobody wants to know (the site has closed a connection that we had kept, mostly) is
 * where the loop is told to stop, or it would tell it again and again. */
static void on_events(uv_poll_t *poll, int status, int events)
{
    struct socket_watch *watch = poll->data;
    int what = (status < 0 ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0) |
               (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
               (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

    if (status < 0 || !watch->wanted) {
        must("stop watching a socket", uv_poll_stop(poll));
        watch->events = 0;
    }
    if (watch->wanted)
        fetcher_act(watch->fetcher, watch->socket, what);
    /* After an error curl may want the same as before, and doesn't say so again. */
    if (watch->wanted && !uv_is_closing((uv_handle_t *)poll))
        must("watch a socket", watch_set_events(watch, watch->wanted));
}

/* Let curl do what it can do now, and then look what has ended, every time: a fetch may
 * end by any event of any socket, and by the time. */
static void fetcher_act(struct fetcher *fetcher, curl_socket_t socket, int what)
{
    locale_t before = uselocale(utf8);
    int running;
    CURLMcode result;

    result = curl_multi_socket_action(fetcher->multi, socket, what, &running);
    uselocale(before);
    fetcher_read_messages(fetcher);
    if (result != CURLM_OK) /* not even curl knows how they are */
        fetch_end_all(&fetcher->active, CURLE_OUT_OF_MEMORY);
    fetcher_run_callbacks(fetcher);
}

/* Which of the active fetches have ended, each with its own result. A message is gone as
 * soon as its fetch is taken from curl. */
static void fetcher_read_messages(struct fetcher *fetcher)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetcher->multi, &left))) {
        CURLcode result = message->data.result;
        struct fetch *fetch;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
        fetch_end(fetch, result);
    }
}

/* --- the life of a poll handle --- */

/* For a fetch that is waited for, too, since curl doesn't tell why it has no socket. What
 * it has said of another one (a kept connection that was gone) is not about this one, of
 * which it says nothing any more. */
static curl_socket_t on_open_socket(void *of, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct fetch *fetch = of;
    int fd = socket(address->family, address->socktype, address->protocol);
    struct socket_watch *watch;

    (void)purpose;
    fetch->has_lost_words = fetch->has_lost_words || fetch->error_buffer[0];
    fetch->error_buffer[0] = '\0';
    fetch->system_error = fd == -1 ? uv_translate_sys_error(errno) : 0;
    if (fd == -1)
        return CURL_SOCKET_BAD;
    fcntl(fd, F_SETFD, FD_CLOEXEC); /* no business of the programs that we start */
    if (!fetch->fetcher)
        return fd;
    watch = watch_open(fetch->fetcher, fd);
    if (!watch) {
        fetch->system_error = UV_ENOMEM;
        close(fd);
        return CURL_SOCKET_BAD;
    }
    watch->fetch = fetch;
    watch->is_opened_here = true;
    return fd;
}

static struct socket_watch *watch_open(struct fetcher *fetcher, curl_socket_t socket)
{
    struct socket_watch *watch = calloc(1, sizeof *watch);
    struct socket_watch *stale = watch_find(fetcher, socket);

    if (stale) /* see fetcher_close_watches(): curl was quicker */
        watch_close(stale);
    if (!watch || !fetcher_reserve_watch(fetcher, (size_t)socket) ||
        uv_poll_init(fetcher->loop, &watch->poll, socket) < 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->fetcher = fetcher;
    watch->socket = socket;
    fetcher->open_handles++;
    return fetcher->watches[socket] = watch;
}

static struct socket_watch *watch_find(struct fetcher *fetcher, curl_socket_t socket)
{
    size_t place = (size_t)socket;

    return place < fetcher->watches_size ? fetcher->watches[place] : NULL;
}

/* Sockets are small numbers: an array is the quickest way from a socket to its watch. */
static bool fetcher_reserve_watch(struct fetcher *fetcher, size_t place)
{
    size_t size = fetcher->watches_size;
    struct socket_watch **watches;

    if (place < size)
        return true;
    size = place < 2 * size ? 2 * size : place + 1;
    watches = realloc(fetcher->watches, size * sizeof *watches);
    if (!watches)
        return false;
    while (fetcher->watches_size < size)
        watches[fetcher->watches_size++] = NULL;
    fetcher->watches = watches;
    return true;
}

/* Where nothing is wanted, the loop shall not wait for it any more; but it isn't told to
 * stop: that is a call of the kernel, and another one to start again, and most sockets
 * are used for the next fetch at once. */
static int watch_set_events(struct socket_watch *watch, int events)
{
    watch->wanted = events;
    if (events == 0) {
        uv_unref((uv_handle_t *)&watch->poll);
        return 0;
    }
    uv_ref((uv_handle_t *)&watch->poll);
    if (events == watch->events)
        return 0;
    watch->events = events;
    return uv_poll_start(&watch->poll, events, on_events);
}

/* No events are wanted any more. A socket that curl keeps for the next fetch keeps its
 * watch, too. But curl has others, of which we don't hear when they are closed: their
 * watch ends here. So it does when curl has closed one of ours without a word (7.88 does,
 * while it connects). */
static void watch_release(struct socket_watch *watch)
{
    if (!watch->is_opened_here || fcntl(watch->socket, F_GETFD) == -1)
        watch_close(watch);
    else
        watch_set_events(watch, 0);
}

/* Curl closes a socket. The loop has to forget it first: its number may be another
 * socket's at once. */
static int on_close_socket(void *of, curl_socket_t socket)
{
    struct fetcher *fetcher = of;
    struct socket_watch *watch = watch_find(fetcher, socket);

    fetcher->closed++;
    if (watch)
        watch_close(watch);
    return close(socket);
}

/* When the fetcher closes, all of them; before, the stale ones (of one fetch, if that
 * isn't NULL): curl closes some sockets without telling, and the loop must neither wait
 * for one that isn't there nor take for it another, which gets its number. A thread of
 * curl's that looks up a name may have that at once: what curl has opened for it ends
 * with the fetch. */
static void fetcher_close_watches(struct fetcher *fetcher, const struct fetch *fetch)
{
    for (size_t i = 0; i < fetcher->watches_size; i++) {
        struct socket_watch *watch = fetcher->watches[i];

        if (!watch || (fetch && watch->fetch != fetch))
            continue;
        if (fetcher->is_closing ||
            (fetch && (!watch->is_opened_here || fetch->first_byte == 0)) ||
            fcntl(watch->socket, F_GETFD) == -1)
            watch_close(watch);
    }
}

static void watch_close(struct socket_watch *watch)
{
    watch->fetcher->watches[watch->socket] = NULL;
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static void on_watch_closed(uv_handle_t *poll)
{
    struct socket_watch *watch = poll->data;

    fetcher_count_closed(watch->fetcher);
    free(watch);
}

/* --- a page comes --- */

static size_t on_header(char *bytes, size_t size, size_t count, void *of)
{
    (void)bytes;
    fetch_note_first_byte(of);
    return size * count;
}

/* When this takes less than it was given, curl ends the fetch with CURLE_WRITE_ERROR;
 * the true reason is noted here. Of what is too large, as much as may be is kept. */
static size_t on_body(char *bytes, size_t size, size_t count, void *of)
{
    struct fetch *fetch = of;
    size_t allowed = fetch->largest - fetch->size;

    size *= count;
    fetch_note_first_byte(fetch);
    if (size > allowed) {
        fetch->result = CURLE_FILESIZE_EXCEEDED;
        size = allowed;
    }
    if (!fetch_reserve(fetch, fetch->size + size + 1)) {
        fetch->result = CURLE_OUT_OF_MEMORY;
        fetch->system_error = UV_ENOMEM;
        return 0;
    }
    memcpy(fetch->body + fetch->size, bytes, size);
    fetch->size += size;
    fetch->body[fetch->size] = '\0';
    return size;
}

static void fetch_note_first_byte(struct fetch *fetch)
{
    if (fetch->first_byte == 0)
        fetch->first_byte = seconds(fetch->begun, uv_hrtime());
}

/* Twice as much each time: then a large body is copied about twice, not 1,000 times. */
static bool fetch_reserve(struct fetch *fetch, size_t size)
{
    size_t capacity = fetch->capacity ? fetch->capacity : FIRST_CAPACITY;
    char *body;

    if (size <= fetch->capacity)
        return true;
    while (capacity < size)
        capacity *= 2;
    body = realloc(fetch->capacity ? fetch->body : NULL, capacity);
    if (!body)
        return false;
    fetch->body = body;
    fetch->capacity = capacity;
    return true;
}

/* --- a fetch ends --- */

/* It is over, one way or another; its callback comes in the next round at the latest. */
static void fetch_end(struct fetch *fetch, CURLcode result)
{
    struct fetcher *fetcher = fetch->fetcher;

    fetch_finish(fetch, result);
    if (fetch->easy) {
        must_curl_multi(curl_multi_remove_handle(fetcher->multi, fetch->easy));
        fetch_keep_easy(fetch);
        if (result != CURLE_OK)
            fetcher_close_watches(fetcher, fetch);
    }
    fetch_move(fetch, &fetcher->done);
    if (!fetcher->is_closing)
        fetcher_limit_connections(fetcher);
    fetcher->has_failed = fetcher->has_failed || result != CURLE_OK;
    must("go on", uv_idle_start(&fetcher->next_round, on_next_round));
}

/* Write down how it went. */
static void fetch_finish(struct fetch *fetch, CURLcode result)
{
    uint64_t now = uv_hrtime();

    if (fetch->result == CURLE_OK)
        fetch->result = result;
    fetch->queued = seconds(fetch->asked, fetch->begun ? fetch->begun : now);
    fetch->took = fetch->begun ? seconds(fetch->begun, now) : 0;
    if (fetch->first_byte > 0) /* or else curl may have that of the fetch before */
        curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &fetch->status);
    fetch_explain(fetch);
    free(fetch->url);
    fetch->url = NULL;
}

static double seconds(uint64_t from, uint64_t to)
{
    return (double)(to - from) / NS_PER_S;
}

/* For the next fetch, whose words it must not write into this one. Before 8.17 curl
 * counts in it for ever how often a connection had died, and gives up at the fifth time:
 * where one may have been closed, it isn't kept. */
static void fetch_keep_easy(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;
    size_t size = (fetcher->spare_count + 1) * sizeof *fetcher->spare;
    CURL **spare = NULL;

    if (!fetcher->is_closing && fetch->closed == fetcher->closed)
        spare = realloc(fetcher->spare, size);
    must_curl(curl_easy_setopt(fetch->easy, CURLOPT_ERRORBUFFER, NULL));
    if (spare) {
        fetcher->spare = spare;
        spare[fetcher->spare_count++] = fetch->easy;
    } else {
        curl_easy_cleanup(fetch->easy);
    }
    fetch->easy = NULL;
}

static void on_next_round(uv_idle_t *next_round)
{
    struct fetcher *fetcher = next_round->data;
    bool is_called = fetcher->is_called_next_round;

    fetcher->is_called_next_round = false;
    must("go on", uv_idle_stop(next_round));
    if (is_called)
        fetcher_act(fetcher, CURL_SOCKET_TIMEOUT, 0);
    else
        fetcher_run_callbacks(fetcher);
}

/* Call back those that are done now; what ends meanwhile has its callback in the next
 * round. After a callback its fetch isn't ours any more: it may be started anew already,
 * or be freed. */
static void fetcher_run_callbacks(struct fetcher *fetcher)
{
    if (fetcher->has_failed)
        fetcher_close_watches(fetcher, NULL);
    fetcher->has_failed = false;
    for (size_t left = fetcher->done.count; left > 0; left--) {
        struct fetch *fetch = fetcher->done.first;

        fetch_move(fetch, NULL);
        fetch->on_done(fetch);
    }
    if (!fetcher->is_closing)
        fetcher_begin_waiting(fetcher);
    else if (!fetcher->done.first && !uv_is_closing((uv_handle_t *)&fetcher->next_round))
        uv_close((uv_handle_t *)&fetcher->next_round, on_handle_closed);
}

int fetch_cancel(struct fetch *fetch)
{
    if (!fetch->list)
        return UV_EALREADY;
    fetch->result = CURLE_ABORTED_BY_CALLBACK;
    if (fetch->list == &fetch->fetcher->done) {
        fetch_explain(fetch);
    } else {
        fetch_end(fetch, CURLE_ABORTED_BY_CALLBACK);
    }
    return 0;
}

void fetch_cleanup(struct fetch *fetch)
{
    if (fetch->capacity)
        free(fetch->body);
    fetch->body = nothing;
    fetch->size = fetch->capacity = 0;
}

/* The order matters: curl closes its sockets, and with them their watches, while we can
 * still be asked. next_round comes last, since it reports what was cancelled here. */
void fetcher_close(struct fetcher *fetcher, fetcher_close_cb on_closed_fetcher)
{
    if (fetcher->is_closing)
        return;
    fetcher->is_closing = true;
    fetcher->on_closed = on_closed_fetcher;
    fetch_end_all(&fetcher->active, CURLE_ABORTED_BY_CALLBACK);
    fetch_end_all(&fetcher->waiting, CURLE_ABORTED_BY_CALLBACK);
    while (fetcher->spare_count > 0)
        curl_easy_cleanup(fetcher->spare[--fetcher->spare_count]);
    free(fetcher->spare);
    curl_easy_cleanup(fetcher->model);
    curl_multi_cleanup(fetcher->multi);
    fetcher->is_called_next_round = false;
    fetcher_close_watches(fetcher, NULL);
    uv_close((uv_handle_t *)&fetcher->curl_timer, on_handle_closed);
    must("go on", uv_idle_start(&fetcher->next_round, on_next_round));
}

static void fetch_end_all(struct fetch_list *list, CURLcode result)
{
    while (list->first)
        fetch_end(list->first, result);
}

static void on_handle_closed(uv_handle_t *handle)
{
    fetcher_count_closed(handle->data);
}

static void fetcher_count_closed(struct fetcher *fetcher)
{
    if (--fetcher->open_handles > 0)
        return;
    free(fetcher->watches);
    fetcher->watches = NULL;
    fetcher->watches_size = 0;
    if (fetcher->is_closing && fetcher->on_closed)
        fetcher->on_closed(fetcher);
}

/* --- the synchronous way --- */

void fetch_and_wait(CURL *easy, struct fetch *fetch, const char *url, unsigned deadline)
{
    CURLcode result = CURLE_OUT_OF_MEMORY;
    bool is_ready = fetch_init(fetch, url, deadline, LARGEST);
    locale_t before;

    uv_once(&once, init_curl);
    before = uselocale(utf8);
    fetch->begun = fetch->asked;
    if (easy && is_ready && easy_set_common(easy))
        result = easy_set_fetch(easy, fetch);
    if (!result) {
        fetch->easy = easy;
        result = curl_easy_perform(easy);
    }
    fetch_finish(fetch, result);
    fetch->easy = NULL;
    if (easy)
        curl_easy_reset(easy); /* see fetch_keep_easy() */
    uselocale(before);
}

/* --- the proxy, and the course's site --- */

const char *fetch_no_proxy(void)
{
    static _Thread_local char hosts[4096];
    const char *yours = getenv("no_proxy");

    if (yours == NULL || *yours == '\0')
        yours = getenv("NO_PROXY");
    if (yours == NULL || *yours == '\0')
        return OURSELVES;
    if (strcmp(yours, "*") == 0) /* everybody; curl takes it only when it stands alone */
        return "*";
    if (snprintf(hosts, sizeof hosts, OURSELVES ",%s", yours) >= (int)sizeof hosts)
        *strrchr(hosts, ',') = '\0'; /* rather than half a name */
    return hosts;
}

const char *site(void)
{
    const char *url = getenv("SITE");
    char program[1024], here[1024];
    size_t size = sizeof program, depth = sizeof here;

    if (url && *url)
        return url;
    must("find its own name", uv_exepath(program, &size));
    must("find out where it is", uv_cwd(here, &depth));
    /* As one would type it. */
    depth = strncmp(program, here, depth) == 0 && program[depth] == '/' ? depth + 1 : 0;
    fprintf(stderr,
            "%s: there is no web site ($SITE is not set); start it as "
            "build/common/with-site %s\n",
            strrchr(program, '/') + 1, program + depth);
    exit(2);
}
