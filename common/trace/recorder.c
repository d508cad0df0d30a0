/* recorder.c - stands between a program and libuv, inside of the program, and writes down
 * when each callback began and ended, and which handles are open (record.h).
 *
 * It is used in two ways. As a preloaded library its functions have libuv's names, and
 * come first. Linked in (TRACE_LINKED) the linker gives the program's calls to them
 * (--wrap).
 *
 * libuv gets our callbacks, which call the program's. Those of requests find them in the
 * request, in fields that libuv reserves and doesn't use on Unix; those of handles in a
 * table.
 *
 * Without a record, in a process forked by the program, and where a table is full, all is
 * as if this were not here: the program must not notice it. So: no signal, no thread, no
 * file that stays open, no memory of the program's allocator. */

#define _GNU_SOURCE
#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>
#include <uv.h>

#define HERE __builtin_frame_address(0)
#define CALLER __builtin_return_address(0)

/* Our functions, and libuv's: by their names, or as pointers that attach() looks up. */
#ifdef TRACE_LINKED
#define OURS(name) __wrap_##name
#define REAL(name) __real_##name
#define CALL(name) __typeof__(name) __wrap_##name, __real_##name;
#include "calls.h"
#define real_uv_unref uv_unref
#else
#define OURS(name) name
#define REAL(name) real_##name
#define COUNTS(name, what, parameters, arguments)
#define CALL(name) static __typeof__(&name) real_##name;
#include "calls.h"
static __typeof__(&uv_unref) real_uv_unref;
#endif

#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

enum { BUCKETS = 1 << 16, PAGE = 4096, CALLERS = 4096, WALKS = 256, MS = 1000000 };

/* A handle that is open; its index is that of what is said of it in the record. This is
 * our own memory, so that a forked process has it, too. */
enum { USUAL, ALLOC, CLOSE }; /* callbacks */
struct handle {
    uintptr_t address, functions[3];
    uint64_t due;
    uint32_t next; /* in its bucket, or of those that may be used again */
};

static struct trace_record *record; /* NULL: we are not here */
static atomic_bool attached;
static uintptr_t libuv_low, libuv_high;

static atomic_flag taken = ATOMIC_FLAG_INIT; /* guards what follows */
static struct handle handles[TRACE_HANDLES];
static uint32_t buckets[BUCKETS], unused, on_heap;
static uint16_t pages[BUCKETS]; /* how many handles are there, for free() */

static struct hooks {
    uv_prepare_t prepare;
    uv_check_t check;
} hooks[TRACE_LOOPS];

static THREAD_LOCAL struct trace_thread *self;
static THREAD_LOCAL bool is_watching; /* a poll handle was started */
static THREAD_LOCAL int inside;       /* of libuv, which may call its own functions */

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

static uint64_t now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire))
        sched_yield();
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&taken, memory_order_release);
}

static uint32_t hash(uint64_t value)
{
    return (uint32_t)((value * 0x9E3779B97F4A7C15u) >> 32);
}

/* Whether one more fits into a table of `most`; then it is counted. */
static bool take(_Atomic uint32_t *count, uint32_t most)
{
    if (atomic_load(count) + 1 < most)
        return atomic_fetch_add(count, 1), true;
    atomic_fetch_add(&record->lost, 1);
    return false;
}

/* --- Where code is --- */

/* Complete what is known of a module by one address, `low`. */
static int is_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct trace_module *found = context;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + part->p_vaddr;

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || found->low < low ||
            found->low >= low + part->p_memsz)
            continue;
        *found = (struct trace_module){low, low + part->p_memsz, info->dlpi_addr, ""};
        strncpy(found->path, info->dlpi_name, TRACE_PATH - 1);
        if (*found->path == '\0' &&
            readlink("/proc/self/exe", found->path, TRACE_PATH - 1) < 0)
            *found->path = '\0';
        return 1;
    }
    return 0;
}

