/* recorder.c - stands between a program and libuv, inside of the program, and writes down
 * when each callback began and ended, and which handles are open (record.h).
 *
 * It is used in two ways. As a preloaded library its functions have libuv's names, and
 * come first. Linked in (TRACE_LINKED) they are called trace_uv_run and so on, and a
 * header made from calls.h lets the program call them.
 *
 * libuv gets our callbacks, which call the program's. Those of requests find them in the
 * request, in fields that libuv reserves and doesn't use on Unix; those of handles in a
 * table.
 *
 * Without trace, in a process forked by the program, and where a table is full, all is as
 * if this were not here: the program must not notice it. So: no signal, no thread, no
 * file that stays open, no memory of the program's allocator. */

#define _GNU_SOURCE
#include "record.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>
#include <uv.h>

#define HERE __builtin_frame_address(0)
#define CALLER __builtin_return_address(0)
#define UNPACK(...) __VA_ARGS__

/* What libuv provides: by its name, or as pointers that attach() looks up. */
#ifdef TRACE_LINKED
#define OURS(name) trace_##name
#define REAL(name) name
#define CALL(name) __typeof__(name) trace_##name;
#define FS(name, parameters, arguments) CALL(name)
#include "calls.h"
#else
#define OURS(name) name
#define REAL(name) real_##name
#define CALL(name) static __typeof__(&name) real_##name;
#define FS(name, parameters, arguments) CALL(name)
#include "calls.h"
CALL(uv_version)
CALL(uv_loop_alive)
CALL(uv_timer_get_repeat)
CALL(uv_unref)
#endif
#undef CALL
#undef FS

#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

enum { BUCKETS = 1 << 16, PAGE = 4096, WALKS = 256, MS = 1000000 };

/* A handle that is open; its index is that of what is said of it in the record. This is
 * our own memory, so that a forked process has it, too. */
struct handle {
    uintptr_t address;
    uint64_t due;
    const uintptr_t
        *slot; /* where the function whose local it is will return to, or NULL: */
    uintptr_t returns_to;  /* as long as it hasn't */
    uint32_t callbacks[3]; /* the usual one, alloc, close */
    uint32_t next;         /* in its bucket, or of those that may be used again */
};
enum { USUAL, ALLOC, CLOSE };

static struct trace_record *record; /* NULL: we are not here */
static atomic_bool attached;
static uintptr_t libuv_low, libuv_high;

static atomic_flag taken = ATOMIC_FLAG_INIT; /* guards what follows */
static struct handle handles[TRACE_HANDLES];
static uint32_t buckets[BUCKETS], unused, on_heap;
static uint16_t pages[BUCKETS]; /* how many handles are there, for free() */
static uintptr_t functions[TRACE_CALLBACKS];
static uint32_t callback_at[2 * TRACE_CALLBACKS];
static uint32_t place_at[2 * TRACE_PLACES];

static struct hooks {
    uv_prepare_t prepare;
    uv_check_t check;
} hooks[TRACE_LOOPS];

static THREAD_LOCAL struct trace_thread *self;
static THREAD_LOCAL int inside; /* of libuv, which may call its own functions */

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
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

/* The next index in a table of `most`, or 0. */
static uint32_t take(_Atomic uint32_t *count, uint32_t first, uint32_t most)
{
    uint32_t index = atomic_load(count) + first;

    if (index >= most) {
        atomic_fetch_add(&record->lost, 1);
        return 0;
    }
    atomic_fetch_add(count, 1);
    return index;
}

/* --- Where code is --- */

struct wanted {
    uintptr_t address;
    struct trace_module *found;
};

static int is_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct wanted *wanted = context;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + part->p_vaddr;

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || wanted->address < low ||
            wanted->address >= low + part->p_memsz)
            continue;
        wanted->found->low = low;
        wanted->found->high = low + part->p_memsz;
        wanted->found->bias = info->dlpi_addr;
        strncpy(wanted->found->path, info->dlpi_name, TRACE_PATH - 1);
        if (*info->dlpi_name == '\0' &&
            readlink("/proc/self/exe", wanted->found->path, TRACE_PATH - 1) < 0)
            *wanted->found->path = '\0';
        return 1;
    }
    return 0;
}

static bool find_module(uintptr_t address, struct trace_module *module)
{
    return dl_iterate_phdr(is_module, &(struct wanted){address, module}) != 0;
}

/* Not with the lock: it may call free(). */
static void note_module(uintptr_t address)
{
    uint32_t count = atomic_load(&record->modules);
    struct trace_module module = {0};

    for (uint32_t i = 0; i < count && i < TRACE_MODULES; i++)
        if (address >= record->module[i].low && address < record->module[i].high)
            return;
    if (count >= TRACE_MODULES || !find_module(address, &module))
        return;
    lock();
    count = atomic_load(&record->modules);
    if (count < TRACE_MODULES)
        record->module[count] = module;
    atomic_store(&record->modules, count + (count < TRACE_MODULES));
    unlock();
}

