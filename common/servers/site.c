/* site.c - the course's own web site, for the lessons that fetch pages.
 *
 *     build/common/site
 *     http://127.0.0.1:41234
 *
 * The address is all that it prints. It then closes stdout and stderr, so that a reader
 * of these is not kept waiting, and serves until its stdin closes, so that it cannot
 * outlive the program that it was started for (see with-site.c). `routes` lists its
 * pages.
 *
 * Three threads: libmicrohttpd's reads the requests, sends the answers and calls our
 * callbacks; main() reads stdin. A request that has to wait is suspended and put into a
 * queue, sorted by when it is due, from which the timer thread resumes it. Order of
 * events: main -> start; for each request on_request -> begin_request, on_request ->
 * answer_request -> suspend_request, run_timer -> resume_request, on_request ->
 * answer_request, on_completed; at the end main -> stop. */

#include "lesson.h"

#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LEAST_CONNECTIONS = 100,   /* it does not start with fewer */
    OTHER_FILES = 40,          /* stdin, libmicrohttpd's own, ... */
    BACKLOG = 4096,            /* the kernel takes what it allows */
    REQUEST_MEMORY = 8 * 1024, /* bytes; all of it is touched for each connection */
    IDLE_TIMEOUT = 60          /* s */
};

#define MS UINT64_C(1000000) /* in ns */
/* How often suspended requests are asked whether their clients have disconnected; and,
 * when the answer matters at once, how long after the last time, for each of those in
 * flight: 20 times as long as asking takes. */
#define CHECK_INTERVAL (100 * MS)
#define CHECK_INTERVAL_EACH UINT64_C(2000) /* ns */

enum {
    MOST_CONNECTIONS = 4000,
    FOREVER = INT32_MAX /* ms: 24 days */
};

/* One request, from its header to the end of its answer, which frees it. */
struct request {
    struct MHD_Connection *connection;
    int socket;
    const char *path;     /* unescaped, without what follows a '?' */
    bool is_disconnected; /* the answer may end */

    /* The routes' own; 0 at first. */
    const char *rest;  /* of the path, behind the route's */
    long number;       /* that, when it is a number */
    bool was_delayed;  /* as ?delay=MS asked for */
    bool has_waited;   /* the route's own wait is over */
    long bytes, every; /* of /drip */

    /* The queue's and the counts'. */
    bool is_counted; /* in flight, for /stats */
    bool is_at_barrier;
    uint64_t due;                   /* ns of uv_hrtime() */
    struct request *before, *after; /* in the queue */
};

/* Queue the answer, or suspend the request, after which this is called
 * once more. MHD_NO closes the connection. */
static enum MHD_Result answer_request(struct request *request, const char *method);

/* For a route to return: libmicrohttpd calls answer_request(), or the answer's reader,
 * again after so many milliseconds (or FOREVER), or when the client has disconnected.
 * MHD_NO when the site is ending. */
static enum MHD_Result suspend_request(struct request *request, long ms);

/* The same until `count` requests, this one included, are suspended here at once. */
static enum MHD_Result suspend_at_barrier(struct request *request, long count);

/* How many requests there were, and how many of them at the same time, /stats aside. */
static void read_stats(unsigned *requests, unsigned *most_in_flight);

static struct {
    struct MHD_Daemon *daemon;
    uv_thread_t timer;
    uv_cond_t wakeup; /* of the timer thread: the next one due has changed */
    uv_mutex_t lock;  /* of all below, and of the requests in the queue */
    bool is_stopping;
    struct request queue; /* a ring: its `after` is the next one due */
    uint64_t last_check;  /* for disconnects; ns */
    unsigned requests, in_flight, most_in_flight;
} site;

static void must_errno(const char *what, int result);
static unsigned allow_connections(void);
static uint16_t start(unsigned connections);
static void read_stdin(void);
static void stop(void);

