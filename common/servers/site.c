/* site.c - the course's own web site, for the lessons that fetch pages.
 *
 *     build/common/site
 *     http://127.0.0.1:41234
 *
 * The address is all that it prints. It serves until its stdin closes, so that it can't
 * be left behind by whoever started it (common/with-site does), and then lets go of
 * stdout and stderr, so that nobody who reads them waits for us. `routes` lists its
 * pages.
 *
 * libmicrohttpd reads the requests and sends the answers. It has an epoll descriptor of
 * its own, which the libuv loop polls: one thread does it all. A request that has to wait
 * is suspended and put into a list, sorted by when it is due, with one timer for the
 * first. Order of events: main -> serve; for each request on_request -> begin, on_request
 * -> wait_for, on_alarm -> go_on, on_request -> answer -> one of the routes,
 * on_completed; at the end on_stdin -> close_all.
 *
 * Where there is no epoll (macOS), libmicrohttpd polls in a thread of its own. What
 * differs: on_request, the readers of bodies and on_completed then run in that thread,
 * the timer in ours. So what both touch is under a lock (which nobody else wants where
 * there is one thread), and a bell (uv_async_t) tells our thread that the list has
 * changed. A connection may be resumed from any thread. Visitors who have gone are found
 * by asking each connection now and then, instead of being told. To try that where there
 * is epoll: CFLAGS='-O2 -g -DSITE_OWN_THREAD'. */

#include "lesson.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__linux__) && !defined(SITE_OWN_THREAD)
#define SITE_EPOLL
#include <sys/epoll.h>
#endif

enum {
    AT_ONCE = 4000,       /* connections that we would like to hold */
    AT_ONCE_LEAST = 100,  /* without so many it does not start */
    OTHER_FILES = 40,     /* stdin, the loop's own, ... */
    BACKLOG = 4096,       /* the kernel takes what it allows */
    LONGEST_WAIT = 60000, /* ms */
    ROOM = 8 * 1024,   /* bytes for a request; all of it is touched for each connection */
    IDLE = 60,         /* s until a connection is closed on which nothing happens */
    LARGEST = 1 << 30, /* bytes of /large */
    BLOCK = 64 * 1024, /* bytes that are made at a time */
    LOOK_AROUND = 100, /* ms, where nobody tells us who has gone */
    FOR_EVER = -1      /* ms */
};

#define NEVER UINT64_MAX

/* One request, from its header to the end of its answer. */
struct request {
    struct MHD_Connection *connection;
    const char *path;
    const char *rest;  /* of the path, behind the route's */
    long number;       /* that, when it is a number */
    long delay;        /* ms to wait before the answer; -1: that is no number */
    bool counts;       /* in /stats, and is not over yet */
    bool has_waited;   /* the route's own wait is over */
    bool is_together;  /* it waits for others, at /together */
    bool is_gone;      /* the visitor has left: there is nobody to answer */
    long bytes, every; /* of /drip */

    uint64_t due;                   /* when its wait ends, in ns of uv_hrtime(); NEVER */
    struct request *before, *after; /* in the list of those that wait */
};

struct route {
    const char *path; /* when it ends with a slash, more follows: */
    long least, most; /* a number between these, or, when both are 0, a text */
    enum MHD_Result (*answer)(struct request *request);
};

/* The whole of it. There is one: its address is in no callback of libmicrohttpd's. */
static struct {
    uv_mutex_t lock;        /* of all up to the empty line */
    struct request waiting; /* stands before the first and after the last who waits */
    unsigned requests, in_flight, most_at_once;
    bool is_closing;

    struct MHD_Daemon *daemon;
    uv_timer_t alarm;  /* for the first that waits */
    uv_async_t bell;   /* the first that waits is another one */
    uv_fs_t reading;   /* of stdin, */
    uv_work_t wait;    /* which may have to be waited for */
    char ignored[512]; /* what comes from there */
#ifdef SITE_EPOLL
    uv_poll_t traffic; /* libmicrohttpd's epoll descriptor */
    uv_timer_t later;  /* libmicrohttpd wants to be called at a time, */
    uv_idle_t again;   /* or again, after all others had their turn */
    uv_poll_t goings;  /* which of those that wait have gone */
    int goings_fd;     /* its epoll descriptor */
#else
    uv_timer_t look; /* for those that wait and have gone */
#endif
} site;

