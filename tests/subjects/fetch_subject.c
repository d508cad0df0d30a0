/* fetch_subject.c - what tests/tools/fetch.t looks at: common/fetch.c at work. It prints
 * one line for each callback, in the order in which they come, "closed" when the fetcher
 * is, and WRONG: with whatever must never be: a callback inside of a call, too many or
 * too few of them, a loop that doesn't end or can't be closed.
 *
 *     fetch_subject fetch [-cjwq] [-m MOST] [-d DEADLINE] [-f FILES] [-l LARGEST]
 *         [-n TIMES] [-p PADDING] [DEADLINE] URL...
 *     fetch_subject SCENARIO URL... [+ fetch ...] [+ SCENARIO ...] ...
 *
 * A number among the URLs is the deadline of those behind it. -c: the clock of libuv and
 * curl all but stands still until the first byte of the first page is here. -j: it jumps,
 * by 10 s at each look. -w: by fetch_and_wait(). -q: only what fails is printed. -m: so
 * many at once. -f: with so many file numbers. -n: all of it so many times, one after the
 * other, with the same fetcher. -p: with a query of so many bytes, by sockets with small
 * buffers. The scenarios are the table at the end; `show` prints what is at the URL.
 *
 * Of hosts it knows: NAME.here is 127.0.0.1, NAME.second 127.0.0.2, and then 127.0.0.1,
 * and NAME.slow takes a minute to be found. */

#define _GNU_SOURCE /* for RTLD_NEXT */

#include "fetch.h"
#include "lesson.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>

enum { MOST = 2000 };

struct subject {
    struct fetch fetch;
    const char *url;
    unsigned deadline;
    int number, starts, callbacks;
};

static struct subject subjects[MOST];
static struct fetcher fetcher;
static uv_timer_t later;
static uv_prepare_t turn;
static struct rlimit usual_files;
static time_t clock_ahead; /* seconds */
static int count, over, rounds = 1, inside, turns;
static unsigned deadline;
static const char *other_url;
static bool is_closed, is_quiet, has_small_buffers, has_slow_clock, has_jumping_clock,
    has_timer_come;
static void (*afterwards)(void);              /* what it does after a while */
static void (*then)(struct subject *subject); /* what a scenario does in the callbacks */

static void fail(const char *what)
{
    printf("WRONG: %s\n", what);
}

static void print(struct subject *subject)
{
    struct fetch *fetch = &subject->fetch;

    if (fetch->data != subject)
        fail("data was touched");
    if (fetch->body[fetch->size] != '\0')
        fail("the body has no end");
    if (fetch->queued < 0 || fetch->took < fetch->first_byte || fetch->first_byte < 0)
        fail("the times");
    if ((fetch->result == CURLE_OK) != (*fetch->error == '\0'))
        fail("result and sentence don't agree");
    if (fetch->first_byte == 0 && fetch->status != 0)
        fail("a status without an answer");
    if (!is_quiet || fetch->result != CURLE_OK)
        printf("%d: result %d, status %ld, %zu bytes, first byte %.0f, queued %.0f, "
               "took %.0f: %s\n",
               subject->number, (int)fetch->result, fetch->status, fetch->size,
               1000 * fetch->first_byte, 1000 * fetch->queued, 1000 * fetch->took,
               fetch->error);
}

/* --- as any program does it --- */

static void on_done(struct fetch *fetch);

static struct subject *add(const char *url)
{
    struct subject *subject = &subjects[count];

    if (count == MOST)
        exit(2);
    subject->number = ++count;
    subject->fetch.data = subject;
    subject->url = url;
    subject->deadline = deadline;
    return subject;
}

static void start(struct subject *subject)
{
    subject->starts++;
    inside++;
    must("start", fetch_start(&fetcher, &subject->fetch, subject->url, subject->deadline,
                              on_done));
    inside--;
}

static void start_all(void)
{
    for (int i = 0; i < count; i++)
        start(&subjects[i]);
}

static void cancel(int number)
{
    int result;

    inside++;
    result = fetch_cancel(&subjects[number - 1].fetch);
    inside--;
    printf("cancel %d: %s\n", number, result ? uv_err_name(result) : "0");
}

static void on_closed(struct fetcher *closed)
{
    if (closed != &fetcher || is_closed)
        fail("the close callback");
    for (int i = 0; i < count; i++)
        if (subjects[i].callbacks != subjects[i].starts)
            fail("closed before the last callback");
    is_closed = true;
    puts("closed");
}

