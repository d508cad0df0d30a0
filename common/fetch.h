/* fetch.h - fetch pages from the web: one at a time, waiting for each, or many
 * at once on the event loop (libcurl's multi interface on libuv).
 *
 * Both ways tell the same of the same page, but for what is libcurl's own:
 * - before 7.87, a deadline or a fetch_cancel() while a name is looked up waits for the
 *   end of that, and the loop with it;
 * - 7.88.1, on the loop: of a host whose first address is silent no other one is tried;
 * - 7.88.1 to 8.5: a request that the system doesn't take in two goes (some 100,000 bytes
 *   of URL to a slow reader) is never answered;
 * - to 8.5: a redirect that declares a body larger than is allowed is not followed. */
#ifndef FETCH_H
#define FETCH_H

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

struct fetch;
struct fetcher;

/* Called exactly once for each fetch that was started, whatever happened to it: it is
 * done, has failed, has run into its deadline or was cancelled. Always from the loop,
 * never from inside fetch_start(), fetch_cancel() or fetcher_close(). It may start,
 * cancel and clean up fetches, this one too, and close the fetcher. However often it
 * does, the loop goes on. */
typedef void (*fetch_cb)(struct fetch *fetch);
typedef void (*fetcher_close_cb)(struct fetcher *fetcher);

/* One page. It belongs to the caller, and stays where it is until its callback has come.
 *
 * An answer is whole when as many bytes have come as it has declared, or its last chunk;
 * one that declares nothing is whole when the connection is closed, since more isn't
 * known. Where there are redirects, the answer that has come last is meant, and it began
 * with the first one. What a proxy says before it lets us through is no answer. */
struct fetch {
    void *data; /* yours, never touched */

    /* How it went; to be read from the callback on, until fetch_cleanup(). */
    CURLcode result;   /* CURLE_OK when the answer is whole (as above), be it a 404 */
    const char *error; /* what went wrong, in words; "" when nothing did */
    long status;       /* HTTP's 200, 404, ...; 0 when there was none */
    char *body;        /* what has come of the page, and a '\0' behind it; never NULL */
    size_t size;       /* of the body, in bytes */
    double queued;     /* seconds that it waited for its turn, */
    double first_byte; /* then until the answer began (0: no byte of it came), */
    double took;       /* and from its turn to its end */

    /* fetch.c's own. */
    struct fetcher *fetcher;
    fetch_cb on_done;
    char *url;
    unsigned deadline; /* ms */
    size_t capacity, largest;
    uint64_t asked, begun;              /* ns, uv_hrtime() */
    int system_error;                   /* libuv's: why there is no socket or memory */
    bool has_lost_words;                /* curl's, of its last connection */
    size_t closed;                      /* sockets of the fetcher, before it began */
    CURL *easy;                         /* what curl knows of it, while it is active */
    struct fetch_list *list;            /* waiting, active or done; NULL: not started */
    struct fetch *previous, *next;      /* in that list */
    char error_buffer[CURL_ERROR_SIZE]; /* `error`, when it is made up */
};

struct fetch_list {
    struct fetch *first, *last;
    size_t count;
};

/* What the fetches of one loop share: the connections, and how many may be in use.
 * It belongs to the caller, and stays where it is until its close callback. */
struct fetcher {
    void *data;     /* yours, never touched */
    size_t largest; /* bytes that a body may have: 16 MiB, unless you set it */

    /* fetch.c's own. */
    uv_loop_t *loop;
    CURLM *multi;
    CURL *model;                             /* of which each fetch has a copy */
    size_t most_at_once, most_idle;          /* fetches; connections that nobody uses */
    long most_connections;                   /* as curl was told */
    size_t closed;                           /* sockets, so far */
    struct fetch_list waiting, active, done; /* done: the callback is still to come */
    struct socket_watch **watches;           /* one for each socket, by its number */
    size_t watches_size;
    CURL **spare; /* of fetches that are over, for those to come */
    size_t spare_count;
    uv_timer_t curl_timer; /* when curl wants to be called */
    uv_idle_t next_round;  /* runs while something is in `done` */
    size_t open_handles;
    bool has_failed;           /* one of them, just now */
    bool is_called_next_round; /* curl wants to be, in 0 ms */
    bool is_closing;
    fetcher_close_cb on_closed;
};

/* Make a fetcher that has at most `most_at_once` fetches under way (0: any number); the
 * others wait for their turn, in the order in which they were started. Returns 0 or a
 * libuv error. */
int fetcher_init(uv_loop_t *loop, struct fetcher *fetcher, int most_at_once);

/* Cancel all that is under way or waiting, close everything, and then call `on_closed`
 * (may be NULL). Each fetch's callback comes before that. Nothing can be started on this
 * fetcher any more (UV_ECANCELED), and to close it again does nothing. As with
 * uv_close(), the loop has to run for it. */
void fetcher_close(struct fetcher *fetcher, fetcher_close_cb on_closed);

/* Fetch `url` (which is copied): http, https or file, of up to 1,000,000 bytes, in UTF-8.
 * When it isn't done `deadline` milliseconds after its turn came and the loop has gone on
 * to it, it ends with CURLE_OPERATION_TIMEDOUT (0: it may take for ever, as far as the
 * system lets it). A file must be a regular one, and is read in one go, whatever the
 * deadline. A body that is larger than the fetcher allows ends with
 * CURLE_FILESIZE_EXCEEDED; as much as is allowed may have come of it. Redirects are
 * followed, up to ten, to http and https. Returns 0, and then the callback will come, or
 * a libuv error, and then it won't. */
int fetch_start(struct fetcher *fetcher, struct fetch *fetch, const char *url,
                unsigned deadline, fetch_cb on_done);

/* End it now: its callback comes in the next round of the loop at the latest, with
 * CURLE_ABORTED_BY_CALLBACK, unless it was called already. Returns 0, or UV_EALREADY when
 * it is over. */
int fetch_cancel(struct fetch *fetch);

/* The synchronous way: fetch `url` with `easy` (of curl_easy_init(); using it again keeps
 * the connection; what else is set in it is lost) and return when it is done, with the
 * same fields set, the same limits (16 MiB) and the same errors. */
void fetch_and_wait(CURL *easy, struct fetch *fetch, const char *url, unsigned deadline);

/* Give the body back. Every fetch needs it once it is over, before it is used again and
 * before its memory is. */
void fetch_cleanup(struct fetch *fetch);

/* For curl's CURLOPT_NOPROXY: who is asked directly, whatever proxy the environment
 * names. It is our own machine (localhost, ::1, and what begins with 127), and whom
 * $no_proxy (or $NO_PROXY) names. All fetches use it. Keep no more than 4,000 bytes of
 * names there: what doesn't fit is left out. The text is fetch.c's, until this thread's
 * next call. */
const char *fetch_no_proxy(void);

/* Like must(), for what curl refuses only when it is called wrong or has no memory left:
 *
 *     requests_sync: cannot use curl: Out of memory
 */
void must_curl(CURLcode result);
void must_curl_multi(CURLMcode result);

/* Where the course's own web site is: "http://127.0.0.1:41234", from $SITE, which
 * build/common/with-site sets. Without it the program ends with a sentence that says how
 * it is to be started, and status 2. */
const char *site(void);

/* fetch.c's own, in fetch_error.c: whether curl may be asked for a URL; say in `error`
 * what `result` means; whether there are hardly any file numbers left. */
CURLcode fetch_check_url(const char *url);
void fetch_explain(struct fetch *fetch);
bool fetch_files_are_lacking(void);

#endif