/* Setting up. */
static void succeed(const char *what, bool has);
static unsigned allow_connections(void);
static int listen_here(uint16_t *port);
static void serve(int listener, unsigned connections);
static void let_go_of(int fd);

/* The loop. */
static void read_stdin(void);
static void on_stdin(uv_fs_t *reading);
static void wait_for_stdin(uv_work_t *wait);
static void on_stdin_ready(uv_work_t *wait, int result);
static void on_bell(uv_async_t *bell);
static void on_alarm(uv_timer_t *alarm);
static void close_all(void);

/* How libmicrohttpd is polled, and who has gone: there are two kinds of each. */
static unsigned how_to_poll(void);
static void start_polling(void);
static void stop_polling(void);
static void run_soon(void);
static void watch_going(struct request *request);
static void unwatch_going(struct request *request);
static void look_for_goings(void);
static int socket_of(struct request *request);

/* One request. */
static enum MHD_Result on_request(void *, struct MHD_Connection *, const char *url,
                                  const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **data);
static void on_completed(void *, struct MHD_Connection *, void **data,
                         enum MHD_RequestTerminationCode);
static size_t unescape(void *, struct MHD_Connection *, char *text);
static enum MHD_Result answer(struct request *request, const char *method);

int main(int argc, char *argv[])
{
    uint16_t port;
    unsigned connections;
    int listener;

    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: site\n");
        return 2;
    }
    connections = allow_connections();
    listener = listen_here(&port);
    serve(listener, connections);
    succeed("print the address",
            printf("http://127.0.0.1:%d\n", port) > 0 && fflush(stdout) == 0);
    let_go_of(STDOUT_FILENO);
    let_go_of(STDERR_FILENO);
    read_stdin();
    run_and_close();
    return 0;
}

/* As must(), for what sets errno. */
static void succeed(const char *what, bool has)
{
    if (!has)
        must(what, errno != 0 ? uv_translate_sys_error(errno) : UV_EIO);
}

/* Returns how many connections there may be. */
static unsigned allow_connections(void)
{
    struct rlimit files;
    const rlim_t wanted = AT_ONCE + OTHER_FILES;

    succeed("ask how many files it may open", getrlimit(RLIMIT_NOFILE, &files) == 0);
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        succeed("open more files", setrlimit(RLIMIT_NOFILE, &files) == 0);
    }
    if (files.rlim_cur < AT_ONCE_LEAST + OTHER_FILES)
        must("hold 100 connections (ulimit -n is too low)", UV_EMFILE);
    return files.rlim_cur < wanted ? (unsigned)files.rlim_cur - OTHER_FILES : AT_ONCE;
}

/* On this machine only, on a port that the kernel chooses. */
static int listen_here(uint16_t *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t size = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    succeed("listen on 127.0.0.1",
            listener >= 0 && bind(listener, (struct sockaddr *)&here, size) == 0 &&
                listen(listener, BACKLOG) == 0 &&
                getsockname(listener, (struct sockaddr *)&here, &size) == 0 &&
                fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    *port = ntohs(here.sin_port);
    return listener;
}

static void let_go_of(int fd)
{
    int nothing = open("/dev/null", O_RDWR);

    succeed("open /dev/null", nothing >= 0 && dup2(nothing, fd) >= 0);
    close(nothing);
}

static void serve(int listener, unsigned connections)
{
    uv_loop_t *loop = uv_default_loop();

    site.waiting.before = site.waiting.after = &site.waiting; /* nobody yet */
    must("make a lock", uv_mutex_init(&site.lock));
    must("set a timer", uv_timer_init(loop, &site.alarm));
    must("make a bell", uv_async_init(loop, &site.bell, on_bell));
    errno = 0;
    /* "Turbo" leaves out the shutdown() before a connection is closed, which would hide
     * from the visitor that /reset is no ordinary end. The timeout (not for those that
     * wait) is for visitors who leave in the middle of sending a request: when both come
     * at once, libmicrohttpd sees only the half request. */
    site.daemon = MHD_start_daemon(
        how_to_poll() | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        on_request, NULL, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)ROOM,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
    succeed("start libmicrohttpd", site.daemon != NULL);
    start_polling();
}

/* --- until stdin closes --- */

/* By libuv's thread pool, as a file is read: stdin may be anything. */
static void read_stdin(void)
{
    uv_buf_t buffer = uv_buf_init(site.ignored, sizeof site.ignored);

    must("read stdin", uv_fs_read(uv_default_loop(), &site.reading, STDIN_FILENO, &buffer,
                                  1, -1, on_stdin));
}

static void on_stdin(uv_fs_t *reading)
{
    ssize_t result = reading->result;

    uv_fs_req_cleanup(reading);
    if (result > 0)
        read_stdin();
    else if (result == UV_EAGAIN) /* whom we share it with does not block */
        must("wait for stdin", uv_queue_work(uv_default_loop(), &site.wait,
                                             wait_for_stdin, on_stdin_ready));
    else
        close_all();
}

/* Runs in another thread. */
static void wait_for_stdin(uv_work_t *wait)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

    (void)wait;
    if (poll(&in, 1, -1) < 0 || in.revents & POLLNVAL)
        uv_sleep(100); /* a Mac can't wait for a terminal like this */
}

