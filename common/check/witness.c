/* witness.c - who does the waiting? What is linked into each exercise, and notes how it
 * used the loop: which handles were active, for how long the loop waited and how often,
 * and who was started beside it. At the end of the program it is written into the file
 * that $WITNESS names (without it nothing is done):
 *
 *     waited 2203
 *     wakeups 4
 *     threads 0
 *     processes 0
 *     handles timer timer poll
 *
 * A line that is printed after a sleep, after a call that blocks or by a thread may come
 * at the right time; but then it is not the loop that has waited.
 *
 * The functions here take the place of those with the same name, and call them. */

#define _GNU_SOURCE /* for RTLD_NEXT and dladdr() */

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

/* A sanitizer has taken the place of some functions already. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

static struct {
    pid_t program;   /* its children end, too, and have nothing to say */
    uint64_t waited; /* ms */
    long wakeups;    /* after each of which there was something to do */
    int threads, processes;
    int handles[UV_HANDLE_TYPE_MAX];
} seen;

static void *original(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* Whether that is a place in the program, and not in a library. */
static bool is_own(void *place)
{
    Dl_info here, there;

    return dladdr(&seen, &here) && dladdr(place, &there) &&
           here.dli_fbase == there.dli_fbase;
}

static void note_handle(uv_handle_t *handle, void *handles)
{
    uv_handle_type type = uv_handle_get_type(handle);

    if (type < UV_HANDLE_TYPE_MAX && uv_is_active(handle)) /* a broken one has any type */
        ((int *)handles)[type]++;
}

/* Of each kind, the most that were active when the loop was run, or began to watch a file
 * descriptor. */
static void note_handles(uv_loop_t *loop)
{
    int handles[UV_HANDLE_TYPE_MAX] = {0};

    uv_walk(loop, note_handle, handles);
    for (int type = 0; type < UV_HANDLE_TYPE_MAX; type++)
        if (handles[type] > seen.handles[type])
            seen.handles[type] = handles[type];
}

int uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback)
{
    int (*start)(uv_poll_t *, int, uv_poll_cb), result;

    *(void **)&start = original("uv_poll_start");
    result = start(poll, events, callback);
    if (getenv("WITNESS"))
        note_handles(poll->loop);
    return result;
}

/* How often the program gave its processor back, since it had to wait. */
static long count_waits(void)
{
    struct rusage used = {0};

    getrusage(RUSAGE_SELF, &used);
    return used.ru_nvcsw;
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    int (*run)(uv_loop_t *, uv_run_mode), measures, result;
    uint64_t start = uv_hrtime();

    *(void **)&run = original("uv_run");
    if (getenv("WITNESS") == NULL)
        return run(loop, mode);
    measures = uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    note_handles(loop);
    seen.wakeups -= count_waits();
    result = run(loop, mode);
    seen.wakeups += count_waits();
    if (measures == 0)
        seen.waited = uv_metrics_idle_time(loop) / 1000000; /* since it was made */
    else /* nobody knows: it is given the benefit of the doubt */
        seen.waited += (uv_hrtime() - start) / 1000000;
    return result;
}

int uv_thread_create(uv_thread_t *thread, uv_thread_cb entry, void *arg)
{
    int (*create)(uv_thread_t *, uv_thread_cb, void *);

    *(void **)&create = original("uv_thread_create");
    seen.threads += is_own(__builtin_return_address(0));
    return create(thread, entry, arg);
}

#ifndef SANITIZED
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *arg)
{
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    *(void **)&create = original("pthread_create");
    seen.threads += is_own(__builtin_return_address(0));
    return create(thread, attributes, start, arg);
}

pid_t fork(void)
{
    pid_t (*divide)(void);

    *(void **)&divide = original("fork");
    seen.processes += is_own(__builtin_return_address(0));
    return divide();
}
#endif

__attribute__((constructor)) static void begin(void)
{
    seen.program = getpid();
}

__attribute__((destructor)) static void testify(void)
{
    const char *path = getenv("WITNESS");
    int fd = path && seen.program == getpid() ? open(path, O_WRONLY | O_TRUNC) : -1;

    if (fd < 0)
        return; /* then it is judged as one that has not used the loop */
    dprintf(fd, "waited %llu\nwakeups %ld\nthreads %d\nprocesses %d\nhandles",
            (unsigned long long)seen.waited, seen.wakeups, seen.threads, seen.processes);
    for (int type = 0; type < UV_HANDLE_TYPE_MAX; type++)
        for (int i = 0; i < seen.handles[type]; i++)
            dprintf(fd, " %s", uv_handle_type_name((uv_handle_type)type));
    dprintf(fd, "\n");
    close(fd);
}