/* Not with the lock: it may call free(). */
static void note_module(uintptr_t address)
{
    uint32_t count = atomic_load(&record->modules);
    struct trace_module module = {address, address + 1, 0, ""}; /* if it is in none */

    for (uint32_t i = 0; i < count; i++)
        if (address >= record->module[i].low && address < record->module[i].high)
            return;
    dl_iterate_phdr(is_module, &module);
    lock();
    count = atomic_load(&record->modules);
    if (count < TRACE_MODULES) {
        record->module[count] = module;
        atomic_store(&record->modules, count + 1);
    }
    unlock();
}

struct walk {
    uintptr_t caller;
    struct trace_place *place;
    int count;
};

static _Unwind_Reason_Code walk_up(struct _Unwind_Context *context, void *argument)
{
    struct walk *walk = argument;
    uintptr_t address = _Unwind_GetIP(context);

    if (walk->count > 0 || address == walk->caller)
        walk->place->address[walk->count++] = address;
    return walk->count == TRACE_CALLS ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* Who called. Walking up the stack takes 5 us, so it is not done for ever. */
static struct trace_place find_place(const void *caller)
{
    static _Atomic uint32_t walks[CALLERS];
    struct trace_place place = {{(uintptr_t)caller}};
    struct walk walk = {(uintptr_t)caller, &place, 0};

    if (atomic_fetch_add(&walks[hash((uintptr_t)caller) % CALLERS], 1) < WALKS) {
        inside++;
        _Unwind_Backtrace(walk_up, &walk);
        for (int i = 0; i < TRACE_CALLS && place.address[i]; i++)
            note_module((uintptr_t)place.address[i]);
        inside--;
    }
    return place;
}

/* --- What a thread does --- */

/* How long the kernel has kept this thread waiting for a processor. Not by the C library:
 * a thread could be cancelled there. */
static uint64_t read_delay(void)
{
    char text[64] = "", *space;
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/schedstat",
                      O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (syscall(SYS_read, fd, text, sizeof text - 1) < 0)
        *text = '\0';
    syscall(SYS_close, fd);
    space = strchr(text, ' ');
    return space ? strtoull(space, NULL, 10) : 0;
}

static struct trace_thread *this_thread(void)
{
    static struct trace_thread none; /* where there are too many */
    pthread_attr_t attributes;
    size_t size = 0;
    void *low = NULL;

    if (self)
        return self == &none ? NULL : self;
    lock();
    self =
        take(&record->threads, TRACE_THREADS) ? &record->thread[record->threads] : &none;
    unlock();
    if (self == &none)
        return NULL;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &low, &size);
        pthread_attr_destroy(&attributes);
    }
    self->stack_low = (uintptr_t)low;
    self->stack_high = (uintptr_t)low + size;
    self->delay = read_delay();
    self->read_at = now();
    self->cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
    self->id = (uint64_t)syscall(SYS_gettid);
    return self;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Complete an event. What a thread used and waited for is known since it was last asked:
 * asking takes longer than most callbacks, which are taken to compute all the time. */
static void add_usage(struct trace_thread *thread, struct trace_event *event)
{
    uint64_t took = event->end - event->start, cpu, delay, since, before;

    event->cpu = (uint32_t)(took / 1000);
    if (took < MS)
        return;
    cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
    delay = read_delay();
    since = cpu - thread->cpu;
    before = event->start > thread->read_at ? event->start - thread->read_at : 0;
    event->cpu = (uint32_t)(least(took, since - least(since, before)) / 1000);
    event->delay = (uint32_t)(least(took, delay - least(delay, thread->delay)) / 1000);
    if (record->watched && took >= record->slow && thread->seen != event->start)
        event->delay =
            (uint32_t)(took / 1000); /* trace was kept waiting, so we may, too */
    thread->cpu = cpu;
    thread->delay = delay;
    thread->read_at = event->end;
}