static void on_stdin_ready(uv_work_t *wait, int result)
{
    (void)wait;
    (void)result;
    read_stdin();
}

/* --- those that wait; all but wait_for() is called with the lock held --- */

/* The next that is due; NULL when nobody waits. */
static struct request *first(void)
{
    return site.waiting.after == &site.waiting ? NULL : site.waiting.after;
}

/* Put it into its place, which mostly is the end. */
static void enter(struct request *request)
{
    struct request *before = site.waiting.before;

    while (before != &site.waiting && before->due > request->due)
        before = before->before;
    request->before = before;
    request->after = before->after;
    request->before->after = request->after->before = request;
    if (first() == request)
        must("ring a bell", uv_async_send(&site.bell));
}

static void leave(struct request *request)
{
    request->before->after = request->after;
    request->after->before = request->before;
}

/* Suspend it for so many milliseconds, or FOR_EVER. Not when we close: then MHD_NO, which
 * ends it. */
static enum MHD_Result wait_for(struct request *request, long ms)
{
    bool can_wait;

    uv_mutex_lock(&site.lock);
    can_wait = !site.is_closing;
    if (can_wait) {
        request->due = ms == FOR_EVER ? NEVER : uv_hrtime() + (uint64_t)ms * 1000000;
        enter(request);
        watch_going(request);
        MHD_suspend_connection(request->connection);
    }
    uv_mutex_unlock(&site.lock);
    return can_wait ? MHD_YES : MHD_NO;
}

/* on_request, or the reader of its body, is then called again for it. */
static void go_on(struct request *request)
{
    unwatch_going(request);
    leave(request);
    MHD_resume_connection(request->connection);
    run_soon();
}

static void count_end(struct request *request)
{
    if (request->counts)
        site.in_flight--;
    request->counts = false;
}

static void on_gone(struct request *request)
{
    request->is_gone = true;
    count_end(request);
    go_on(request);
}

static void set_alarm(void)
{
    struct request *next = first();
    uint64_t now = uv_hrtime(), ns;

    must("stop a timer", uv_timer_stop(&site.alarm));
    if (!next || next->due == NEVER)
        return;
    ns = next->due > now ? next->due - now : 0;
    uv_update_time(uv_default_loop()); /* from now on, not from when this round began */
    must("set a timer",
         uv_timer_start(&site.alarm, on_alarm, (ns + 999999) / 1000000, 0));
}

static void on_bell(uv_async_t *bell)
{
    (void)bell;
    uv_mutex_lock(&site.lock);
    if (!site.is_closing)
        set_alarm();
    uv_mutex_unlock(&site.lock);
}

static void on_alarm(uv_timer_t *alarm)
{
    uint64_t now = uv_hrtime();

    (void)alarm;
    uv_mutex_lock(&site.lock);
    while (first() && first()->due <= now)
        go_on(first());
    set_alarm();
    uv_mutex_unlock(&site.lock);
}