static uint32_t find_place(const uint64_t address[TRACE_CALLS], bool *is_new)
{
    uint64_t key = 0;
    uint32_t index = 0, slot;

    for (int i = 0; i < TRACE_CALLS; i++)
        key = (key ^ address[i]) * 31;
    lock();
    for (slot = hash(key) % (2 * TRACE_PLACES); place_at[slot] != 0;
         slot = (slot + 1) % (2 * TRACE_PLACES))
        if (memcmp(record->place[place_at[slot]].address, address,
                   sizeof record->place->address) == 0)
            break;
    *is_new = place_at[slot] == 0;
    if (*is_new) {
        place_at[slot] = take(&record->places, 1, TRACE_PLACES);
        memcpy(record->place[place_at[slot]].address, address,
               sizeof record->place->address);
    }
    index = place_at[slot];
    record->place[index].uses++;
    unlock();
    return index;
}

struct walk {
    uintptr_t caller;
    const void *local;     /* a variable of one of the callers, or NULL */
    const uintptr_t *slot; /* where the return address of that caller is */
    uint64_t address[TRACE_CALLS];
    int count;
};

static _Unwind_Reason_Code walk_up(struct _Unwind_Context *context, void *argument)
{
    struct walk *walk = argument;
    uintptr_t address = _Unwind_GetIP(context);

    if (walk->count > 0 || address == walk->caller)
        walk->address[walk->count++] = address;
#ifdef __x86_64__
    const uintptr_t *slot = (const uintptr_t *)_Unwind_GetCFA(context) - 1;

    if (walk->count > 1 && !walk->slot && (uintptr_t)walk->local < (uintptr_t)slot &&
        *slot == address)
        walk->slot = slot;
#endif
    return walk->count == TRACE_CALLS ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* Who called; and *slot for a local variable of one of the callers. Walking up the stack
 * takes 5 us, so it is not done for ever. */
static uint32_t note_place(const void *caller, const void *local, const uintptr_t **slot)
{
    struct walk walk = {.caller = (uintptr_t)caller, .local = local};
    uint64_t address[TRACE_CALLS] = {(uintptr_t)caller};
    bool is_new;
    uint32_t place = find_place(address, &is_new);

    if (is_new)
        note_module((uintptr_t)caller);
    if (record->place[place].uses > WALKS)
        return place;
    inside++;
    _Unwind_Backtrace(walk_up, &walk);
    inside--;
    if (slot)
        *slot = walk.slot;
    if (walk.count < 2)
        return place;
    place = find_place(walk.address, &is_new);
    for (int i = 0; is_new && i < walk.count; i++)
        note_module((uintptr_t)walk.address[i]);
    return place;
}

/* The index of a callback, or 0: then libuv gets the program's own. */
static uint32_t note_callback(uintptr_t function, enum trace_kind kind)
{
    uint32_t slot = hash(function + kind) % (2 * TRACE_CALLBACKS), index;
    bool is_new;

    if (function == 0)
        return 0;
    lock();
    while ((index = callback_at[slot]) != 0 &&
           (functions[index] != function || record->callback[index].kind != kind))
        slot = (slot + 1) % (2 * TRACE_CALLBACKS);
    is_new = index == 0;
    if (is_new &&
        (index = take(&record->callbacks, TRACE_FIRST_CALLBACK, TRACE_CALLBACKS)) != 0) {
        functions[index] = record->callback[index].function = function;
        record->callback[index].kind = kind;
        callback_at[slot] = index;
    }
    unlock();
    if (is_new)
        note_module(function);
    return index;
}

/* --- What a thread does --- */

static uint64_t processor_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

static struct trace_thread *this_thread(void)
{
    static struct trace_thread none; /* where there are too many */
    uint32_t index;

    if (self)
        return self == &none ? NULL : self;
    lock();
    index = take(&record->threads, 1, TRACE_THREADS);
    unlock();
    self = index ? &record->thread[index] : &none;
    if (index == 0)
        return NULL;
    pthread_attr_t attributes;
    void *low;
    size_t size;

    self->id = (uint64_t)syscall(SYS_gettid);
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
            self->stack_low = (uintptr_t)low;
            self->stack_high = (uintptr_t)low + size;
        }
        pthread_attr_destroy(&attributes);
    }
    self->read_at = now();
    self->cpu = processor_time();
    return self;
}

/* What a thread has used since it was last asked: asking takes longer than most
 * callbacks, which are taken to compute all the time. */
static uint64_t processor_share(struct trace_thread *thread, uint64_t start, uint64_t end)
{
    uint64_t used = end - start, cpu, since, before;

    if (used < MS)
        return used;
    cpu = processor_time();
    since = cpu - thread->cpu;
    before = start > thread->read_at ? start - thread->read_at : 0;
    since = since > before ? since - before : 0;
    used = since < used ? since : used;
    thread->cpu = cpu;
    thread->read_at = end;
    return used;
}