static void close_all(void)
{
    inside++;
    fetcher_close(&fetcher, on_closed);
    inside--;
}

static void go_on(void)
{
    if (over < count)
        return;
    if (--rounds == 0) {
        close_all();
        return;
    }
    over = 0;
    start_all();
}

static void on_done(struct fetch *fetch)
{
    struct subject *subject = fetch->data;

    if (inside)
        fail("a callback inside of a call");
    if (is_closed)
        fail("a callback after the end");
    subject->callbacks++;
    over++;
    print(subject);
    if (then) {
        then(subject);
        return;
    }
    fetch_cleanup(fetch);
    go_on();
}

static void on_later(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    afterwards();
}

static void do_later(void (*what)(void), unsigned ms)
{
    must("timer", uv_timer_init(uv_default_loop(), &later));
    afterwards = what;
    must("timer", uv_timer_start(&later, on_later, ms, 0));
}

/* --- fetch --- */

static CURL *make_easy(void)
{
    CURL *easy = curl_easy_init();

    must("start curl", easy ? 0 : UV_ENOMEM);
    return easy;
}

static void wait_for_each(void)
{
    CURL *easy = make_easy();

    for (int i = 0; i < count * rounds; i++) {
        struct subject *subject = &subjects[i % count];

        fetch_and_wait(easy, &subject->fetch, subject->url, subject->deadline);
        print(subject);
        if (fetch_cancel(&subject->fetch) != UV_EALREADY)
            fail("something to cancel is left");
        fetch_cleanup(&subject->fetch);
    }
    curl_easy_cleanup(easy);
}

static void make(int most)
{
    must("init", fetcher_init(uv_default_loop(), &fetcher, most));
}

#ifdef __linux__
/* As the C library's, but the kernel takes little at once where a test wants that. */
int socket(int domain, int type, int protocol)
{
    int size = 65536, fd = (int)syscall(SYS_socket, domain, type, protocol);

    if (fd >= 0 && has_small_buffers)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return fd;
}

/* As the C library's, but for -c, by which no time passes but a little with each look,
 * and for -j, by which much does. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static struct timespec slow;

    if (!has_slow_clock || subjects[0].fetch.size > 0) {
        int result = (int)syscall(SYS_clock_gettime, clock, now);

        now->tv_sec += clock_ahead += has_jumping_clock ? 10 : 0;
        return result;
    }
    if (slow.tv_sec == 0)
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &slow);
    slow.tv_nsec = (slow.tv_nsec + 100) % 1000000000;
    *now = slow;
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);

    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* As the C library's, but for the hosts of ours. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    int result;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (host && ends_with(host, ".slow")) {
        sleep(60);
        return EAI_NONAME;
    }
    if (host && ends_with(host, ".here"))
        return real("127.0.0.1", service, hints, found);
    if (!host || !ends_with(host, ".second"))
        return real(host, service, hints, found);
    result = real("127.0.0.2", service, hints, found);
    return result ? result : real("127.0.0.1", service, hints, &(*found)->ai_next);
}
#endif

/* So many file numbers may be used from now on. */
static void limit_files(int files)
{
    struct rlimit limit = usual_files;

    uv_default_loop(); /* which needs some itself */
    limit.rlim_cur = (rlim_t)files;
    must("limit the files", setrlimit(RLIMIT_NOFILE, &limit) ? UV_EPERM : 0);
}

/* A URL that is longer than an argument may be. */
static const char *padded(const char *url, int size)
{
    static char all[8 * 1024 * 1024];

    if (snprintf(all, sizeof all, "%s?%0*d", url, size, 0) >= (int)sizeof all)
        exit(2);
    return all;
}

static void fetch_all(int argc, char *argv[])
{
    bool is_waiting = false;
    int option, most = 0, padding = 0, files = 0;
    long largest = -1;

    while ((option = getopt(argc, argv, "cjwqm:d:f:l:n:p:")) != -1) {
        has_slow_clock |= option == 'c';
        has_jumping_clock |= option == 'j';
        is_waiting |= option == 'w';
        is_quiet |= option == 'q';
        most = option == 'm' ? atoi(optarg) : most;
        deadline = option == 'd' ? (unsigned)atoi(optarg) : deadline;
        files = option == 'f' ? atoi(optarg) : files;
        largest = option == 'l' ? atol(optarg) : largest;
        rounds = option == 'n' ? atoi(optarg) : rounds;
        padding = option == 'p' ? atoi(optarg) : padding;
    }
    has_small_buffers = padding > 0;
    for (int i = optind; i < argc; i++)
        if (*argv[i] && strspn(argv[i], "0123456789") == strlen(argv[i]))
            deadline = (unsigned)atoi(argv[i]);
        else
            add(padding ? padded(argv[i], padding) : argv[i]);
    if (files)
        limit_files(files);
    if (is_waiting) {
        wait_for_each();
        return;
    }
    make(most);
    if (largest >= 0)
        fetcher.largest = (size_t)largest;
    start_all();
}

