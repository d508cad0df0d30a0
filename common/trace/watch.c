/* watch.c - see watch.h
 *
 * The program isn't disturbed. A thread that sleeps or waits lies still: /proc says
 * where, and its stack is read from outside. One that computes is stopped for a moment by
 * ptrace, which is no signal, cuts no sleep short, and is left at once. Where either
 * isn't allowed, or there is no /proc, we see nothing. */

#define _GNU_SOURCE
#include "watch.h"

#include "../die.h"
#include "symbols.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

enum {
    MOST_SAMPLES = 4096,
    MOST_DELAYS = 1 << 16,
    STACK = 1 << 18, /* bytes */
    WORD = sizeof(uint64_t),
};

/* What we remember of a thread from one look to the next. */
static struct seen {
    uint64_t start;          /* of what it was in */
    uint64_t before, latest; /* its delay until then, and at the last look */
} seen[TRACE_THREADS];

static bool read_file(int pid, uint64_t thread, const char *name, char *text, size_t size)
{
    char path[96];
    int fd;
    ssize_t got;

    snprintf(path, sizeof path, "/proc/%d/task/%" PRIu64 "/%s", pid, thread, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    got = read(fd, text, size - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* --- Where it is --- */

struct registers {
    uint64_t pc, sp;
};

/* Of a thread that waits in the system: false if it runs. */
static bool read_sleeping(int pid, uint64_t thread, struct registers *at)
{
    char text[256], *pc, *sp;

    if (!read_file(pid, thread, "syscall", text, sizeof text) || *text == 'r')
        return false;
    pc = strrchr(text, ' '); /* "... SP PC" */
    if (pc == NULL)
        return false;
    *pc++ = '\0';
    sp = strrchr(text, ' ');
    at->pc = strtoull(pc, NULL, 16);
    at->sp = sp ? strtoull(sp, NULL, 16) : 0;
    return true;
}

/* Of one that runs. It is stopped until it is let go: *signal then is what it has got
 * meanwhile. */
static bool stop_running(struct watch *watch, uint64_t thread, struct registers *at,
                         int *signal)
{
    struct user_regs_struct all = {0};
    struct iovec where = {&all, sizeof all};
    pid_t id = (pid_t)thread;
    int status;

    if (ptrace(PTRACE_SEIZE, id, 0, 0) != 0)
        return false;
    if (ptrace(PTRACE_INTERRUPT, id, 0, 0) != 0 || waitpid(id, &status, __WALL) != id)
        return false;
    if (!WIFSTOPPED(status)) {
        if (id == watch->child)
            watch->status = status;
        watch->ended |= id == watch->child;
        return false;
    }
    *signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
    ptrace(PTRACE_GETREGSET, id, NT_PRSTATUS, &where);
#if defined __x86_64__
    *at = (struct registers){all.rip, all.rsp};
#elif defined __aarch64__
    *at = (struct registers){all.pc, all.sp};
#else
    *at = (struct registers){0};
#endif
    return true;
}

struct stack {
    int pid;
    size_t count;
    uint64_t words[STACK / WORD];
};

/* What is called by the instruction before a return address: 0 if a pointer is followed,
 * or it is no call at all, which *is_call says. */
static uint64_t called_before(int pid, uint64_t address, bool *is_call)
{
    unsigned char code[8] = {0};
    struct iovec here = {code, sizeof code};
    struct iovec there = {(void *)(uintptr_t)(address - sizeof code), sizeof code};
    int32_t distance;

    *is_call = false;
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof code)
        return 0;
    memcpy(&distance, code + 4, sizeof distance);
#if defined __x86_64__
    *is_call = code[3] == 0xe8;
    if (*is_call)
        return address + (uint64_t)(int64_t)distance;
    for (int i = 1; i <= 6; i++)
        *is_call |= code[i] == 0xff && (code[i + 1] & 0x38) == 0x10;
#elif defined __aarch64__
    *is_call = ((uint32_t)distance & 0xfc000000) == 0x94000000;
    if (*is_call)
        return address - 4 + (uint64_t)(int64_t)((int32_t)((uint32_t)distance << 6) >> 4);
    *is_call = ((uint32_t)distance & 0xfffffc1f) == 0xd63f0000;
#endif
    return 0;
}

/* From the function at the top, which is known, down to where it is. A word on the stack
 * is taken for a return address only if it is in the function that was called last: what
 * earlier calls have left there is not, and so this needs no frame pointers. */
static void walk_stack(const struct stack *stack, uint64_t low, uint64_t high,
                       uint64_t pc, struct sample *sample)
{
    for (size_t i = stack->count; i-- > 0;) {
        uint64_t word = stack->words[i], target;
        bool is_call;

        if (word <= low || word > high)
            continue;
        target = called_before(stack->pid, word, &is_call);
        if (!is_call)
            continue;
        sample->inner = word - 1;
        if (sample->outer == 0)
            sample->outer = sample->inner;
        if (!symbols_find_function(target, &low, &high))
            return; /* of another module */
    }
    if (pc >= low && pc < high)
        sample->inner = pc;
    if (sample->outer == 0)
        sample->outer = sample->inner;
}

static void read_stack(struct stack *stack, uint64_t low, uint64_t high)
{
    struct iovec here = {stack->words, high - low < STACK ? high - low : STACK};
    struct iovec there = {(void *)(uintptr_t)low, here.iov_len};
    ssize_t got = process_vm_readv(stack->pid, &here, 1, &there, 1, 0);

    stack->count = got > 0 ? (size_t)got / WORD : 0;
}

/* The function that is at the top: the callback, or main. */
static bool find_top(const struct trace_record *record, int pid, uint32_t callback,
                     uint64_t thread, uint64_t *low, uint64_t *high)
{
    symbols_take_modules(record);
    if (callback != TRACE_OUTSIDE)
        return symbols_find_function(record->callback[callback].function, low, high);
    if (thread != (uint64_t)pid)
        return false;
    symbols_read_maps(pid);
    return symbols_find_main(low, high);
}

static void take_sample(struct watch *watch, const struct trace_record *record, int pid,
                        uint32_t index, const struct trace_now *in)
{
    static struct stack stack;
    const struct trace_thread *thread = &record->thread[index];
    uint64_t top = in->callback == TRACE_OUTSIDE ? thread->stack_high : in->frame, low,
             high;
    struct sample sample = {.thread = index, .start = in->start};
    struct registers at, again;
    int signal = 0;
    bool stopped = false;

    if (!find_top(record, pid, in->callback, thread->id, &low, &high))
        return;
    stack.pid = pid;
    if (!read_sleeping(pid, thread->id, &at) &&
        !(stopped = stop_running(watch, thread->id, &at, &signal)))
        return;
    stack.count = 0;
    if (at.sp >= thread->stack_low && at.sp < top && top <= thread->stack_high)
        read_stack(&stack, at.sp, top);
    walk_stack(&stack, low, high, at.pc, &sample);
    if (stopped)
        ptrace(PTRACE_DETACH, (pid_t)thread->id, 0, (long)signal);
    else if (!read_sleeping(pid, thread->id, &again) || again.sp != at.sp ||
             again.pc != at.pc)
        return;
    if (sample.outer == 0 || thread->now.start != in->start)
        return;
    watch->samples = xgrow(watch->samples, watch->sample_count, 1,
                           &watch->sample_capacity, sizeof sample);
    watch->samples[watch->sample_count++] = sample;
}

/* --- How long it was kept waiting --- */

static uint64_t read_delay(int pid, uint64_t thread)
{
    char text[128];
    uint64_t delay = 0;

    if (read_file(pid, thread, "schedstat", text, sizeof text))
        sscanf(text, "%*u %" SCNu64, &delay);
    return delay;
}

static void note_delay(struct watch *watch, uint32_t thread, uint64_t now)
{
    struct seen *was = &seen[thread];

    if (was->start == 0 || watch->delay_count == MOST_DELAYS)
        return;
    watch->delays = xgrow(watch->delays, watch->delay_count, 1, &watch->delay_capacity,
                          sizeof *watch->delays);
    watch->delays[watch->delay_count++] =
        (struct delay){thread, was->start, now > was->before ? now - was->before : 0};
}

static void look_at(struct watch *watch, const struct trace_record *record, int pid,
                    uint32_t index)
{
    const volatile struct trace_thread *thread = &record->thread[index];
    struct seen *was = &seen[index];
    struct trace_now in = thread->now;
    struct timespec t;
    uint64_t delay, age;

    if (in.callback != thread->now.callback || in.start != thread->now.start)
        return;
    if (in.callback == 0)
        in.start = 0;
    if (in.start == 0 && was->start == 0 && thread->waits_since != 0)
        return; /* it waits in the loop */
    delay = read_delay(pid, thread->id);
    if (in.start != was->start) {
        note_delay(watch, index, delay);
        was->start = in.start;
        was->before = was->latest;
    }
    was->latest = delay ? delay : was->latest;
    clock_gettime(CLOCK_MONOTONIC, &t);
    age = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec - in.start;
    if (in.start != 0 && age >= record->slow / 2 && watch->sample_count < MOST_SAMPLES)
        take_sample(watch, record, pid, index, &in);
}

void watch_look(struct watch *watch, const struct trace_record *record, int pid)
{
    for (uint32_t i = 1; i <= record->threads && i < TRACE_THREADS; i++)
        if (record->thread[i].id != 0)
            look_at(watch, record, pid, i);
}

static int compare_delays(const void *a, const void *b)
{
    const struct delay *one = a, *two = b;

    if (one->start != two->start)
        return one->start < two->start ? -1 : 1;
    return (one->thread > two->thread) - (one->thread < two->thread);
}

void watch_end(struct watch *watch)
{
    for (uint32_t i = 1; i < TRACE_THREADS; i++)
        note_delay(watch, i, seen[i].latest);
    if (watch->delay_count > 0)
        qsort(watch->delays, watch->delay_count, sizeof *watch->delays, compare_delays);
}

bool watch_has_seen(const struct watch *watch, uint32_t thread, uint64_t start)
{
    const struct delay wanted = {.thread = thread, .start = start};

    return watch->delay_count > 0 && bsearch(&wanted, watch->delays, watch->delay_count,
                                             sizeof wanted, compare_delays);
}