static void close_all(void)
{
    uv_mutex_lock(&site.lock);
    site.is_closing = true; /* from now on nobody waits */
    while (first())
        go_on(first());
    uv_mutex_unlock(&site.lock);
    stop_polling();
    MHD_stop_daemon(site.daemon);
    uv_close((uv_handle_t *)&site.alarm, NULL);
    uv_close((uv_handle_t *)&site.bell, NULL);
}

/* --- libmicrohttpd, the loop, and who has gone --- */

/* libmicrohttpd does not look at a connection that is suspended: we have to find out by
 * ourselves that its visitor has gone. One who only says that he won't send any more
 * (half a close) is taken for gone, too: the kernel does not tell us which it was. */

static int socket_of(struct request *request)
{
    return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
        ->connect_fd;
}

#ifdef SITE_EPOLL

static unsigned how_to_poll(void)
{
    return MHD_USE_EPOLL;
}

static void on_again(uv_idle_t *again);
static void on_later(uv_timer_t *later);

/* Let libmicrohttpd do what there is to do, and ask when it wants to be called next. */
static void run_daemon(void)
{
    MHD_UNSIGNED_LONG_LONG ms;

    must("go on", uv_idle_stop(&site.again));
    must("stop a timer", uv_timer_stop(&site.later));
    succeed("serve", MHD_run(site.daemon) == MHD_YES);
    if (MHD_get_timeout(site.daemon, &ms) != MHD_YES)
        return;
    /* A timer of 0 ms would not let others have their turn. */
    if (ms == 0)
        run_soon();
    else
        must("set a timer", uv_timer_start(&site.later, on_later, ms, 0));
}

static void on_again(uv_idle_t *again)
{
    (void)again;
    run_daemon();
}

static void on_later(uv_timer_t *later)
{
    (void)later;
    run_daemon();
}

static void on_traffic(uv_poll_t *traffic, int status, int events)
{
    (void)traffic, (void)events;
    must("poll", status);
    run_daemon();
}

static void on_goings(uv_poll_t *goings, int status, int events)
{
    (void)goings, (void)events;
    must("poll", status);
    uv_mutex_lock(&site.lock);
    look_for_goings();
    uv_mutex_unlock(&site.lock);
}

/* Connections were resumed: nothing in the epoll descriptor tells so. */
static void run_soon(void)
{
    must("go on", uv_idle_start(&site.again, on_again));
}

static void start_polling(void)
{
    uv_loop_t *loop = uv_default_loop();
    int fd = MHD_get_daemon_info(site.daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

    must("poll", uv_poll_init(loop, &site.traffic, fd));
    must("poll", uv_poll_start(&site.traffic, UV_READABLE, on_traffic));
    must("set a timer", uv_timer_init(loop, &site.later));
    must("set a timer", uv_idle_init(loop, &site.again));
    site.goings_fd = epoll_create1(EPOLL_CLOEXEC);
    succeed("poll", site.goings_fd >= 0);
    must("poll", uv_poll_init(loop, &site.goings, site.goings_fd));
    must("poll", uv_poll_start(&site.goings, UV_READABLE, on_goings));
}

static void on_goings_closed(uv_handle_t *goings)
{
    (void)goings;
    close(site.goings_fd);
}

static void stop_polling(void)
{
    uv_close((uv_handle_t *)&site.traffic, NULL);
    uv_close((uv_handle_t *)&site.later, NULL);
    uv_close((uv_handle_t *)&site.again, NULL);
    uv_close((uv_handle_t *)&site.goings, on_goings_closed);
}

static void watch_going(struct request *request)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = request};

    succeed("watch a connection",
            epoll_ctl(site.goings_fd, EPOLL_CTL_ADD, socket_of(request), &event) == 0);
}

static void unwatch_going(struct request *request)
{
    epoll_ctl(site.goings_fd, EPOLL_CTL_DEL, socket_of(request), NULL);
}

static void look_for_goings(void)
{
    struct epoll_event events[64];
    int count;

    while ((count = epoll_wait(site.goings_fd, events, 64, 0)) > 0)
        for (int i = 0; i < count; i++)
            on_gone(events[i].data.ptr);
}