static void store(struct trace_thread *thread, uint32_t callback, uint64_t start,
                  uint64_t end, uint64_t due)
{
    uint64_t cpu = processor_share(thread, start, end);
    bool notable = callback != TRACE_WAIT &&
                   (end - start >= record->slow || (due && start > due + record->slow));
    uint32_t n = atomic_load_explicit(&record->events, memory_order_relaxed);

    atomic_fetch_add_explicit(&record->callback[callback].calls, 1, memory_order_relaxed);
    if (n >= TRACE_FIRST && (!notable || n >= TRACE_EVENTS)) {
        atomic_fetch_add_explicit(&record->lost, notable, memory_order_relaxed);
        return;
    }
    n = atomic_fetch_add(&record->events, 1);
    if (n < TRACE_EVENTS)
        record->event[n] =
            (struct trace_event){.start = start,
                                 .end = end,
                                 .due = due,
                                 .callback = callback,
                                 .cpu = (uint32_t)(cpu / 1000),
                                 .thread = (uint16_t)(thread - record->thread),
                                 .loop = thread->loop};
}

static void end_wait(struct trace_thread *thread, uint64_t t)
{
    if (thread->waits_since == 0)
        return;
    store(thread, TRACE_WAIT, thread->waits_since, t, 0);
    record->loop[thread->loop].waited += t - thread->waits_since;
    thread->waits_since = 0;
}

/* Something was started. If no loop runs, it can't be told about it. */
static void arm(struct trace_thread *thread, void *frame)
{
    if (thread && thread->loop == 0 && thread->now.callback == 0)
        thread->now = (struct trace_now){now(), (uintptr_t)frame, TRACE_OUTSIDE};
}

/* A callback that runs, and what it has interrupted. */
struct slice {
    struct trace_thread *thread;
    uint64_t due;
    struct trace_now before;
};

/* What is timed is the program's function alone: these are inlined around it. */
static inline void begin(struct slice *slice, uint32_t callback, uint64_t due,
                         void *frame)
{
    struct trace_thread *thread = record ? this_thread() : NULL;
    uint64_t t;

    slice->thread = callback ? thread : NULL;
    if (slice->thread == NULL)
        return;
    t = now();
    end_wait(thread, t);
    slice->due = due;
    slice->before = thread->now;
    thread->now.callback = 0; /* whoever looks finds it whole, or nothing */
    atomic_signal_fence(memory_order_seq_cst);
    thread->now.frame = (uintptr_t)frame;
    thread->now.start = t;
    atomic_signal_fence(memory_order_seq_cst);
    thread->now.callback = callback;
}

static inline void end(struct slice *slice)
{
    struct trace_thread *thread = slice->thread;

    if (thread == NULL || record == NULL)
        return;
    store(thread, thread->now.callback, thread->now.start, now(), slice->due);
    thread->now.callback = 0;
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
    struct trace_handle *said = &record->handle[handle - handles];
    uint32_t *link = &buckets[hash(handle->address) % BUCKETS];

    while (*link != (uint32_t)(handle - handles))
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
    unused = (uint32_t)(handle - handles);
}

/* Add a loop when it is first seen, before the program's own handles: of prepare and
 * check handles the first runs last. Ours are taken out of libuv's list of handles, so
 * that uv_walk(), uv_loop_close() and the like don't find them. */
static void on_prepare(uv_prepare_t *prepare);
static void on_check(uv_check_t *check);

static void hide(uv_handle_t *handle)
{
    void **links = (void **)&handle->handle_queue, **next = links[0],
         **previous = links[1];

    previous[0] = next;
    next[1] = previous;
    links[0] = links[1] = links;
}

static uint16_t find_loop(const uv_loop_t *loop)
{
    uint32_t count = atomic_load(&record->loops);

    for (uint32_t i = count; i > 0; i--)
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
    index = (uint16_t)take(&record->loops, 1, TRACE_LOOPS);
    unlock();
    if (index == 0)
        return 0;
    hook = &hooks[index];
    record->loop[index].address = (uintptr_t)loop;
    inside++;
    if (REAL(uv_prepare_init)(loop, &hook->prepare) == 0 &&
        REAL(uv_prepare_start)(&hook->prepare, on_prepare) == 0 &&
        REAL(uv_check_init)(loop, &hook->check) == 0 &&
        REAL(uv_check_start)(&hook->check, on_check) == 0) {
        REAL(uv_unref)((uv_handle_t *)&hook->prepare);
        REAL(uv_unref)((uv_handle_t *)&hook->check);
        hide((uv_handle_t *)&hook->prepare);
        hide((uv_handle_t *)&hook->check);
    }
    inside--;
    return index;
}

/* Whether the function whose local a handle is has returned: it lay below uv_run's own
 * frame, or there is another return address where that of the function was. */
static bool is_left(const struct handle *handle, const struct trace_thread *thread)
{
    if (handle->address < thread->stack_low || handle->address >= thread->stack_high)
        return false; /* another thread's */
    return (handle->slot && *handle->slot != handle->returns_to) ||
           (handle->address < thread->run_frame &&
            thread->run_frame < thread->stack_high);
}