static void store(struct trace_thread *thread, struct trace_now what, uint64_t end,
                  uint64_t due)
{
    struct trace_event event = {.start = what.start,
                                .end = end,
                                .due = due,
                                .function = what.function,
                                .thread = (uint16_t)(thread - record->thread),
                                .loop = thread->loop,
                                .kind = (uint16_t)what.kind};
    bool notable = what.kind != KIND_wait && (end - what.start >= record->slow ||
                                              (due && what.start > due + record->slow));
    uint32_t n = atomic_load_explicit(&record->events, memory_order_relaxed);

    add_usage(thread, &event);
    if (n < TRACE_FIRST || notable)
        n = atomic_fetch_add(&record->events, 1);
    if (n < TRACE_FIRST || (notable && n < TRACE_EVENTS))
        record->event[n] = event;
    else
        atomic_fetch_add_explicit(&record->lost, notable, memory_order_relaxed);
}

static void end_wait(struct trace_thread *thread)
{
    uint64_t t = thread->waits_since ? now() : 0;

    if (t == 0)
        return;
    store(thread, (struct trace_now){.start = thread->waits_since, .kind = KIND_wait}, t,
          0);
    record->loop[thread->loop].waited += t - thread->waits_since;
    thread->waits_since = 0;
}

/* Something was started. If no loop runs, it can't be told about it. */
static void arm(struct trace_thread *thread, void *frame)
{
    if (thread && thread->loop == 0 && thread->now.kind == KIND_none)
        thread->now = (struct trace_now){now(), 0, (uintptr_t)frame, KIND_outside};
}

/* A callback that runs, and what it has interrupted. */
struct slice {
    struct trace_thread *thread;
    uint64_t due;
    struct trace_now before;
};

/* What is timed is the program's function alone: these are inlined around it. */
static inline void begin(struct slice *slice, uintptr_t function, uint32_t kind,
                         uint64_t due, void *frame)
{
    struct trace_thread *thread = record && function ? this_thread() : NULL;

    slice->thread = thread;
    if (thread == NULL)
        return;
    end_wait(thread);
    record->polls += kind == KIND_poll;
    slice->due = due;
    slice->before = thread->now;
    thread->now.kind = KIND_none; /* whoever looks finds it whole, or nothing */
    atomic_signal_fence(memory_order_seq_cst);
    thread->now.function = function;
    thread->now.frame = (uintptr_t)frame;
    thread->now.start = now();
    atomic_signal_fence(memory_order_seq_cst);
    thread->now.kind = kind;
}

static inline void end(struct slice *slice)
{
    struct trace_thread *thread = slice->thread;

    if (thread == NULL || record == NULL)
        return;
    store(thread, thread->now, now(), slice->due);
    thread->now.kind = KIND_none;
    atomic_signal_fence(memory_order_seq_cst);
    thread->now = slice->before;
}

/* --- Handles --- */

/* With the lock, as all that returns a handle. */
static struct handle *find(const void *address)
{
    uint32_t i = buckets[hash((uintptr_t)address) % BUCKETS];

    while (i != 0 && handles[i].address != (uintptr_t)address)
        i = handles[i].next;
    return i ? &handles[i] : NULL;
}

static uint16_t *page_of(uintptr_t address)
{
    return &pages[hash(address / PAGE) % BUCKETS];
}

/* It is not known by its address any more. What the record says of it stays when its
 * memory was gone too early. */
static void forget(struct handle *handle)
{
    uint32_t index = (uint32_t)(handle - handles);
    uint32_t *link = &buckets[hash(handle->address) % BUCKETS];
    struct trace_handle *said = &record->handle[index];

    while (*link != index)
        link = &handles[*link].next;
    *link = handle->next;
    if (!said->on_stack) {
        --*page_of(handle->address);
        on_heap--;
    }
    if (said->freed_at != 0)
        return;
    said->state = 0;
    handle->next = unused;
    unused = index;
}

/* Add a loop when it is first seen, before the program's own handles: of prepare and
 * check handles the first runs last. Ours are taken out of libuv's list of handles, so
 * that uv_walk(), uv_loop_close() and the like don't find them. */