/* --- scenarios: each gets the URLs --- */

static void add_all(int argc, char *argv[], int most)
{
    for (int i = 1; i < argc; i++)
        add(argv[i]);
    make(most);
    start_all();
}

static void on_turn(uv_prepare_t *handle)
{
    (void)handle;
    turns++;
}

static void count_turns(void)
{
    must("count turns", uv_prepare_init(uv_default_loop(), &turn));
    must("count turns", uv_prepare_start(&turn, on_turn));
}

static void cancel_all(void)
{
    for (int i = 1; i <= count; i++)
        cancel(i);
}

/* One under way, the others waiting. */
static void cancel_at_once(int argc, char *argv[])
{
    add_all(argc, argv, 1);
    cancel_all();
    cancel(1); /* it is as cancelled as it was */
}

/* A while after the last one has ended. */
static void cancel_when_ended(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (subject->number == count)
        do_later(cancel_all, 100);
    go_on();
}

static void cancel_later(int argc, char *argv[])
{
    then = cancel_when_ended;
    add_all(argc, argv, 0);
}

static void cancel_second(void)
{
    cancel(2);
}

static void cancel_first(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (subject->number == 2)
        cancel(1);
    go_on();
}

/* The second one waits for the first, which is silent until it is cancelled, too; the
 * third must come nevertheless. */
static void cancel_waiting(int argc, char *argv[])
{
    then = cancel_first;
    add_all(argc, argv, 1);
    do_later(cancel_second, 50);
}

/* All are done in the same round: the first callback cancels the others, and itself. */
static void cancel_others(struct subject *subject)
{
    if (over == 1)
        cancel_all();
    fetch_cleanup(&subject->fetch);
    go_on();
}

static void cancel_from_inside(int argc, char *argv[])
{
    then = cancel_others;
    add_all(argc, argv, 0);
}

/* The second one, with what curl has kept of the first, is cancelled at once. */
static void start_and_cancel(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (subject->number == 1) {
        start(add(subject->url));
        cancel(2);
    }
    go_on();
}

static void cancel_next(int argc, char *argv[])
{
    then = start_and_cancel;
    add_all(argc, argv, 0);
    fetcher.largest = SIZE_MAX; /* that is no bound */
}

/* The first one needs no socket, and is started again and again until the others and a
 * timer have had their turn. Between two of its callbacks the loop has gone on (a
 * socket's event may come between, which ends it as well). */
static void start_until_all(struct subject *subject)
{
    static int last_turn, in_this_turn;
    bool all = has_timer_come;

    fetch_cleanup(&subject->fetch);
    for (int i = 1; i < count; i++)
        all = all && subjects[i].callbacks > 0;
    if (subject->number > 1)
        return;
    in_this_turn = turns == last_turn ? in_this_turn + 1 : 0;
    last_turn = turns;
    if (in_this_turn > 2) {
        fail("the loop does not go on");
        exit(1);
    }
    if (!all) {
        start(subject);
        return;
    }
    uv_close((uv_handle_t *)&turn, NULL);
    close_all();
}

static void on_own_turn(void)
{
    has_timer_come = true;
}

static void no_starving(int argc, char *argv[])
{
    then = start_until_all;
    count_turns();
    add_all(argc, argv, 0);
    do_later(on_own_turn, 5);
}

/* When 80 of the first page have come, 40 of the second are asked for, of another site:
 * there are file numbers for all of them if connections that nobody uses are closed. */
static void burst(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (over == 80)
        for (int i = 0; i < 40; i++)
            start(add(other_url));
    go_on();
}

static void two_bursts(int argc, char *argv[])
{
    is_quiet = true;
    then = burst;
    limit_files(100);
    make(strcmp(argv[1], "-m") == 0 ? 80 : 0);
    other_url = argv[argc - 1];
    for (int i = 0; i < 80; i++)
        start(add(argv[argc - 2]));
}

