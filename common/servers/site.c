/* site.c - the course's own web site, for the lessons that fetch pages.
 *
 *     build/common/site
 *     http://127.0.0.1:41234
 *
 * The address is all that it prints. It then closes stdout and stderr, so that a reader
 * of these is not kept waiting, and serves until its stdin closes, so that it cannot
 * outlive the program that it was started for. With --start it says so as with.c wants
 * to hear it: the address is SITE=, and of SITE_COUNTS the program must not know. At its
 * end it writes into the file that $SITE_COUNTS names, if any:
 *
 *     4 requests, at most 3 at once, 3 connections
 *
 * Its pages are in site-routes.c.
 *
 * Three threads: libmicrohttpd's reads the requests, sends the answers and calls our
 * callbacks; main() reads stdin. A request that has to wait is suspended and put into a
 * queue, sorted by when it is due, from which the timer thread resumes it. Order of
 * events: main -> start_site; for each request on_request -> begin_request, on_request ->
 * answer_request -> suspend_request, run_timer -> resume_request, on_request ->
 * answer_request, on_completed; at the end main -> stop_site. */

#include "site.h"
#include "lesson.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
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

static struct {
    struct MHD_Daemon *daemon;
    uv_thread_t timer;
    uv_cond_t wakeup; /* of the timer thread: the next one due has changed */
    uv_mutex_t lock;  /* of all below, and of the requests in the queue */
    bool is_stopping;
    struct request queue; /* a ring: its `after` is the next one due */
    uint64_t last_check;  /* for disconnects; ns */
    unsigned requests, in_flight, most_in_flight, connections;
} site;

static unsigned allow_connections(void);
static uint16_t start_site(unsigned connections);
static void read_stdin(void);
static void stop_site(void);
static void write_counts(const char *path);

int main(int argc, char *argv[])
{
    bool for_program = argc == 2 && strcmp(argv[1], "--start") == 0;
    int port;

    if (argc != 1 && !for_program) {
        fprintf(stderr, "usage: site\n");
        return 2;
    }
    port = start_site(allow_connections());
    must_errno("print the address",
               printf("%shttp://127.0.0.1:%d\n", for_program ? "SITE_COUNTS\nSITE=" : "",
                      port) < 0
                   ? -1
                   : fflush(stdout));
    must_errno("close stdout", freopen("/dev/null", "w", stdout) ? 0 : -1);
    must_errno("close stderr", freopen("/dev/null", "w", stderr) ? 0 : -1);
    read_stdin();
    stop_site();
    if (getenv("SITE_COUNTS"))
        write_counts(getenv("SITE_COUNTS"));
    return 0;
}

/* --- the process --- */

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

static void write_counts(const char *path)
{
    FILE *to = fopen(path, "w");

    must_errno("write the counts",
               to && fprintf(to, "%u requests, at most %u at once, %u connections\n",
                             site.requests, site.most_in_flight, site.connections) > 0
                   ? fclose(to)
                   : -1);
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

enum MHD_Result suspend_request(struct request *request, long ms)
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

enum MHD_Result suspend_at_barrier(struct request *request, long count)
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

static void on_connection(void *unused, struct MHD_Connection *connection, void **data,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)unused, (void)connection, (void)data;
    site.connections += code == MHD_CONNECTION_NOTIFY_STARTED;
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

void read_stats(unsigned *requests, unsigned *most_in_flight)
{
    uv_mutex_lock(&site.lock);
    *requests = site.requests;
    *most_in_flight = site.most_in_flight;
    uv_mutex_unlock(&site.lock);
}

/* --- start and stop --- */

/* On 127.0.0.1. Returns the port, which the kernel chooses. */
static uint16_t start_site(unsigned connections)
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
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, NULL, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
        MHD_OPTION_END);
    must_errno("listen on 127.0.0.1", site.daemon ? 0 : -1);
    return MHD_get_daemon_info(site.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void stop_site(void)
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