#ifdef TRACE_LINKED
static void count_active(uv_handle_t *handle, void *active)
{
    if (handle->type < UV_HANDLE_TYPE_MAX && uv_is_active(handle)) /* else it is broken */
        ((uint32_t *)active)[handle->type]++;
}
#endif

/* Of each kind, the most that were active when a loop was run, or began to watch a file
 * descriptor. */
static void note_active(uv_loop_t *loop)
{
#ifdef TRACE_LINKED
    uint32_t active[UV_HANDLE_TYPE_MAX] = {0};

    uv_walk(loop, count_active, active);
    for (int type = 0; type < UV_HANDLE_TYPE_MAX; type++)
        if (active[type] > record->active[type])
            record->active[type] = active[type];
#else
    (void)loop;
#endif
}

static void before_wait(uv_prepare_t *prepare);
static void after_wait(uv_check_t *check);

static void hide(uv_handle_t *handle)
{
    void **links = (void **)&handle->handle_queue, **next = links[0],
         **previous = links[1];

    real_uv_unref(handle);
    previous[0] = next;
    next[1] = previous;
    links[0] = links[1] = links;
}

static uint16_t find_loop(const uv_loop_t *loop)
{
    for (uint32_t i = atomic_load(&record->loops); i > 0; i--)
        if (record->loop[i].address == (uintptr_t)loop)
            return (uint16_t)i;
    return 0;
}

static uint16_t note_loop(uv_loop_t *loop)
{
    uint16_t index = find_loop(loop);
    struct hooks *hook;

    if (index != 0)
        return index;
    lock();
    index = take(&record->loops, TRACE_LOOPS) ? (uint16_t)record->loops : 0;
    unlock();
    if (index == 0)
        return 0;
    hook = &hooks[index];
    record->loop[index].address = (uintptr_t)loop;
    inside++;
    if (REAL(uv_prepare_init)(loop, &hook->prepare) == 0 &&
        REAL(uv_prepare_start)(&hook->prepare, before_wait) == 0 &&
        REAL(uv_check_init)(loop, &hook->check) == 0 &&
        REAL(uv_check_start)(&hook->check, after_wait) == 0) {
        hide((uv_handle_t *)&hook->prepare);
        hide((uv_handle_t *)&hook->check);
    }
    inside--;
    return index;
}

/* Whether the function whose local a handle is has returned: it lies below uv_run's own
 * frame. */
static bool is_left(const struct handle *handle, const struct trace_thread *thread)
{
    return handle->address >= thread->stack_low && handle->address < thread->run_frame &&
           thread->run_frame < thread->stack_high;
}

/* A handle that was never closed, and there is another in its place: that stays in the
 * record. */
static void replace(struct handle *handle, struct trace_place place,
                    struct trace_thread *thread)
{
    struct trace_handle *said = &record->handle[handle - handles];

    if (said->freed_at == 0) {
        said->freed_at = now();
        said->freed = place;
        if (!said->on_stack || thread == NULL || !is_left(handle, thread))
            said->state = TRACE_REPLACED;
    }
    forget(handle);
}

static void note_handle(void *address, enum trace_kind kind, uv_loop_t *loop,
                        const void *caller)
{
    struct trace_thread *thread = this_thread();
    uint16_t loop_index = note_loop(loop);
    bool on_stack = thread && (uintptr_t)address >= thread->stack_low &&
                    (uintptr_t)address < thread->stack_high;
    struct trace_place made = find_place(caller);
    uint32_t index;
    struct handle *handle;

    lock();
    handle = find(address);
    if (handle)
        replace(handle, made, thread);
    index = unused ? unused : take(&record->handles, TRACE_HANDLES) ? record->handles : 0;
    handle = &handles[index];
    if (unused)
        unused = handle->next;
    if (index) {
        uint32_t *bucket = &buckets[hash((uintptr_t)address) % BUCKETS];

        *handle = (struct handle){.address = (uintptr_t)address, .next = *bucket};
        *bucket = index;
        record->handle[index] = (struct trace_handle){.made = made,
                                                      .loop = loop_index,
                                                      .kind = (uint8_t)kind,
                                                      .state = TRACE_OPEN,
                                                      .on_stack = on_stack};
        record->loop[loop_index].unchecked |= on_stack;
        *page_of(handle->address) += !on_stack;
        on_heap += !on_stack;
    }
    unlock();
}