/* No answer comes from there, not even a refusal: a listener whose backlog is full. */
static const char *silent_address(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    struct sockaddr *any = (struct sockaddr *)&here;
    socklen_t size = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    static char url[50];

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must("listen", bind(listener, any, size) || listen(listener, 0) ||
                           getsockname(listener, any, &size)
                       ? UV_EIO
                       : 0);
    for (int i = 0; i < 3; i++) {
        int visitor = socket(AF_INET, SOCK_STREAM, 0);

        must("visit", fcntl(visitor, F_SETFL, O_NONBLOCK));
        (void)!connect(visitor, any, size);
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(here.sin_port));
    return url;
}

/* The first and the third connect, and go on connecting. When the second is done the
 * third is cancelled, and in its callback the first. Curl 7.88 closes their sockets
 * without a word; libuv aborts when it is to watch one. */
static void cancel_connecting_ones(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (subject->number > 1)
        cancel(subject->number == 2 ? 3 : 1);
    go_on();
}

static void cancel_connecting(int argc, char *argv[])
{
    const char *silent = silent_address();

    then = cancel_connecting_ones;
    add(silent);
    add_all(argc, argv, 0);
    start(add(silent));
}

/* One answer is here, the other never comes: both connections are open. (Curl has a pair
 * of sockets for itself.) */
static void look_at_sockets(struct subject *subject)
{
    int connections = 0;

    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_storage here;
        socklen_t size = sizeof here;

        if (getsockname(fd, (struct sockaddr *)&here, &size) != 0 ||
            here.ss_family != AF_INET)
            continue;
        connections++;
        if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            fail("a connection is open in the programs that we start");
    }
    if (subject->number == 1 && connections != 2)
        fail("not two connections");
    if (subject->number == 1)
        cancel(2);
    fetch_cleanup(&subject->fetch);
    go_on();
}

static void no_heirs(int argc, char *argv[])
{
    then = look_at_sockets;
    add_all(argc, argv, 0);
}

static void close_twice(void)
{
    close_all();
    inside++;
    fetcher_close(&fetcher, NULL);
    inside--;
    if (fetch_start(&fetcher, &subjects[MOST - 1].fetch, "http://x/", 0, on_done) !=
        UV_ECANCELED)
        fail("a closed fetcher takes a fetch");
}

static void cleanup_only(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
}

static void close_at_once(int argc, char *argv[])
{
    then = cleanup_only;
    add_all(argc, argv, 4);
    close_twice();
}

/* A while after the first one has ended. */
static void close_when_ended(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (subject->number == 1)
        do_later(close_twice, 100);
}

static void close_later(int argc, char *argv[])
{
    then = close_when_ended;
    add_all(argc, argv, 4);
}

static void close_first(struct subject *subject)
{
    if (over == 1)
        close_twice();
    fetch_cleanup(&subject->fetch);
}

static void close_from_inside(int argc, char *argv[])
{
    then = close_first;
    add_all(argc, argv, 4);
}

static void close_unused(int argc, char *argv[])
{
    (void)argc, (void)argv;
    make(1);
    close_twice();
}

/* The same struct again, from its own callback, and others. */
static void start_again(struct subject *subject)
{
    fetch_cleanup(&subject->fetch);
    if (subject->starts < 4) {
        over--;
        start(subject);
    } else if (subject->number == 1 && count < 6) {
        start(add(subject->url));
    }
    go_on();
}

static void start_from_inside(int argc, char *argv[])
{
    then = start_again;
    add_all(argc, argv, 2);
}

/* Nothing is read or written after the callback: the memory is gone. */
static void on_done_and_free(struct fetch *fetch)
{
    printf("%d: %s\n", (int)fetch->result, fetch->error);
    fetch_cleanup(fetch);
    memset(fetch, 0xff, sizeof *fetch);
    free(fetch);
    if (++over == count)
        close_all();
}

static void free_from_inside(int argc, char *argv[])
{
    make(2);
    count = argc - 1;
    for (int i = 1; i < argc; i++) {
        struct fetch *fetch = malloc(sizeof *fetch);
        char *url = strdup(argv[i]);

        must("make a fetch", fetch && url ? 0 : UV_ENOMEM);
        memset(fetch, 0xee, sizeof *fetch);
        must("start", fetch_start(&fetcher, fetch, url, strstr(url, "/silent") ? 300 : 0,
                                  on_done_and_free));
        free(url);
    }
}

/* The loop's clock is behind when the fetch is started: the deadline isn't. */
static void start_late(void)
{
    uint64_t begin = uv_hrtime();

    while (uv_hrtime() - begin < 250 * 1000 * 1000)
        ;
    start_all();
}