/* A new handle; false where there is no room for it. */
static bool note_handle(void *address, enum trace_kind kind, uv_loop_t *loop,
                        const void *caller)
{
    struct trace_thread *thread = this_thread();
    uint16_t loop_index = note_loop(loop);
    const uintptr_t *slot = NULL;
    bool on_stack = thread && (uintptr_t)address >= thread->stack_low &&
                    (uintptr_t)address < thread->stack_high;
    uint32_t made = note_place(caller, address, on_stack ? &slot : NULL), index = unused;
    struct trace_handle *said;
    struct handle *handle;

    lock();
    handle = find(address);
    if (handle) { /* it was never closed: that stays in the record */
        said = &record->handle[handle - handles];
        if (said->freed_at == 0) {
            said->freed_at = now();
            if (!said->on_stack || thread == NULL || !is_left(handle, thread))
                said->again = 1;
            said->freed = made;
        }
        forget(handle);
    }
    if (index)
        unused = handles[index].next;
    else if ((index = take(&record->handles, 1, TRACE_HANDLES)) == 0)
        return unlock(), false;
    handle = &handles[index];
    said = &record->handle[index];
    *handle = (struct handle){
        .address = (uintptr_t)address, .slot = slot, .returns_to = slot ? *slot : 0};
    handle->next = buckets[hash(handle->address) % BUCKETS];
    buckets[hash(handle->address) % BUCKETS] = index;
    *said = (struct trace_handle){.made = made,
                                  .loop = loop_index,
                                  .kind = (uint8_t)kind,
                                  .state = TRACE_OPEN,
                                  .on_stack = on_stack};
    record->loop[loop_index].unchecked |= said->on_stack;
    record->made[kind]++;
    if (!said->on_stack) {
        ++*page_of(handle->address);
        on_heap++;
    }
    unlock();
    return true;
}

/* Remember a callback of a handle. False: libuv is to get the program's own. */
static bool set_callback(const void *address, int slot, uintptr_t function,
                         enum trace_kind kind, uint64_t due)
{
    uint32_t callback = note_callback(function, kind);
    struct handle *handle;

    lock();
    handle = callback ? find(address) : NULL;
    if (handle) {
        handle->callbacks[slot] = callback;
        handle->due = due;
    }
    unlock();
    return handle != NULL;
}