/* Remember a callback of a handle. False: libuv is to get the program's own. */
static bool set_callback(const void *address, int which, uintptr_t function)
{
    struct handle *handle;

    if (function)
        note_module(function);
    lock();
    handle = function || which == CLOSE ? find(address) : NULL;
    if (handle)
        handle->functions[which] = function;
    if (handle && which == CLOSE)
        record->handle[handle - handles].state = TRACE_CLOSING;
    unlock();
    return handle != NULL;
}

/* When a timer is due: so many ms after that. */
static void set_due(const void *timer, uint64_t from, uint64_t ms)
{
    struct handle *handle;

    lock();
    handle = find(timer);
    if (handle)
        handle->due = ms < UINT32_MAX ? from + ms * MS : 0;
    unlock();
}

/* The program's own callback of a handle, which begins. */
static inline uintptr_t begin_handle(struct slice *slice, const void *address,
                                     enum trace_kind kind, void *frame)
{
    int which = kind == KIND_alloc ? ALLOC : kind == KIND_close ? CLOSE : USUAL;
    uintptr_t function = 0;
    struct handle *handle;
    uint64_t due = 0, repeat;

    lock();
    handle = find(address);
    if (handle) {
        function = handle->functions[which];
        due = which == USUAL ? handle->due : 0;
        repeat = kind == KIND_timer ? ((const uv_timer_t *)address)->repeat : 0;
        handle->due = repeat ? now() + repeat * MS : 0;
        if (which == CLOSE && record)
            forget(handle);
    }
    unlock();
    begin(slice, function, kind, due, frame);
    return function;
}

static void look_at_stack(struct trace_thread *thread, uint16_t loop)
{
    record->loop[loop].unchecked = 0;
    lock();
    for (uint32_t i = atomic_load(&record->handles); i > 0; i--) {
        struct trace_handle *said = &record->handle[i];

        if (said->state && said->on_stack && said->freed_at == 0 && said->loop == loop &&
            is_left(&handles[i], thread))
            said->freed_at = now();
    }
    unlock();
}

static void before_wait(uv_prepare_t *prepare)
{
    uint16_t loop = (uint16_t)((struct hooks *)(void *)prepare - hooks);
    struct trace_thread *thread = record ? self : NULL;

    if (thread == NULL || thread->loop != loop)
        return;
    if (record->loop[loop].unchecked)
        look_at_stack(thread, loop);
    record->loop[loop].rounds++;
    if (is_watching) { /* a poll handle is active before its first wait */
        is_watching = false;
        note_active(prepare->loop);
    }
    thread->waits_since = now();
}

static void after_wait(uv_check_t *check)
{
    (void)check;
    if (record && self && self->loop)
        end_wait(self);
}

/* Who frees a block with open handles in it. */
static void look_at_freed(void *block, const void *caller)
{
    uintptr_t low = ((uintptr_t)block + 7) / 8 * 8, found = 0;
    uintptr_t high = low + malloc_usable_size(block);
    struct trace_place place;

    lock();
    for (uintptr_t at = low, next; at < high && found == 0; at = next) {
        next = (at / PAGE + 1) * PAGE;
        if (*page_of(at) != 0)
            for (; at < next && at < high && found == 0; at += 8)
                found = find((void *)at) ? at : 0;
    }
    unlock();
    if (found == 0)
        return;
    place = find_place(caller);
    lock();
    for (uintptr_t at = found; at < high; at += 8) {
        struct handle *handle = find((void *)at);
        struct trace_handle *said = handle ? &record->handle[handle - handles] : NULL;

        if (said && said->freed_at == 0) {
            said->freed_at = now();
            said->freed = place;
        }
    }
    unlock();
}