int main(int argc, char *argv[])
{
    int port;

    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: site\n");
        return 2;
    }
    port = start(allow_connections());
    must_errno("print the address",
               printf("http://127.0.0.1:%d\n", port) < 0 ? -1 : fflush(stdout));
    must_errno("close stdout", freopen("/dev/null", "w", stdout) ? 0 : -1);
    must_errno("close stderr", freopen("/dev/null", "w", stderr) ? 0 : -1);
    read_stdin();
    stop();
    return 0;
}

/* --- the process --- */

/* As must(), for a call that returns -1 and sets errno. */
static void must_errno(const char *what, int result)
{
    must(what, result < 0 ? uv_translate_sys_error(errno) : 0);
}

/* Returns how many connections there may be. */
static unsigned allow_connections(void)
{
    struct rlimit files;
    const rlim_t wanted = MOST_CONNECTIONS + OTHER_FILES;

    must_errno("ask how many files it may open", getrlimit(RLIMIT_NOFILE, &files));
    files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
    must_errno("open more files", setrlimit(RLIMIT_NOFILE, &files));
    if (files.rlim_cur < LEAST_CONNECTIONS + OTHER_FILES)
        must("hold 100 connections (ulimit -n is too low)", UV_EMFILE);
    return (unsigned)files.rlim_cur - OTHER_FILES;
}

/* Until its end. What comes is ignored. */
static void read_stdin(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char ignored[512];
    ssize_t count;

    while ((count = read(STDIN_FILENO, ignored, sizeof ignored)) != 0) {
        if (count > 0 || errno == EINTR)
            continue;
        if (errno != EAGAIN) /* another process may have made our stdin non-blocking */
            return;
        if (poll(&in, 1, -1) < 0 || in.revents & POLLNVAL)
            uv_sleep(100); /* macOS can't poll a terminal */
    }
}

/* --- the queue of suspended requests; called with the lock held --- */

/* NULL at its end, as below. */
static struct request *queue_next(struct request *request)
{
    return request->after == &site.queue ? NULL : request->after;
}

static struct request *next_due(void)
{
    return queue_next(&site.queue);
}

/* Mostly at the end. */
static void queue_insert(struct request *request)
{
    struct request *before = site.queue.before;

    while (before != &site.queue && before->due > request->due)
        before = before->before;
    request->before = before;
    request->after = before->after;
    request->before->after = request->after->before = request;
    if (next_due() == request)
        uv_cond_signal(&site.wakeup);
}

static void queue_remove(struct request *request)
{
    request->before->after = request->after;
    request->after->before = request->before;
}

/* libmicrohttpd then calls on_request, or the reader of the answer, again. */
static void resume_request(struct request *request)
{
    queue_remove(request);
    MHD_resume_connection(request->connection);
}

static void count_end(struct request *request)
{
    site.in_flight -= request->is_counted;
    request->is_counted = false;
}

/* Readable: because of the end, or of a next request? (A client that has only shut down
 * its sending half looks the same, and is taken for disconnected.) */
static bool is_at_end(int fd)
{
    char next;
    ssize_t result = recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);

    return result == 0 || (result < 0 && errno != EAGAIN);
}

/* Resume those whose client has disconnected, which libmicrohttpd does not notice of a
 * suspended connection; unless this was done within the last `interval` ns. */
static void resume_disconnected(uint64_t interval)
{
    static struct pollfd files[MOST_CONNECTIONS];
    static struct request *requests[MOST_CONNECTIONS];
    nfds_t count = 0;

    if (uv_hrtime() - site.last_check < interval)
        return;
    for (struct request *next = next_due(); next; next = queue_next(next)) {
        requests[count] = next;
        files[count++] = (struct pollfd){.fd = next->socket, .events = POLLIN};
    }
    if (poll(files, count, 0) <= 0)
        count = 0;
    for (nfds_t i = 0; i < count; i++)
        if (files[i].revents != 0 && is_at_end(files[i].fd)) {
            requests[i]->is_disconnected = true;
            count_end(requests[i]);
            resume_request(requests[i]);
        }
    site.last_check = uv_hrtime();
}

/* --- waiting --- */

static enum MHD_Result suspend_request(struct request *request, long ms)
{
    enum MHD_Result result = MHD_NO;