/* The program's own callback of a handle, which begins. */
static inline uintptr_t begin_handle(struct slice *slice, const void *address, int slot,
                                     void *frame)
{
    struct handle *handle;
    uint32_t callback = 0;
    uint64_t due = 0;

    lock();
    handle = find(address);
    if (handle) {
        callback = handle->callbacks[slot];
        due = slot == USUAL ? handle->due : 0;
        handle->due = 0;
        if (slot == CLOSE && record)
            forget(handle);
    }
    unlock();
    begin(slice, callback, due, frame);
    return functions[callback];
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

static void on_prepare(uv_prepare_t *prepare)
{
    uint16_t loop = (uint16_t)((struct hooks *)(void *)prepare - hooks);
    struct trace_thread *thread = record ? self : NULL;

    if (thread == NULL || thread->loop != loop)
        return;
    if (record->loop[loop].unchecked)
        look_at_stack(thread, loop);
    record->loop[loop].rounds++;
    thread->waits_since = now();
}

static void on_check(uv_check_t *check)
{
    (void)check;
    if (record && self && self->loop)
        end_wait(self, now());
}

/* Who frees a block with open handles in it. */
static void look_at_freed(void *block, const void *caller)
{
    uintptr_t low = ((uintptr_t)block + 7) / 8 * 8, found = 0;
    uintptr_t high = low + malloc_usable_size(block);
    uint32_t place;

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
    place = note_place(caller, NULL, NULL);
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

static void before_fork(void)
{
    lock();
}

static void after_fork(void)
{
    unlock();
}

static void after_fork_in_child(void)
{
    record = NULL;
    unlock();
}

/* The program's own children are none of our business. */
static void clean_environment(void)
{
    const char *list = getenv(TRACE_PRELOAD);
    const char *rest = list ? strpbrk(list, ": ") : NULL;

    unsetenv(TRACE_ENV);
#ifndef TRACE_LINKED
    if (rest)
        setenv(TRACE_PRELOAD, rest + 1, 1);
    else
        unsetenv(TRACE_PRELOAD);
#else
    (void)rest;
#endif
}

static void find_libuv(void)
{
#ifndef TRACE_LINKED
    void *lib = RTLD_NEXT;
    struct trace_module module;

    if (dlsym(lib, "uv_run") == NULL) /* it belongs to a plug-in */
        lib = dlopen("libuv.so.1", RTLD_LAZY | RTLD_NOLOAD);
#define CALL(name)                                                                       \
    if (real_##name == NULL)                                                             \
        real_##name = (__typeof__(real_##name))(uintptr_t)dlsym(lib, #name);
#define FS(name, parameters, arguments) CALL(name)
#include "calls.h"
    CALL(uv_version)
    CALL(uv_loop_alive)
    CALL(uv_timer_get_repeat)
    CALL(uv_unref)
#undef CALL
#undef FS
    if (real_uv_run && find_module((uintptr_t)real_uv_run, &module)) {
        libuv_low = module.low;
        libuv_high = module.high;
    }
#endif
}

static void open_record(void)
{
    const char *path = getenv(TRACE_ENV);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1, nobody = 0;
    struct trace_record *shared;

    if (fd < 0)
        return;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        return;
    if (!atomic_compare_exchange_strong(&shared->pid, &nobody, getpid())) {
        munmap(shared, sizeof *shared);
        return;
    }
    clean_environment();
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
    shared->libuv = REAL(uv_version)();
    shared->started = now();
    record = shared;
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

int OURS(uv_loop_init)(uv_loop_t *loop)
{
    bool traced = is_traced(CALLER);
    int result = REALLY(uv_loop_init, loop);
    uint16_t known = traced && result == 0 ? find_loop(loop) : 0;

    if (known)
        record->loop[known].address = 0; /* one that was never closed */
    return result;
}

int OURS(uv_loop_close)(uv_loop_t *loop)
{
    bool traced = is_traced(CALLER);
    int result = REALLY(uv_loop_close, loop);
    uint16_t known = traced && result == 0 ? find_loop(loop) : 0;

    if (known == 0)
        return result;
    record->loop[known].address = 0;
    lock();
    for (uint32_t i = atomic_load(&record->handles); i > 0; i--) {
        struct trace_handle *said = &record->handle[i];

        if (said->state && said->loop == known && said->freed_at == 0)
            forget(&handles[i]); /* libuv knows better: nothing of it is open */
    }
    unlock();
    return result;
}

int OURS(uv_run)(uv_loop_t *loop, uv_run_mode mode)
{
    struct trace_thread *thread = is_traced(CALLER) ? this_thread() : NULL;
    uint16_t index = thread ? note_loop(loop) : 0, outer_loop;
    uint64_t outer_frame, started;
    struct trace_now outer;
    int result;

    if (index == 0)
        return REAL(uv_run)(loop, mode);
    if (thread->now.callback == TRACE_OUTSIDE) {
        store(thread, TRACE_OUTSIDE, thread->now.start, now(), 0);
        thread->now.callback = 0;
    }
    outer = thread->now;
    outer_loop = thread->loop;
    outer_frame = thread->run_frame;
    thread->loop = index;
    thread->run_frame = (uintptr_t)HERE;
    record->loop[index].ran_until = UINT64_MAX;
    started = now();
    if (record->loop[index].unchecked)
        look_at_stack(thread, index);
    result = REAL(uv_run)(loop, mode);
    if (record == NULL)
        return result;
    end_wait(thread, now());
    thread->now = outer;
    thread->loop = outer_loop;
    thread->run_frame = outer_frame;
    record->loop[index].ran_until = now();
    record->loop[index].ran += record->loop[index].ran_until - started;
    if (outer_loop == 0 && REAL(uv_loop_alive)(loop))
        arm(thread, HERE);
    return result;
}

/* --- Callbacks of handles --- */

#define HANDLE(kind, slot, type, parameters, arguments)                                  \
    static void on_##kind(UNPACK parameters)                                             \
    {                                                                                    \
        struct slice slice;                                                              \
        uintptr_t function = begin_handle(&slice, handle, slot, HERE);                   \
                                                                                         \
        if (function)                                                                    \
            ((type)function)(UNPACK arguments);                                          \
        end(&slice);                                                                     \
    }

HANDLE(idle, USUAL, uv_idle_cb, (uv_idle_t * handle), (handle))
HANDLE(prepared, USUAL, uv_prepare_cb, (uv_prepare_t * handle), (handle))
HANDLE(checked, USUAL, uv_check_cb, (uv_check_t * handle), (handle))
HANDLE(async, USUAL, uv_async_cb, (uv_async_t * handle), (handle))
HANDLE(signal, USUAL, uv_signal_cb, (uv_signal_t * handle, int signal), (handle, signal))
HANDLE(poll, USUAL, uv_poll_cb, (uv_poll_t * handle, int status, int events),
       (handle, status, events))
HANDLE(connection, USUAL, uv_connection_cb, (uv_stream_t * handle, int status),
       (handle, status))
HANDLE(alloc, ALLOC, uv_alloc_cb, (uv_handle_t * handle, size_t size, uv_buf_t *buf),
       (handle, size, buf))
HANDLE(read, USUAL, uv_read_cb, (uv_stream_t * handle, ssize_t n, const uv_buf_t *buf),
       (handle, n, buf))
HANDLE(receive, USUAL, uv_udp_recv_cb,
       (uv_udp_t * handle, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
        unsigned flags),
       (handle, n, buf, from, flags))
HANDLE(fs_event, USUAL, uv_fs_event_cb,
       (uv_fs_event_t * handle, const char *name, int events, int status),
       (handle, name, events, status))
HANDLE(fs_poll, USUAL, uv_fs_poll_cb,
       (uv_fs_poll_t * handle, int status, const uv_stat_t *before,
        const uv_stat_t *after),
       (handle, status, before, after))
HANDLE(exited, USUAL, uv_exit_cb, (uv_process_t * handle, int64_t status, int signal),
       (handle, status, signal))
HANDLE(close, CLOSE, uv_close_cb, (uv_handle_t * handle), (handle))

static void on_timer(uv_timer_t *timer)
{
    struct slice slice;
    uintptr_t function = begin_handle(&slice, timer, USUAL, HERE);
    uint64_t repeat = REAL(uv_timer_get_repeat)(timer);

    if (repeat && slice.thread) {
        struct handle *handle;

        lock();
        handle = find(timer);
        if (handle)
            handle->due = slice.thread->now.start + repeat * MS;
        unlock();
    }
    if (function)
        ((uv_timer_cb)function)(timer);
    end(&slice);
}

/* A function that makes a handle. */
#define MAKES(name, kind, parameters, arguments)                                         \
    int OURS(name)(uv_loop_t * loop, UNPACK parameters)                                  \
    {                                                                                    \
        bool traced = is_traced(CALLER);                                                 \
        int result;                                                                      \
                                                                                         \
        if (traced) /* before its own handle, it gets ours */                            \
            note_loop(loop);                                                             \
        result = REALLY(name, loop, UNPACK arguments);                                   \
        if (traced && result == 0)                                                       \
            note_handle(handle, KIND_##kind, loop, CALLER);                              \
        return result;                                                                   \
    }

MAKES(uv_timer_init, timer, (uv_timer_t * handle), (handle))
MAKES(uv_idle_init, idle, (uv_idle_t * handle), (handle))
MAKES(uv_prepare_init, prepare, (uv_prepare_t * handle), (handle))
MAKES(uv_check_init, check, (uv_check_t * handle), (handle))
MAKES(uv_signal_init, signal, (uv_signal_t * handle), (handle))
MAKES(uv_poll_init, poll, (uv_poll_t * handle, int fd), (handle, fd))
MAKES(uv_poll_init_socket, poll, (uv_poll_t * handle, uv_os_sock_t fd), (handle, fd))
MAKES(uv_tcp_init, tcp, (uv_tcp_t * handle), (handle))
MAKES(uv_tcp_init_ex, tcp, (uv_tcp_t * handle, unsigned flags), (handle, flags))
MAKES(uv_pipe_init, pipe, (uv_pipe_t * handle, int ipc), (handle, ipc))
MAKES(uv_tty_init, tty, (uv_tty_t * handle, uv_file fd, int reads), (handle, fd, reads))
MAKES(uv_udp_init, udp, (uv_udp_t * handle), (handle))
MAKES(uv_udp_init_ex, udp, (uv_udp_t * handle, unsigned flags), (handle, flags))
MAKES(uv_fs_event_init, fs_event, (uv_fs_event_t * handle), (handle))
MAKES(uv_fs_poll_init, fs_poll, (uv_fs_poll_t * handle), (handle))

/* These two get their callback at once, so that the handle must be known before. Where it
 * then isn't made, it is forgotten. */
static int check_made(void *address, int result)
{
    struct handle *handle;

    lock();
    handle = find(address);
    if (result != 0 && handle && record)
        forget(handle);
    unlock();
    return result;
}

int OURS(uv_async_init)(uv_loop_t *loop, uv_async_t *handle, uv_async_cb cb)
{
    if (!is_traced(CALLER) || !note_handle(handle, KIND_async, loop, CALLER))
        return REALLY(uv_async_init, loop, handle, cb);
    if (set_callback(handle, USUAL, (uintptr_t)cb, KIND_async, 0))
        cb = on_async;
    return check_made(handle, REALLY(uv_async_init, loop, handle, cb));
}

int OURS(uv_spawn)(uv_loop_t *loop, uv_process_t *handle,
                   const uv_process_options_t *options)
{
    uv_process_options_t ours = *options;

    if (!is_traced(CALLER) || !note_handle(handle, KIND_process, loop, CALLER))
        return REALLY(uv_spawn, loop, handle, options);
    if (set_callback(handle, USUAL, (uintptr_t)ours.exit_cb, KIND_process, 0))
        ours.exit_cb = on_exited;
    arm(this_thread(), HERE);
    return check_made(handle, REALLY(uv_spawn, loop, handle, &ours));
}

/* A function that starts a handle, which is then called by its callback `cb`. */
#define STARTS(name, on, kind, type, before, after, arguments)                           \
    int OURS(name)(type * handle, UNPACK before UNPACK after)                            \
    {                                                                                    \
        if (is_traced(CALLER)) {                                                         \
            arm(this_thread(), HERE);                                                    \
            if (set_callback(handle, USUAL, (uintptr_t)cb, KIND_##kind, 0))              \
                cb = on_##on;                                                            \
        }                                                                                \
        return REALLY(name, handle, UNPACK arguments);                                   \
    }

STARTS(uv_idle_start, idle, idle, uv_idle_t, (uv_idle_cb cb), (), (cb))
STARTS(uv_prepare_start, prepared, prepare, uv_prepare_t, (uv_prepare_cb cb), (), (cb))
STARTS(uv_check_start, checked, check, uv_check_t, (uv_check_cb cb), (), (cb))
STARTS(uv_signal_start, signal, signal, uv_signal_t, (uv_signal_cb cb), (, int number),
       (cb, number))
STARTS(uv_signal_start_oneshot, signal, signal, uv_signal_t, (uv_signal_cb cb),
       (, int number), (cb, number))
STARTS(uv_poll_start, poll, poll, uv_poll_t, (int events, uv_poll_cb cb), (),
       (events, cb))
STARTS(uv_listen, connection, connection, uv_stream_t, (int backlog, uv_connection_cb cb),
       (), (backlog, cb))
STARTS(uv_fs_event_start, fs_event, fs_event, uv_fs_event_t, (uv_fs_event_cb cb),
       (, const char *path, unsigned flags), (cb, path, flags))
STARTS(uv_fs_poll_start, fs_poll, fs_poll, uv_fs_poll_t, (uv_fs_poll_cb cb),
       (, const char *path, unsigned ms), (cb, path, ms))

int OURS(uv_read_start)(uv_stream_t *handle, uv_alloc_cb alloc, uv_read_cb cb)
{
    if (is_traced(CALLER)) {
        arm(this_thread(), HERE);
        if (set_callback(handle, ALLOC, (uintptr_t)alloc, KIND_alloc, 0))
            alloc = on_alloc;
        if (set_callback(handle, USUAL, (uintptr_t)cb, KIND_read, 0))
            cb = on_read;
    }
    return REALLY(uv_read_start, handle, alloc, cb);
}

int OURS(uv_udp_recv_start)(uv_udp_t *handle, uv_alloc_cb alloc, uv_udp_recv_cb cb)
{
    if (is_traced(CALLER)) {
        arm(this_thread(), HERE);
        if (set_callback(handle, ALLOC, (uintptr_t)alloc, KIND_alloc, 0))
            alloc = on_alloc;
        if (set_callback(handle, USUAL, (uintptr_t)cb, KIND_receive, 0))
            cb = on_receive;
    }
    return REALLY(uv_udp_recv_start, handle, alloc, cb);
}

int OURS(uv_timer_start)(uv_timer_t *handle, uv_timer_cb cb, uint64_t ms, uint64_t repeat)
{
    if (is_traced(CALLER)) {
        arm(this_thread(), HERE);
        if (set_callback(handle, USUAL, (uintptr_t)cb, KIND_timer,
                         ms < UINT32_MAX ? now() + ms * MS : 0))
            cb = on_timer;
    }
    return REALLY(uv_timer_start, handle, cb, ms, repeat);
}

int OURS(uv_timer_again)(uv_timer_t *timer)
{
    if (is_traced(CALLER)) {
        struct handle *handle;

        lock();
        handle = find(timer);
        if (handle)
            handle->due = now() + REAL(uv_timer_get_repeat)(timer) * MS;
        unlock();
    }
    return REALLY(uv_timer_again, timer);
}

/* libuv is to call on_close even where the program wants no call: then we know, too. */
static uv_close_cb close_with(uv_handle_t *address, uv_close_cb cb)
{
    uint32_t callback = note_callback((uintptr_t)cb, KIND_close);
    struct handle *handle;

    lock();
    handle = cb == NULL || callback ? find(address) : NULL;
    if (handle) {
        handle->callbacks[CLOSE] = callback;
        record->handle[handle - handles].state = TRACE_CLOSING;
        cb = on_close;
    }
    unlock();
    return cb;
}

void OURS(uv_close)(uv_handle_t *handle, uv_close_cb cb)
{
    if (is_traced(CALLER))
        cb = close_with(handle, cb);
    inside++;
    REAL(uv_close)(handle, cb);
    inside--;
}

int OURS(uv_tcp_close_reset)(uv_tcp_t *handle, uv_close_cb cb)
{
    if (is_traced(CALLER))
        cb = close_with((uv_handle_t *)handle, cb);
    return REALLY(uv_tcp_close_reset, handle, cb);
}

/* --- Requests --- */

enum { FUNCTION, CALLBACK, WORK_FUNCTION, WORK_CALLBACK }; /* in reserved[] */

#define REQUEST(kind, type, parameters, arguments, at)                                   \
    static void on_##kind(UNPACK parameters)                                             \
    {                                                                                    \
        struct slice slice;                                                              \
        type function = (type)(uintptr_t)req->reserved[at];                              \
                                                                                         \
        begin(&slice, (uint32_t)(uintptr_t)req->reserved[at + 1], 0, HERE);              \
        function(UNPACK arguments);                                                      \
        end(&slice);                                                                     \
    }

REQUEST(write, uv_write_cb, (uv_write_t * req, int status), (req, status), FUNCTION)
REQUEST(shutdown, uv_shutdown_cb, (uv_shutdown_t * req, int status), (req, status),
        FUNCTION)
REQUEST(connect, uv_connect_cb, (uv_connect_t * req, int status), (req, status), FUNCTION)
REQUEST(send, uv_udp_send_cb, (uv_udp_send_t * req, int status), (req, status), FUNCTION)
REQUEST(fs, uv_fs_cb, (uv_fs_t * req), (req), FUNCTION)
REQUEST(getaddrinfo, uv_getaddrinfo_cb,
        (uv_getaddrinfo_t * req, int status, struct addrinfo *found),
        (req, status, found), FUNCTION)
REQUEST(getnameinfo, uv_getnameinfo_cb,
        (uv_getnameinfo_t * req, int status, const char *host, const char *service),
        (req, status, host, service), FUNCTION)
REQUEST(random, uv_random_cb, (uv_random_t * req, int status, void *buf, size_t size),
        (req, status, buf, size), FUNCTION)
REQUEST(after_work, uv_after_work_cb, (uv_work_t * req, int status), (req, status),
        FUNCTION)
REQUEST(work, uv_work_cb, (uv_work_t * req), (req), WORK_FUNCTION)

static bool set_request(void *reserved[], uintptr_t function, enum trace_kind kind)
{
    uint32_t callback = note_callback(function, kind);

    if (callback == 0)
        return false;
    reserved[FUNCTION] = (void *)function;
    reserved[CALLBACK] = (void *)(uintptr_t)callback;
    return true;
}

/* A function that starts a request. */
#define ASKS(result, name, kind, parameters, arguments)                                  \
    result OURS(name)(UNPACK parameters)                                                 \
    {                                                                                    \
        if (is_traced(CALLER) && cb) {                                                   \
            arm(this_thread(), HERE);                                                    \
            if (set_request(req->reserved, (uintptr_t)cb, KIND_##kind))                  \
                cb = on_##kind;                                                          \
        }                                                                                \
        ASK_##result(name, arguments)                                                    \
    }
#define ASK_int(name, arguments) return REALLY(name, UNPACK arguments);
#define ASK_void(name, arguments)                                                        \
    inside++;                                                                            \
    REAL(name)(UNPACK arguments);                                                        \
    inside--;

ASKS(int, uv_write, write,
     (uv_write_t * req, uv_stream_t *to, const uv_buf_t buf[], unsigned n,
      uv_write_cb cb),
     (req, to, buf, n, cb))
ASKS(int, uv_write2, write,
     (uv_write_t * req, uv_stream_t *to, const uv_buf_t buf[], unsigned n,
      uv_stream_t *sent, uv_write_cb cb),
     (req, to, buf, n, sent, cb))
ASKS(int, uv_shutdown, shutdown,
     (uv_shutdown_t * req, uv_stream_t *to, uv_shutdown_cb cb), (req, to, cb))
ASKS(int, uv_tcp_connect, connect,
     (uv_connect_t * req, uv_tcp_t *tcp, const struct sockaddr *to, uv_connect_cb cb),
     (req, tcp, to, cb))
ASKS(void, uv_pipe_connect, connect,
     (uv_connect_t * req, uv_pipe_t *pipe, const char *name, uv_connect_cb cb),
     (req, pipe, name, cb))
ASKS(int, uv_udp_send, send,
     (uv_udp_send_t * req, uv_udp_t *from, const uv_buf_t buf[], unsigned n,
      const struct sockaddr *to, uv_udp_send_cb cb),
     (req, from, buf, n, to, cb))
ASKS(int, uv_getaddrinfo, getaddrinfo,
     (uv_loop_t * loop, uv_getaddrinfo_t *req, uv_getaddrinfo_cb cb, const char *host,
      const char *service, const struct addrinfo *hints),
     (loop, req, cb, host, service, hints))
ASKS(int, uv_getnameinfo, getnameinfo,
     (uv_loop_t * loop, uv_getnameinfo_t *req, uv_getnameinfo_cb cb,
      const struct sockaddr *address, int flags),
     (loop, req, cb, address, flags))
ASKS(int, uv_random, random,
     (uv_loop_t * loop, uv_random_t *req, void *buf, size_t size, unsigned flags,
      uv_random_cb cb),
     (loop, req, buf, size, flags, cb))

int OURS(uv_queue_work)(uv_loop_t *loop, uv_work_t *req, uv_work_cb work,
                        uv_after_work_cb cb)
{
    if (is_traced(CALLER) && work) {
        arm(this_thread(), HERE);
        if (set_request(req->reserved + WORK_FUNCTION, (uintptr_t)work, KIND_work))
            work = on_work;
        if (cb && set_request(req->reserved, (uintptr_t)cb, KIND_after_work))
            cb = on_after_work;
    }
    return REALLY(uv_queue_work, loop, req, work, cb);
}

#define CALL(name)
#define FS(name, parameters, arguments)                                                  \
    ASKS(int, name, fs,                                                                  \
         (uv_loop_t * loop, uv_fs_t * req, UNPACK parameters, uv_fs_cb cb),              \
         (loop, req, UNPACK arguments, cb))
#include "calls.h"