/* --- The beginning, and a fork --- */

static void after_fork_in_child(void)
{
    record = NULL;
    unlock();
}

/* The program's own children are none of our business. */
static void clean_environment(void)
{
    const char *list = getenv("LD_PRELOAD");
    const char *rest = list ? strpbrk(list, ": ") : NULL;

    unsetenv(TRACE_ENV);
#ifdef TRACE_LINKED
    (void)rest;
#else
    if (rest)
        setenv("LD_PRELOAD", rest + 1, 1);
    else
        unsetenv("LD_PRELOAD");
#endif
}

static void find_libuv(void)
{
#ifndef TRACE_LINKED
    struct trace_module libuv = {0};
    void *lib = RTLD_NEXT;

    if (dlsym(lib, "uv_run") == NULL) /* it belongs to a plug-in */
        lib = dlopen("libuv.so.1", RTLD_LAZY | RTLD_NOLOAD);
#define CALL(name)                                                                       \
    if (real_##name == NULL)                                                             \
        real_##name = (__typeof__(real_##name))(uintptr_t)dlsym(lib, #name);
    CALL(uv_unref)
#define COUNTS(name, what, parameters, arguments)
#include "calls.h"
    libuv.low = (uintptr_t)real_uv_run;
    dl_iterate_phdr(is_module, &libuv);
    libuv_low = libuv.low;
    libuv_high = libuv.high;
#endif
}

/* The record that trace watches is of the first process that uses libuv. One that nobody
 * watches is an empty file at first, and then of the last. */
static void open_record(void)
{
    const char *path = getenv(TRACE_ENV);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1, nobody = 0;
    struct trace_record *shared = MAP_FAILED;
    struct stat file;

    if (fd < 0)
        return;
    if (fstat(fd, &file) == 0 &&
        ((size_t)file.st_size == sizeof *shared || ftruncate(fd, sizeof *shared) == 0))
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED && !shared->watched && shared->pid != 0 &&
        kill(shared->pid, 0) != 0 && errno == ESRCH && ftruncate(fd, 0) == 0 &&
        ftruncate(fd, sizeof *shared) != 0)
        return;
    close(fd);
    if (shared == MAP_FAILED ||
        !atomic_compare_exchange_strong(&shared->pid, &nobody, getpid()))
        return;
    clean_environment();
    pthread_atfork(lock, unlock, after_fork_in_child);
    shared->started = now();
    record = shared;
    note_module(getauxval(AT_ENTRY)); /* in which main is */
}

static void attach(void)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&one);
    if (!atomic_load(&attached)) {
        find_libuv();
        open_record();
        atomic_store(&attached, true);
    }
    pthread_mutex_unlock(&one);
}

#ifdef TRACE_LINKED
/* How often memory was mapped for the children whose end was waited for. */
static long faults_of_children(void)
{
    struct rusage used = {0};

    getrusage(RUSAGE_CHILDREN, &used);
    return used.ru_minflt;
}

static long faults_before;

/* From the start, so that the program doesn't find the record's name. */
__attribute__((constructor)) static void begin_record(void)
{
    faults_before = faults_of_children();
    if (getenv(TRACE_ENV))
        attach();
}

/* What only the end can tell: processes that system(), popen() and others have started,
 * and the delay. */
__attribute__((destructor)) static void end_record(void)
{
    if (record == NULL || record->pid != getpid())
        return;
    if (record->processes_started == 0)
        record->processes_started = faults_of_children() > faults_before;
    record->delay = read_delay();
}
#endif

/* Whether a call from there is the program's, and is to be recorded. libuv calls its own
 * functions, too. */
static bool is_traced(const void *caller)
{
    if (!atomic_load_explicit(&attached, memory_order_acquire))
        attach();
    return record && inside == 0 &&
           ((uintptr_t)caller < libuv_low || (uintptr_t)caller >= libuv_high);
}