    uv_mutex_lock(&site.lock);
    if (!site.is_stopping) {
        request->due = uv_hrtime() + (uint64_t)ms * MS;
        queue_insert(request);
        MHD_suspend_connection(request->connection);
        result = MHD_YES;
    }
    uv_mutex_unlock(&site.lock);
    return result;
}

static enum MHD_Result suspend_at_barrier(struct request *request, long count)
{
    struct request *next, *after;
    enum MHD_Result result;

    request->is_at_barrier = true;
    result = suspend_request(request, FOREVER);
    uv_mutex_lock(&site.lock);
    resume_disconnected(site.in_flight * CHECK_INTERVAL_EACH);
    for (next = next_due(); next; next = queue_next(next))
        count -= next->is_at_barrier;
    for (next = count <= 0 ? next_due() : NULL; next; next = after) {
        after = queue_next(next);
        if (next->is_at_barrier)
            resume_request(next);
    }
    uv_mutex_unlock(&site.lock);
    return result;
}

/* ns, as whole milliseconds, so that the timer thread wakes once for many. */
static uint64_t time_to_sleep(void)
{
    uint64_t now = uv_hrtime();

    if (!next_due())
        return FOREVER * MS;
    if (next_due()->due > now + CHECK_INTERVAL)
        return CHECK_INTERVAL;
    return next_due()->due > now ? ((next_due()->due - now) / MS + 1) * MS : 0;
}

/* The timer thread. */
static void run_timer(void *unused)
{
    (void)unused;
    uv_mutex_lock(&site.lock);
    while (!site.is_stopping) {
        if (uv_cond_timedwait(&site.wakeup, &site.lock, time_to_sleep()) != UV_ETIMEDOUT)
            continue; /* another one is the next, or the site is stopping */
        for (uint64_t now = uv_hrtime(); next_due() && next_due()->due <= now;)
            resume_request(next_due());
        resume_disconnected(CHECK_INTERVAL);
    }
    uv_mutex_unlock(&site.lock);
}

/* --- one request; libmicrohttpd's thread --- */

/* Its header has been read. */
static struct request *begin_request(struct MHD_Connection *connection, const char *url)
{
    struct request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    request->connection = connection;
    request->socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
            ->connect_fd;
    if (strcmp(url, "/stats") == 0)
        return request;
    uv_mutex_lock(&site.lock);
    request->is_counted = true;
    site.requests++;
    /* One whose client has disconnected before must not be counted beside this one. */
    if (++site.in_flight > site.most_in_flight)
        resume_disconnected(site.in_flight * CHECK_INTERVAL_EACH);
    if (site.in_flight > site.most_in_flight)
        site.most_in_flight = site.in_flight;
    uv_mutex_unlock(&site.lock);
    return request;
}

/* Called with the header, then with each part of a body, then once more, and then again
 * after each suspension, until it is answered. */
static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **data)
{
    struct request *request = *data;

    (void)unused, (void)version, (void)upload;
    if (!request) {
        *data = begin_request(connection, url);
        return *data ? MHD_YES : MHD_NO;
    }
    if (*upload_size > 0) {
        *upload_size = 0; /* read, and ignored */
        return MHD_YES;
    }
    if (request->is_disconnected)
        return MHD_NO;
    request->path = url;
    return answer_request(request, method);
}

static void on_completed(void *unused, struct MHD_Connection *connection, void **data,
                         enum MHD_RequestTerminationCode code)
{
    struct request *request = *data;

    (void)unused, (void)connection, (void)code;
    if (!request)
        return;
    uv_mutex_lock(&site.lock);
    count_end(request);
    uv_mutex_unlock(&site.lock);
    free(request);
    *data = NULL;
}

/* libmicrohttpd gives us paths and numbers as C strings: a %00 would hide what follows
 * it. With a '?' in its place no route matches, and it is no number. */
static size_t unescape(void *unused, struct MHD_Connection *connection, char *text)
{
    size_t size = MHD_http_unescape(text);

    (void)unused, (void)connection;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0')
            text[i] = '?';
    return size;
}