#else

static unsigned how_to_poll(void)
{
    return MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD;
}

static void on_look(uv_timer_t *look)
{
    (void)look;
    uv_mutex_lock(&site.lock);
    look_for_goings();
    uv_mutex_unlock(&site.lock);
}

/* The thread is woken by MHD_resume_connection(). */
static void run_soon(void)
{
}

static void start_polling(void)
{
    must("set a timer", uv_timer_init(uv_default_loop(), &site.look));
    must("set a timer", uv_timer_start(&site.look, on_look, LOOK_AROUND, LOOK_AROUND));
}

static void stop_polling(void)
{
    uv_close((uv_handle_t *)&site.look, NULL);
}

static void watch_going(struct request *request)
{
    (void)request;
}

static void unwatch_going(struct request *request)
{
    (void)request;
}

/* It is readable: because of its end, or of the visitor's next request? */
static bool is_at_end(int fd)
{
    char next;
    ssize_t result = recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);

    return result == 0 || (result < 0 && errno != EAGAIN && errno != EINTR);
}

/* All are asked in one go: one by one would take longer than a thousand new visitors
 * take to come. */
static void look_for_goings(void)
{
    static struct pollfd files[AT_ONCE];
    static struct request *requests[AT_ONCE];
    nfds_t count = 0;

    for (struct request *next = site.waiting.after;
         next != &site.waiting && count < AT_ONCE; next = next->after) {
        requests[count] = next;
        files[count++] = (struct pollfd){.fd = socket_of(next), .events = POLLIN};
    }
    if (poll(files, count, 0) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++)
        if (files[i].revents != 0 && is_at_end(files[i].fd))
            on_gone(requests[i]);
}

#endif

/* --- one request --- */

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

/* ?name=NUMBER, or what it is when it isn't given; -1 as above. */
static long number_asked_for(struct request *request, const char *name, long most,
                             long otherwise)
{
    const char *text = NULL;
    size_t size;

    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &text, &size) != MHD_YES)
        return otherwise;
    return text ? read_number(text, 0, most) : -1;
}

/* Its header has been read. */
static struct request *begin(struct MHD_Connection *connection, const char *url)
{
    struct request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    request->connection = connection;
    request->delay = number_asked_for(request, "delay", LONGEST_WAIT, 0);
    if (strcmp(url, "/stats") == 0)
        return request;
    uv_mutex_lock(&site.lock);
    request->counts = true;
    site.requests++;
    /* Who has gone before this one came must not be counted beside it. */
    if (++site.in_flight > site.most_at_once)
        look_for_goings();
    if (site.in_flight > site.most_at_once)
        site.most_at_once = site.in_flight;
    uv_mutex_unlock(&site.lock);
    return request;
}

/* Called with the header, then with each part of a body, then once more, and then again
 * after each wait, until it is answered. */