/* What libuv returns, while it may call its own functions. */
#define REALLY(name, ...)                                                                \
    __extension__({                                                                      \
        inside++;                                                                        \
        __typeof__(REAL(name)(__VA_ARGS__)) result_ = REAL(name)(__VA_ARGS__);           \
        inside--;                                                                        \
        result_;                                                                         \
    })

void OURS(free)(void *block)
{
#ifndef TRACE_LINKED
    static THREAD_LOCAL bool searching;

    if (real_free == NULL) {
        if (searching)
            return; /* dlsym()'s own */
        searching = true;
        real_free = (__typeof__(real_free))(uintptr_t)dlsym(RTLD_NEXT, "free");
        searching = false;
    }
#endif
    if (block && record && on_heap > 0 && inside == 0)
        look_at_freed(block, CALLER);
    REAL(free)(block);
}

/* --- The loop --- */

int OURS(uv_loop_close)(uv_loop_t *loop)
{
    bool traced = is_traced(CALLER);
    int result = REALLY(uv_loop_close, loop);

    if (traced && result == 0)
        record->loop[find_loop(loop)].address = 0;
    return result;
}

int OURS(uv_run)(uv_loop_t *loop, uv_run_mode mode)
{
    struct trace_thread *thread = is_traced(CALLER) ? this_thread() : NULL, outer;
    uint16_t index = thread ? note_loop(loop) : 0;
    int result;

    if (index == 0)
        return REAL(uv_run)(loop, mode);
    if (thread->now.kind == KIND_outside) {
        store(thread, thread->now, now(), 0);
        thread->now.kind = KIND_none;
    }
    note_active(loop);
    outer = *thread;
    thread->loop = index;
    thread->run_frame = (uintptr_t)HERE;
    record->loop[index].ran_until = UINT64_MAX;
    record->loop[index].ran_from = now();
    if (record->loop[index].unchecked)
        look_at_stack(thread, index);
    result = REAL(uv_run)(loop, mode);
    if (record == NULL)
        return result;
    end_wait(thread);
    thread->now = outer.now;
    thread->loop = outer.loop;
    thread->run_frame = outer.run_frame;
    record->loop[index].ran_until = now();
    record->loop[index].ran +=
        record->loop[index].ran_until - record->loop[index].ran_from;
    if (result != 0) /* something is still active */
        arm(thread, HERE);
    return result;
}

/* --- Callbacks --- */

enum { FUNCTION, WORK }; /* in the reserved[] of a request */