static void read_stats(unsigned *requests, unsigned *most_in_flight)
{
    uv_mutex_lock(&site.lock);
    *requests = site.requests;
    *most_in_flight = site.most_in_flight;
    uv_mutex_unlock(&site.lock);
}

/* --- start and stop --- */

/* On 127.0.0.1. Returns the port, which the kernel chooses. */
static uint16_t start(unsigned connections)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    site.queue.before = site.queue.after = &site.queue;
    must("make a lock", uv_mutex_init(&site.lock));
    must("make a condition variable", uv_cond_init(&site.wakeup));
    must("start a thread", uv_thread_create(&site.timer, run_timer, NULL));
    errno = EIO; /* where it says nothing else */
    /* MHD_USE_AUTO: epoll, or poll where there is none. MHD_USE_TURBO: no shutdown()
     * before close(), which would hide the reset of /reset. The timeout (which suspended
     * connections don't have) is for clients that disconnect with half a request sent:
     * when both come at once, libmicrohttpd sees only the half request. */
    site.daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_TURBO,
        0, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
        unescape, NULL, MHD_OPTION_END);
    must_errno("listen on 127.0.0.1", site.daemon ? 0 : -1);
    return MHD_get_daemon_info(site.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void stop(void)
{
    uv_mutex_lock(&site.lock);
    site.is_stopping = true;
    while (next_due())
        resume_request(next_due());
    uv_cond_signal(&site.wakeup);
    uv_mutex_unlock(&site.lock);
    MHD_stop_daemon(site.daemon);
    must("end a thread", uv_thread_join(&site.timer));
    uv_cond_destroy(&site.wakeup);
    uv_mutex_destroy(&site.lock);
}

enum {
    LONGEST_WAIT = 60000, /* ms */
    LARGEST = 1 << 30,    /* bytes of /large */
    BLOCK = 64 * 1024     /* bytes that are made at a time */
};

struct route {
    const char *path; /* when it ends with a slash, more follows: */
    long least, most; /* a number between these, or, when both are 0, a text */
    enum MHD_Result (*answer)(struct request *request);
};

static const char html[] = "text/html; charset=utf-8", json[] = "application/json",
                  plain[] = "text/plain; charset=utf-8";

/* --- what is asked for --- */

/* Read a number with nothing before or behind it; -1 when it is none or isn't between. */
static long read_number(const char *text, long least, long most)
{
    size_t length = strlen(text);
    long long number;

    if (length == 0 || length > 10 || strspn(text, "0123456789") != length)
        return -1;
    number = strtoll(text, NULL, 10);
    return number < least || number > most ? -1 : (long)number;
}

/* ?name=NUMBER, or the default when it isn't given; -1 as above. */
static long query_number(struct request *request, const char *name, long most,
                         long default_value)
{
    const char *text = NULL;
    size_t size;

    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &text, &size) != MHD_YES)
        return default_value;
    return text ? read_number(text, 0, most) : -1;
}

/* ?name=52.52; NAN when it is missing or no number. */
static double query_coordinate(struct request *request, const char *name)
{
    const char *text =
        MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    size_t length = text ? strlen(text) : 0;

    if (length == 0 || length > 30 || strspn(text, "0123456789.-") != length)
        return (double)NAN;
    return strtod(text, NULL);
}

/* --- answers --- */

/* Of a response, which is NULL when there was no memory for it. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response && MHD_add_response_header(response, name, value) != MHD_YES)
        must("write a header", UV_ENOMEM);
}

/* Takes the response over; where it is NULL, the connection is closed. */
static enum MHD_Result send_response(struct request *request, unsigned status,
                                     struct MHD_Response *response, const char *type)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *text_response(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)text,
                                           MHD_RESPMEM_MUST_COPY);
}

#define HTML_START "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>"
#define HTML_MIDDLE "</title></head>\n<body>\n"
#define HTML_END "</body>\n</html>\n"

/* A page that has only a title, which is repeated in its body. */
static struct MHD_Response *titled_response(const char *title)
{
    char text[1200];

    snprintf(text, sizeof text, HTML_START "%s" HTML_MIDDLE "<h1>%s</h1>\n" HTML_END,
             title, title);
    return text_response(text);
}