static void late_start(int argc, char *argv[])
{
    deadline = 200;
    add(argc > 1 ? argv[1] : "");
    make(0);
    do_later(start_late, 10);
}

/* The site closes a connection that we keep while another fetch is under way: the loop
 * must sleep all that time, and not go round and round. */
static void check_turns(struct subject *subject)
{
    if (subject->number == 1) {
        printf("turns: %d\n", turns);
        start(add(subjects[1].url));
    }
    if (subject->number == 3)
        uv_close((uv_handle_t *)&turn, NULL);
    fetch_cleanup(&subject->fetch);
    go_on();
}

static void sleep_well(int argc, char *argv[])
{
    then = check_turns;
    count_turns();
    add_all(argc, argv, 0);
}

/* When nothing is under way, the loop has nothing to wait for, kept connections or not,
 * nor a deadline. */
static void rest(int argc, char *argv[])
{
    then = cleanup_only;
    deadline = 1000 * 1000;
    add_all(argc, argv, 0);
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    close_all();
}

static void show(int argc, char *argv[])
{
    struct fetch fetch = {0};
    CURL *easy = make_easy();

    for (int i = 1; i < argc; i++) {
        fetch_and_wait(easy, &fetch, argv[i], 0);
        fputs(fetch.body, stdout);
        fetch_cleanup(&fetch);
    }
    curl_easy_cleanup(easy);
}

/* Two threads may ask at the same time. */
static void ask_no_proxy(void *words)
{
    *(const char **)words = fetch_no_proxy();
}

static void no_proxy(int argc, char *argv[])
{
    const char *words[2];
    uv_thread_t thread;

    (void)argc, (void)argv;
    ask_no_proxy(&words[0]);
    must("start a thread", uv_thread_create(&thread, ask_no_proxy, &words[1]));
    must("wait for it", uv_thread_join(&thread));
    if (words[0] == words[1] && strcmp(words[0], "*") != 0)
        fail("one text for two threads");
    puts("asked");
}

static void print_site(int argc, char *argv[])
{
    (void)argc, (void)argv;
    puts(site());
}

static const struct {
    const char *name;
    void (*begin)(int argc, char *argv[]);
} table[] = {
    {"fetch", fetch_all},
    {"cancel-at-once", cancel_at_once},
    {"cancel-later", cancel_later},
    {"cancel-waiting", cancel_waiting},
    {"cancel-from-inside", cancel_from_inside},
    {"no-heirs", no_heirs},
    {"no-starving", no_starving},
    {"two-bursts", two_bursts},
    {"cancel-next", cancel_next},
    {"cancel-connecting", cancel_connecting},
    {"close-at-once", close_at_once},
    {"close-later", close_later},
    {"close-from-inside", close_from_inside},
    {"close-unused", close_unused},
    {"start-from-inside", start_from_inside},
    {"free-from-inside", free_from_inside},
    {"late-start", late_start},
    {"sleep-well", sleep_well},
    {"rest", rest},
    {"show", show},
    {"no-proxy", no_proxy},
    {"site", print_site},
};

static void check_ends(void)
{
    for (int i = 0; i < count; i++)
        if (subjects[i].callbacks != subjects[i].starts)
            fail("the number of callbacks");
    if (fetcher.loop && !is_closed)
        fail("not closed");
}

static void forget(void)
{
    memset(subjects, 0, sizeof subjects);
    memset(&fetcher, 0, sizeof fetcher);
    count = over = inside = turns = 0;
    rounds = optind = 1;
    deadline = 0;
    is_closed = is_quiet = has_small_buffers = has_slow_clock = false;
    has_jumping_clock = has_timer_come = false;
    must("let files be opened", setrlimit(RLIMIT_NOFILE, &usual_files) ? UV_EPERM : 0);
    then = NULL;
}

static void run(int argc, char *argv[])
{
    size_t i = 0, size = sizeof table / sizeof *table;

    while (i < size && strcmp(argv[0], table[i].name) != 0)
        i++;
    if (i == size)
        exit(2);
    forget();
    table[i].begin(argc, argv);
    run_and_close();
    check_ends();
}

int main(int argc, char *argv[])
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    getrlimit(RLIMIT_NOFILE, &usual_files);
    alarm(600); /* it hangs: nothing takes nearly so long on the busiest machine */
    for (int from = 1, to; from < argc; from = to + 1) {
        for (to = from; to < argc && strcmp(argv[to], "+") != 0; to++)
            ;
        printf("== %s\n", argv[from]);
        run(to - from, argv + from);
    }
}