static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **data)
{
    struct request *request = *data;

    (void)unused, (void)version, (void)upload;
    if (!request) {
        *data = begin(connection, url);
        return *data ? MHD_YES : MHD_NO;
    }
    if (*upload_size > 0) {
        *upload_size = 0; /* nobody wants it, but it has to be read */
        return MHD_YES;
    }
    if (request->is_gone)
        return MHD_NO;
    request->path = url;
    if (request->delay > 0) {
        long ms = request->delay;

        request->delay = 0;
        return wait_for(request, ms);
    }
    return answer(request, method);
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

/* libmicrohttpd hands us paths and numbers as C strings: a %00 would hide what is behind
 * it. With a '?' in its place it is found nowhere, and is no number. */
static size_t unescape(void *unused, struct MHD_Connection *connection, char *text)
{
    size_t size = MHD_http_unescape(text);

    (void)unused, (void)connection;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0')
            text[i] = '?';
    return size;
}

/* --- answers --- */

static const char html[] = "text/html; charset=utf-8", json[] = "application/json",
                  plain[] = "text/plain; charset=utf-8";

/* It fails only when there is no memory. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    succeed("write a header", MHD_add_response_header(response, name, value) == MHD_YES);
}

/* Hand the response over to libmicrohttpd, which sends it. */
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

static struct MHD_Response *response_of(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)text,
                                           MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result send_text(struct request *request, unsigned status,
                                 const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static enum MHD_Result send_text(struct request *request, unsigned status,
                                 const char *type, const char *format, ...)
{
    char text[512];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return send_response(request, status, response_of(text), type);
}

#define HTML_START "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>"
#define HTML_MIDDLE "</title></head>\n<body>\n"
#define HTML_END "</body>\n</html>\n"

/* A page that has only a title, which is said in its body once more. */
static struct MHD_Response *titled(const char *title)
{
    char text[512];

    snprintf(text, sizeof text, HTML_START "%s" HTML_MIDDLE "<h1>%s</h1>\n" HTML_END,
             title, title);
    return response_of(text);
}

static enum MHD_Result send_titled(struct request *request, unsigned status,
                                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum MHD_Result send_titled(struct request *request, unsigned status,
                                   const char *format, ...)
{
    char title[128];
    va_list values;

    va_start(values, format);
    vsnprintf(title, sizeof title, format, values);
    va_end(values);
    return send_response(request, status, titled(title), html);
}

/* What is asked for is wrong. Who speaks JSON is told in JSON. */
static enum MHD_Result send_error(struct request *request, unsigned status,
                                  const char *what)
{
    if (strncmp(request->path, "/json/", 6) == 0)
        return send_text(request, status, json, "{\"error\": \"%s\"}\n", what);
    return send_titled(request, status, "%u: %s", status, what);
}

/* --- the routes --- */

/* The page is 1000 to 1999 bytes, by its number. */
static enum MHD_Result page(struct request *request)
{
    char text[2001];
    size_t size = (size_t)(1000 + request->number * 37 % 1000);
    size_t head = (size_t)snprintf(
        text, sizeof text, HTML_START "Page %ld" HTML_MIDDLE "<h1>Page %ld</h1>\n",
        request->number, request->number);
    size_t end = size - strlen(HTML_END);

    for (size_t i = head; i < end; i++)
        text[i] = (end - i) % 64 == 1 ? '\n' : '.';
    memcpy(text + end, HTML_END, sizeof HTML_END);
    return send_response(request, MHD_HTTP_OK, response_of(text), html);
}

static enum MHD_Result waited(struct request *request)
{
    if (request->number > 0 && !request->has_waited) {
        request->has_waited = true;
        return wait_for(request, request->number);
    }
    return send_titled(request, MHD_HTTP_OK, "Waited %ld ms", request->number);
}

static enum MHD_Result status(struct request *request)
{
    return send_titled(request, (unsigned)request->number, "Status %ld", request->number);
}

static enum MHD_Result redirect_to(struct request *request, const char *place)
{
    struct MHD_Response *response = titled("It is elsewhere");

    if (response)
        add_header(response, MHD_HTTP_HEADER_LOCATION, place);
    return send_response(request, MHD_HTTP_FOUND, response, html);
}

static enum MHD_Result redirect(struct request *request)
{
    char place[64];

    if (request->number == 0)
        return send_titled(request, MHD_HTTP_OK, "No redirect is left");
    snprintf(place, sizeof place, "/redirect/%ld", request->number - 1);
    return redirect_to(request, place);
}

static enum MHD_Result redirect_loop(struct request *request)
{
    return redirect_to(request, "/redirect/loop");
}

static enum MHD_Result stats(struct request *request)
{
    unsigned requests, most;

    uv_mutex_lock(&site.lock);
    requests = site.requests;
    most = site.most_at_once;
    uv_mutex_unlock(&site.lock);
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

static ssize_t read_large(void *unused, uint64_t position, char *buffer, size_t most)
{
    (void)unused;
    fill(position, buffer, most);
    return (ssize_t)most;
}

static enum MHD_Result large(struct request *request)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        (uint64_t)request->number, BLOCK, read_large, NULL, NULL);

    return send_response(request, MHD_HTTP_OK, response, plain);
}

enum { PROMISED = 1000, GIVEN = 500 };

static ssize_t read_cut(void *unused, uint64_t position, char *buffer, size_t most)
{
    size_t left = position < GIVEN ? (size_t)(GIVEN - position) : 0;
    size_t size = most < left ? most : left;

    (void)unused;
    fill(position, buffer, size);
    return size > 0 ? (ssize_t)size : MHD_CONTENT_READER_END_WITH_ERROR;
}

static enum MHD_Result cut(struct request *request)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(PROMISED, BLOCK, read_cut, NULL, NULL);

    return send_response(request, MHD_HTTP_OK, response, plain);
}

static ssize_t read_more_than_promised(void *unused, uint64_t position, char *buffer,
                                       size_t most)
{
    size_t left = position < PROMISED ? (size_t)(PROMISED - position) : 0;
    size_t size = most < left ? most : left;

    (void)unused;
    fill(position, buffer, size);
    return size > 0 ? (ssize_t)size : MHD_CONTENT_READER_END_OF_STREAM;
}

/* Twice as much as it says. libmicrohttpd adds its own Content-Length, except where it
 * believes that it does not know the size. Then it would send chunks, except by the rules
 * of HTTP/1.0. */
static enum MHD_Result wrong_length(struct request *request)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK, read_more_than_promised, NULL, NULL);

    if (response) {
        succeed("lie about a length",
                MHD_set_response_options(response,
                                         MHD_RF_INSANITY_HEADER_CONTENT_LENGTH |
                                             MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                                         MHD_RO_END) == MHD_YES);
        add_header(response, MHD_HTTP_HEADER_CONTENT_LENGTH, "500");
    }
    return send_response(request, MHD_HTTP_OK, response, plain);
}