#define HANDLE(of, parameters, arguments)                                                \
    static void on_##of(UNPACK parameters)                                               \
    {                                                                                    \
        struct slice slice;                                                              \
        uintptr_t function = begin_handle(&slice, handle, KIND_##of, HERE);              \
                                                                                         \
        if (function)                                                                    \
            ((__typeof__(&on_##of))function)(UNPACK arguments);                          \
        end(&slice);                                                                     \
    }
#define REQUEST(of, parameters, arguments)                                               \
    static void on_##of(UNPACK parameters)                                               \
    {                                                                                    \
        struct slice slice;                                                              \
        uintptr_t function =                                                             \
            (uintptr_t)req->reserved[KIND_##of == KIND_work ? WORK : FUNCTION];          \
                                                                                         \
        begin(&slice, function, KIND_##of, 0, HERE);                                     \
        ((__typeof__(&on_##of))function)(UNPACK arguments);                              \
        end(&slice);                                                                     \
    }
#define CALL(name)
#include "calls.h"

static uv_alloc_cb set_alloc(const void *handle, uv_alloc_cb alloc)
{
    return set_callback(handle, ALLOC, (uintptr_t)alloc) ? on_alloc : alloc;
}

int OURS(uv_timer_again)(uv_timer_t *timer)
{
    if (is_traced(CALLER))
        set_due(timer, now(), timer->repeat);
    return REALLY(uv_timer_again, timer);
}

void OURS(uv_close)(uv_handle_t *handle, uv_close_cb cb)
{
    /* on_close even where the program wants no call: then we know, too */
    if (is_traced(CALLER) && set_callback(handle, CLOSE, (uintptr_t)cb))
        cb = on_close;
    inside++;
    REAL(uv_close)(handle, cb);
    inside--;
}

int OURS(uv_tcp_close_reset)(uv_tcp_t *handle, uv_close_cb cb)
{
    if (is_traced(CALLER) && set_callback(handle, CLOSE, (uintptr_t)cb))
        cb = on_close;
    return REALLY(uv_tcp_close_reset, handle, cb);
}

/* The same for a request. */
static bool set_request(void *reserved[], int which, uintptr_t function)
{
    if (function == 0)
        return false;
    note_module(function);
    arm(this_thread(), HERE);
    reserved[which] = (void *)function;
    return true;
}

void OURS(uv_pipe_connect)(uv_connect_t *req, uv_pipe_t *pipe, const char *name,
                           uv_connect_cb cb)
{
    if (is_traced(CALLER) && set_request(req->reserved, FUNCTION, (uintptr_t)cb))
        cb = on_connect;
    inside++;
    REAL(uv_pipe_connect)(req, pipe, name, cb);
    inside--;
}

int OURS(uv_queue_work)(uv_loop_t *loop, uv_work_t *req, uv_work_cb work,
                        uv_after_work_cb cb)
{
    if (is_traced(CALLER)) {
        if (set_request(req->reserved, WORK, (uintptr_t)work))
            work = on_work;
        if (set_request(req->reserved, FUNCTION, (uintptr_t)cb))
            cb = on_after_work;
        atomic_fetch_add(&record->works_started, 1);
    }
    return REALLY(uv_queue_work, loop, req, work, cb);
}

/* --- All the others --- */

#define CALL(name)
#define MAKES(name, kind, parameters, arguments, then)                                   \
    int OURS(name)(uv_loop_t * loop, UNPACK parameters)                                  \
    {                                                                                    \
        bool traced = is_traced(CALLER);                                                 \
        int result;                                                                      \
                                                                                         \
        if (traced) /* before its own handle, it gets ours */                            \
            note_loop(loop);                                                             \
        result = REALLY(name, loop, UNPACK arguments);                                   \
        if (traced && result == 0) {                                                     \
            note_handle(handle, KIND_##kind, loop, CALLER);                              \
            then;                                                                        \
        }                                                                                \
        return result;                                                                   \
    }
/* These two get their callback when they are made. */
#define SET(field, cb, ours)                                                             \
    if (set_callback(handle, USUAL, (uintptr_t)(cb)))                                    \
    handle->field = ours
#define STARTS(name, kind, type, parameters, arguments, first)                           \
    int OURS(name)(type * handle, UNPACK parameters)                                     \
    {                                                                                    \
        if (is_traced(CALLER)) {                                                         \
            arm(this_thread(), HERE);                                                    \
            first;                                                                       \
            if (set_callback(handle, USUAL, (uintptr_t)cb))                              \
                cb = on_##kind;                                                          \
        }                                                                                \
        return REALLY(name, handle, UNPACK arguments);                                   \
    }
#define ASKS(name, kind, parameters, arguments)                                          \
    int OURS(name)(UNPACK parameters)                                                    \
    {                                                                                    \
        if (is_traced(CALLER) && set_request(req->reserved, FUNCTION, (uintptr_t)cb))    \
            cb = on_##kind;                                                              \
        return REALLY(name, UNPACK arguments);                                           \
    }
/* A thread or a process that the program itself starts, and no library. */
#ifdef TRACE_LINKED
#define COUNTS(name, what, parameters, arguments)                                        \
    int OURS(name)(UNPACK parameters)                                                    \
    {                                                                                    \
        if (is_traced(CALLER))                                                           \
            atomic_fetch_add(&record->what##_started, 1);                                \
        return REALLY(name, UNPACK arguments);                                           \
    }
#endif
#include "calls.h"
