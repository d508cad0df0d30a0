/* witness.c - who does the waiting? What is linked into each exercise, and notes how it
 * used the loop: which handles were active, for how long the loop waited and how often,
 * and who was started beside it. At the end of the program it is written into the file
 * that $WITNESS names (without it nothing is done):
 *
 *     waited 2203
 *     wakeups 4
 *     threads 0
 *     works 0
 *     processes 0
 *     handles timer timer poll
 *
 * A line that is printed after a sleep, after a call that blocks or by a thread may come
 * at the right time; but then it is not the loop that has waited.
 *
 * The functions here take the place of those with the same name, and call them. What is
 * said is ours: the program doesn't find $WITNESS, nor do those that it starts. */

#define _GNU_SOURCE /* for RTLD_NEXT and dladdr() */

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    char *path;      /* $WITNESS, or NULL */
    pid_t program;   /* its children end, too, and have nothing to say */
    long faults;     /* of processes that had ended when it began */
    uint64_t waited; /* ms */
    long wakeups;    /* after each of which there was something to do */
    int threads, works, processes;
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
    if (seen.path)
        note_handles(poll->loop);
    return result;
}

/* What the program, or those whose end it has waited for, used. */
static struct rusage used_by(int whom)
{
    struct rusage used = {0};

    getrusage(whom, &used);
    return used;
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    int (*run)(uv_loop_t *, uv_run_mode), measures, result;
    uint64_t start = uv_hrtime();

    *(void **)&run = original("uv_run");
    if (seen.path == NULL)
        return run(loop, mode);
    measures = uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    note_handles(loop);
    seen.wakeups -= used_by(RUSAGE_SELF).ru_nvcsw; /* so often it had to wait */
    result = run(loop, mode);
    seen.wakeups += used_by(RUSAGE_SELF).ru_nvcsw;
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

int uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb work,
                  uv_after_work_cb after)
{
    int (*queue)(uv_loop_t *, uv_work_t *, uv_work_cb, uv_after_work_cb);

    *(void **)&queue = original("uv_queue_work");
    seen.works++;
    return queue(loop, request, work, after);
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

/* For how long this program was kept waiting for a processor, in ms, which may have taken
 * as much from the loop's own waiting; at most 100, and 0 where the system does not tell.
 */
static uint64_t delayed(void)
{
    FILE *file = fopen("/proc/self/schedstat", "r");
    unsigned long long ns = 0;

    if (file && fscanf(file, "%*u %llu", &ns) != 1)
        ns = 0;
    if (file)
        fclose(file);
    return ns < 100000000 ? ns / 1000000 : 100;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WITNESS");

    seen.path = path ? strdup(path) : NULL;
    unsetenv("WITNESS");
    seen.program = getpid();
    seen.faults = used_by(RUSAGE_CHILDREN).ru_minflt;
}

__attribute__((destructor)) static void testify(void)
{
    bool is_ours = seen.path && seen.program == getpid();
    int fd = is_ours ? open(seen.path, O_WRONLY | O_TRUNC) : -1;

    if (fd < 0)
        return;              /* then it is judged as one that has not used the loop */
    if (seen.processes == 0) /* or else by system(), popen(), ... */
        seen.processes = used_by(RUSAGE_CHILDREN).ru_minflt > seen.faults;
    dprintf(fd, "waited %llu\nwakeups %ld\nthreads %d\nworks %d\nprocesses %d\nhandles",
            (unsigned long long)(seen.waited > 0 ? seen.waited + delayed() : 0),
            seen.wakeups, seen.threads, seen.works, seen.processes);
    for (int type = 0; type < UV_HANDLE_TYPE_MAX; type++)
        for (int i = 0; i < seen.handles[type]; i++)
            dprintf(fd, " %s", uv_handle_type_name((uv_handle_type)type));
    dprintf(fd, "\n");
    close(fd);
}