/* Up to 511 bytes. As html they are the title of a page that has nothing else. */
__attribute__((format(printf, 4, 5))) static enum MHD_Result
send_text(struct request *request, unsigned status, const char *type, const char *format,
          ...)
{
    char text[512];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (type == html)
        return send_response(request, status, titled_response(text), html);
    return send_response(request, status, text_response(text), type);
}

/* In JSON where that was asked for. */
static enum MHD_Result send_error(struct request *request, unsigned status,
                                  const char *what)
{
    if (strncmp(request->path, "/json/", 6) == 0)
        return send_text(request, status, json, "{\"error\": \"%s\"}\n", what);
    return send_text(request, status, html, "%u: %s", status, what);
}

/* --- the routes --- */

/* The page is 1000 to 1999 bytes, by its number. */
static enum MHD_Result route_page(struct request *request)
{
    char text[2001];
    int head = snprintf(text, sizeof text,
                        HTML_START "Page %ld" HTML_MIDDLE "<h1>Page %ld</h1>\n",
                        request->number, request->number);
    int end = (int)(1000 + request->number * 37 % 1000 - (long)strlen(HTML_END));

    for (int i = head; i < end; i++)
        text[i] = (end - i) % 64 == 1 ? '\n' : '.';
    strcpy(text + end, HTML_END);
    return send_response(request, MHD_HTTP_OK, text_response(text), html);
}

static enum MHD_Result route_delay(struct request *request)
{
    if (request->number > 0 && !request->has_waited) {
        request->has_waited = true;
        return suspend_request(request, request->number);
    }
    return send_text(request, MHD_HTTP_OK, html, "Waited %ld ms", request->number);
}

static enum MHD_Result route_status(struct request *request)
{
    return send_text(request, (unsigned)request->number, html, "Status %ld",
                     request->number);
}

/* From /redirect/3 to /redirect/2, or, when there is no number, in a circle. */
static enum MHD_Result route_redirect(struct request *request)
{
    char place[64] = "/redirect/loop";
    struct MHD_Response *response;

    if (*request->rest != '\0' && request->number == 0)
        return send_text(request, MHD_HTTP_OK, html, "No redirect is left");
    if (*request->rest != '\0')
        snprintf(place, sizeof place, "/redirect/%ld", request->number - 1);
    response = titled_response("It is elsewhere");
    add_header(response, MHD_HTTP_HEADER_LOCATION, place);
    return send_response(request, MHD_HTTP_FOUND, response, html);
}

static enum MHD_Result route_stats(struct request *request)
{
    unsigned requests, most;

    read_stats(&requests, &most);
    return send_text(request, MHD_HTTP_OK, plain, "requests: %u\nmost at once: %u\n",
                     requests, most);
}

/* Lines of 64 characters: what is missing in the middle can be seen. */
static void fill(uint64_t position, char *buffer, size_t size)
{
    while (size > 0) {
        size_t column = position % 64, part = column == 63 ? 1 : 63 - column;

        if (part > size)
            part = size;
        memset(buffer, column == 63 ? '\n' : 'a' + (int)(position / 64 % 26), part);
        position += part;
        buffer += part;
        size -= part;
    }
}

/* As much of these lines, and then what libmicrohttpd is told. */
struct body {
    uint64_t size;
    ssize_t end;
};

static ssize_t read_body(void *data, uint64_t position, char *buffer, size_t most)
{
    const struct body *body = data;

    if (position >= body->size)
        return body->end;
    if (most > body->size - position)
        most = (size_t)(body->size - position);
    fill(position, buffer, most);
    return (ssize_t)most;
}

static struct MHD_Response *body_response(uint64_t content_length, struct body *body)
{
    return MHD_create_response_from_callback(content_length, BLOCK, read_body, body,
                                             NULL);
}

static enum MHD_Result route_large(struct request *request)
{
    static struct body body = {LARGEST, MHD_CONTENT_READER_END_OF_STREAM};