/* With a linger time of 0, close() sends a reset. */
static enum MHD_Result reset(struct request *request)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    setsockopt(socket_of(request), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    return MHD_NO;
}

/* Until the visitor goes. */
static enum MHD_Result silent(struct request *request)
{
    return wait_for(request, FOR_EVER);
}

static void end_together(void)
{
    struct request *after;

    for (struct request *next = site.waiting.after; next != &site.waiting; next = after) {
        after = next->after;
        if (next->is_together)
            go_on(next);
    }
}

/* Until so many wait here: then they have been here at once, however slow the machine. */
static enum MHD_Result together(struct request *request)
{
    long here = 1;

    if (request->has_waited)
        return send_titled(request, MHD_HTTP_OK, "%ld together", request->number);
    request->has_waited = request->is_together = true;
    uv_mutex_lock(&site.lock);
    look_for_goings();
    for (struct request *next = site.waiting.after; next != &site.waiting;
         next = next->after)
        here += next->is_together;
    if (here >= request->number)
        end_together();
    uv_mutex_unlock(&site.lock);
    return here < request->number ? wait_for(request, FOR_EVER) : together(request);
}

/* A wait before each byte: called twice for it. */
static ssize_t read_drip(void *data, uint64_t position, char *buffer, size_t most)
{
    struct request *request = data;

    (void)most;
    if (request->is_gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (position >= (uint64_t)request->bytes)
        return MHD_CONTENT_READER_END_OF_STREAM;
    request->has_waited = !request->has_waited;
    if (!request->has_waited || request->every == 0) {
        fill(position, buffer, 1);
        return 1;
    }
    if (wait_for(request, request->every) != MHD_YES)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return 0;
}

static enum MHD_Result drip(struct request *request)
{
    request->bytes = number_asked_for(request, "bytes", LARGEST, 10);
    request->every = number_asked_for(request, "every", LONGEST_WAIT, 100);
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

static enum MHD_Result location(struct request *request)
{
    for (const struct city *city = cities; city < cities + CITIES; city++)
        if (strcmp(city->name, request->rest) == 0)
            return send_text(request, MHD_HTTP_OK, json,
                             "{\"city\": \"%s\", \"country\": \"%s\", "
                             "\"latitude\": %s, \"longitude\": %s}\n",
                             city->name, city->country, city->latitude, city->longitude);
    return send_error(request, MHD_HTTP_NOT_FOUND, "Unknown city");
}

/* ?name=52.52; NAN when it is missing or no number. */
static double coordinate(struct request *request, const char *name)
{
    const char *text =
        MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    size_t length = text ? strlen(text) : 0;

    if (length == 0 || length > 30 || strspn(text, "0123456789.-") != length)
        return (double)NAN;
    return strtod(text, NULL);
}

/* Answer with an error, and return NULL, when there is none. */
static const struct city *city_there(struct request *request, enum MHD_Result *result)
{
    double latitude = coordinate(request, "latitude");
    double longitude = coordinate(request, "longitude");

    for (const struct city *city = cities; city < cities + CITIES; city++)
        if (fabs(strtod(city->latitude, NULL) - latitude) < 0.001 &&
            fabs(strtod(city->longitude, NULL) - longitude) < 0.001)
            return city;
    *result = isnan(latitude) || isnan(longitude)
                  ? send_error(request, MHD_HTTP_BAD_REQUEST, "Bad coordinates")
                  : send_error(request, MHD_HTTP_NOT_FOUND, "Unknown coordinates");
    return NULL;
}

static enum MHD_Result weather(struct request *request)
{
    enum MHD_Result result;
    const struct city *city = city_there(request, &result);

    if (!city)
        return result;
    return send_text(request, MHD_HTTP_OK, json,
                     "{\"city\": \"%s\", \"sky\": \"%s\", \"temperature\": %d, "
                     "\"unit\": \"C\"}\n",
                     city->name, city->sky, city->temperature);
}

static enum MHD_Result sun(struct request *request)
{
    enum MHD_Result result;
    const struct city *city = city_there(request, &result);

    if (!city)
        return result;
    return send_text(request, MHD_HTTP_OK, json,
                     "{\"sunrise\": \"%s\", \"sunset\": \"%s\"}\n", city->sunrise,
                     city->sunset);
}

/* A weather that breaks off in its third line. */
static enum MHD_Result malformed(struct request *request)
{
    return send_text(request, MHD_HTTP_OK, json,
                     "{\n    \"city\": \"Berlin\",\n    \"sky\": \"clo");
}

/* Where is the latitude? */
static enum MHD_Result incomplete(struct request *request)
{
    return send_text(request, MHD_HTTP_OK, json,
                     "{\"city\": \"Berlin\", \"country\": \"Germany\", "
                     "\"longitude\": 13.41}\n");
}

static const struct route routes[] = {
    {"/page/", 1, 999999, page},
    {"/delay/", 0, LONGEST_WAIT, waited},
    {"/json/location/", 0, 0, location},
    {"/json/weather", 0, 0, weather},
    {"/json/sun", 0, 0, sun},
    {"/json/malformed", 0, 0, malformed},
    {"/json/incomplete", 0, 0, incomplete},
    {"/status/", 200, 599, status},
    {"/redirect/loop", 0, 0, redirect_loop},
    {"/redirect/", 0, 999999, redirect},
    {"/cut", 0, 0, cut},
    {"/reset", 0, 0, reset},
    {"/silent", 0, 0, silent},
    {"/together/", 1, AT_ONCE, together},
    {"/drip", 0, 0, drip},
    {"/large/", 0, LARGEST, large},
    {"/wrong-length", 0, 0, wrong_length},
    {"/stats", 0, 0, stats},
};

static const struct route *find_route(struct request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t length = strlen(routes[i].path);
        bool has_rest = routes[i].path[length - 1] == '/';

        if (strncmp(request->path, routes[i].path, length) != 0 ||
            (!has_rest && request->path[length] != '\0'))
            continue;
        request->rest = request->path + length;
        return &routes[i];
    }
    return NULL;
}

static enum MHD_Result refuse_method(struct request *request)
{
    struct MHD_Response *response = titled("405: Method not allowed");

    if (response)
        add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return send_response(request, MHD_HTTP_METHOD_NOT_ALLOWED, response, html);
}

static enum MHD_Result answer(struct request *request, const char *method)
{
    const struct route *route = find_route(request);

    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse_method(request);
    if (!route)
        return send_error(request, MHD_HTTP_NOT_FOUND, "Not found");
    if (route->most > 0)
        request->number = read_number(request->rest, route->least, route->most);
    if (request->number < 0 || request->delay < 0)
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad number");
    return route->answer(request);
}