    return send_response(request, MHD_HTTP_OK,
                         body_response((uint64_t)request->number, &body), plain);
}

static enum MHD_Result route_cut(struct request *request)
{
    static struct body body = {500, MHD_CONTENT_READER_END_WITH_ERROR};

    return send_response(request, MHD_HTTP_OK, body_response(1000, &body), plain);
}

/* Twice as much as it says. libmicrohttpd adds its own Content-Length, except where it
 * does not know the size. Then it would send chunks, except by the rules of HTTP/1.0. */
static enum MHD_Result route_wrong_length(struct request *request)
{
    static struct body body = {1000, MHD_CONTENT_READER_END_OF_STREAM};
    struct MHD_Response *response = body_response(MHD_SIZE_UNKNOWN, &body);
    enum MHD_ResponseFlags flags =
        MHD_RF_INSANITY_HEADER_CONTENT_LENGTH | MHD_RF_HTTP_1_0_COMPATIBLE_STRICT;

    if (!response || MHD_set_response_options(response, flags, MHD_RO_END) != MHD_YES)
        return MHD_NO;
    add_header(response, MHD_HTTP_HEADER_CONTENT_LENGTH, "500");
    return send_response(request, MHD_HTTP_OK, response, plain);
}

/* With a linger time of 0, close() sends a reset. */
static enum MHD_Result route_reset(struct request *request)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    setsockopt(request->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    return MHD_NO;
}

/* Until the client disconnects. */
static enum MHD_Result route_silent(struct request *request)
{
    return suspend_request(request, FOREVER);
}

/* Until so many wait here: then they have been here at once, however slow the machine. */
static enum MHD_Result route_together(struct request *request)
{
    if (!request->has_waited) {
        request->has_waited = true;
        return suspend_at_barrier(request, request->number);
    }
    return send_text(request, MHD_HTTP_OK, html, "%ld together", request->number);
}

/* A wait before each byte: called twice for it. */
static ssize_t read_drip(void *data, uint64_t position, char *buffer, size_t most)
{
    struct request *request = data;

    (void)most;
    if (request->is_disconnected)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (position >= (uint64_t)request->bytes)
        return MHD_CONTENT_READER_END_OF_STREAM;
    request->has_waited = !request->has_waited;
    if (!request->has_waited || request->every == 0) {
        fill(position, buffer, 1);
        return 1;
    }
    return suspend_request(request, request->every) == MHD_YES
               ? 0
               : MHD_CONTENT_READER_END_WITH_ERROR;
}

static enum MHD_Result route_drip(struct request *request)
{
    request->bytes = query_number(request, "bytes", LARGEST, 10);
    request->every = query_number(request, "every", LONGEST_WAIT, 100);
    if (request->bytes < 0 || request->every < 0)
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad number");
    return send_response(request, MHD_HTTP_OK,
                         MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024,
                                                           read_drip, request, NULL),
                         plain);
}

/* --- the routes that answer in JSON --- */

static const struct city {
    const char *name, *country, *latitude, *longitude, *sky;
    int temperature;
    const char *sunrise, *sunset;
} cities[] = {
    {"Berlin", "Germany", "52.52", "13.41", "cloudy", 21, "05:12", "21:03"},
    {"Cape Town", "South Africa", "-33.93", "18.42", "windy", 16, "07:48", "17:46"},
    {"Lima", "Peru", "-12.05", "-77.04", "foggy", 18, "06:27", "17:53"},
    {"Oslo", "Norway", "59.91", "10.75", "rainy", 14, "04:02", "22:41"},
    {"Tokyo", "Japan", "35.68", "139.69", "sunny", 28, "04:29", "18:59"},
};

enum { CITIES = sizeof cities / sizeof cities[0] };

static enum MHD_Result route_location(struct request *request)
{
    for (const struct city *city = cities; city < cities + CITIES; city++)
        if (strcmp(city->name, request->rest) == 0)
            return send_text(request, MHD_HTTP_OK, json,
                             "{\"city\": \"%s\", \"country\": \"%s\", "
                             "\"latitude\": %s, \"longitude\": %s}\n",
                             city->name, city->country, city->latitude, city->longitude);
    return send_error(request, MHD_HTTP_NOT_FOUND, "Unknown city");
}

/* /json/weather and /json/sun, of the city at ?latitude=52.52&longitude=13.41. */
static enum MHD_Result route_forecast(struct request *request)
{
    double latitude = query_coordinate(request, "latitude");
    double longitude = query_coordinate(request, "longitude");
    const struct city *city = cities;

    if (isnan(latitude) || isnan(longitude))
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad coordinates");
    while (city < cities + CITIES &&
           (fabs(strtod(city->latitude, NULL) - latitude) > 0.001 ||
            fabs(strtod(city->longitude, NULL) - longitude) > 0.001))
        city++;
    if (city == cities + CITIES)
        return send_error(request, MHD_HTTP_NOT_FOUND, "Unknown coordinates");
    if (strcmp(request->path, "/json/sun") == 0)
        return send_text(request, MHD_HTTP_OK, json,
                         "{\"sunrise\": \"%s\", \"sunset\": \"%s\"}\n", city->sunrise,
                         city->sunset);
    return send_text(
        request, MHD_HTTP_OK, json,
        "{\"city\": \"%s\", \"sky\": \"%s\", \"temperature\": %d, \"unit\": \"C\"}\n",
        city->name, city->sky, city->temperature);
}

/* A weather that breaks off in its third line. */
static enum MHD_Result route_malformed(struct request *request)
{
    return send_text(request, MHD_HTTP_OK, json,
                     "{\n    \"city\": \"Berlin\",\n    \"sky\": \"clo");
}

/* Where is the latitude? */
static enum MHD_Result route_incomplete(struct request *request)
{
    return send_text(request, MHD_HTTP_OK, json,
                     "{\"city\": \"Berlin\", \"country\": \"Germany\", "
                     "\"longitude\": 13.41}\n");
}

static const struct route routes[] = {
    {"/page/", 1, 999999, route_page},
    {"/delay/", 0, LONGEST_WAIT, route_delay},
    {"/json/location/", 0, 0, route_location},
    {"/json/weather", 0, 0, route_forecast},
    {"/json/sun", 0, 0, route_forecast},
    {"/json/malformed", 0, 0, route_malformed},
    {"/json/incomplete", 0, 0, route_incomplete},
    {"/status/", 200, 599, route_status},
    {"/redirect/loop", 0, 0, route_redirect},
    {"/redirect/", 0, 999999, route_redirect},
    {"/cut", 0, 0, route_cut},
    {"/reset", 0, 0, route_reset},
    {"/silent", 0, 0, route_silent},
    {"/together/", 1, MOST_CONNECTIONS, route_together},
    {"/drip", 0, 0, route_drip},
    {"/large/", 0, LARGEST, route_large},
    {"/wrong-length", 0, 0, route_wrong_length},
    {"/stats", 0, 0, route_stats},
};

/* Sets request->rest, too. */
static const struct route *find_route(struct request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t length = strlen(routes[i].path);

        if (strncmp(request->path, routes[i].path, length) != 0)
            continue;
        request->rest = request->path + length;
        if (*request->rest == '\0' || routes[i].path[length - 1] == '/')
            return &routes[i];
    }
    return NULL;
}

static enum MHD_Result refuse_method(struct request *request)
{
    struct MHD_Response *response = titled_response("405: Method not allowed");

    add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return send_response(request, MHD_HTTP_METHOD_NOT_ALLOWED, response, html);
}

static enum MHD_Result answer_request(struct request *request, const char *method)
{
    const struct route *route = find_route(request);
    long delay = query_number(request, "delay", LONGEST_WAIT, 0);

    if (delay > 0 && !request->was_delayed) {
        request->was_delayed = true;
        return suspend_request(request, delay);
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse_method(request);
    if (!route)
        return send_error(request, MHD_HTTP_NOT_FOUND, "Not found");
    if (route->most > 0)
        request->number = read_number(request->rest, route->least, route->most);
    if (request->number < 0 || delay < 0)
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad number");
    return route->answer(request);
}
