/* watch.c - see watch.h
 *
 * The program isn't disturbed. A thread that sleeps or waits lies still: /proc says
 * where, and its stack is read from outside. One that computes is stopped for a moment by
 * ptrace, which is no signal, cuts no sleep short, and is left at once. Where either
 * isn't allowed, or there is no /proc, we see nothing. */

#define _GNU_SOURCE
#include "watch.h"

#include "../die.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SAMPLES = 4096, STACK_WORDS = 1 << 15 };

struct registers {
    uint64_t pc, sp;
};

/* Of a thread that waits in the system: false if it runs. */
static bool read_sleeping(int pid, uint64_t thread, struct registers *at)
{
    char path[96], text[256], *pc, *sp;
    ssize_t size;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/task/%" PRIu64 "/syscall", pid, thread);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    pc = strrchr(text, ' '); /* "... SP PC", or "running" */
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

    if (ptrace(PTRACE_SEIZE, id, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, id, 0, 0) != 0 ||
        waitpid(id, &status, __WALL) != id)
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

static size_t read_memory(int pid, uint64_t from, void *to, size_t size)
{
    struct iovec here = {to, size}, there = {(void *)(uintptr_t)from, size};
    ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);

    return got > 0 ? (size_t)got : 0;
}

/* Whether a call stands before that address. *called is what it calls, or 0. */
static bool is_call(int pid, uint64_t address, uint64_t *called)
{
    unsigned char code[8];
    int32_t last;

    *called = 0;
    if (read_memory(pid, address - sizeof code, code, sizeof code) != sizeof code)
        return false;
    memcpy(&last, code + 4, sizeof last);
#if defined __x86_64__
    if (code[3] == 0xe8)
        *called = address + (uint64_t)(int64_t)last;
    for (int i = 1; i <= 6; i++)
        if (code[i] == 0xff && (code[i + 1] & 0x38) == 0x10)
            return true;
#elif defined __aarch64__
    if (((uint32_t)last & 0xfc000000) == 0x94000000)
        *called = address - 4 + (uint64_t)(int64_t)((int32_t)((uint32_t)last << 6) >> 4);
    if (((uint32_t)last & 0xfffffc1f) == 0xd63f0000)
        return true;
#endif
    return *called != 0;
}

static bool is_code(const struct trace_record *record, uint64_t address)
{
    for (uint32_t i = 0; i < record->modules && i < TRACE_MODULES; i++)
        if (address > record->module[i].low && address <= record->module[i].high)
            return true;
    return false;
}

/* What is on the stack below `top`. Of the words there some were left by calls that are
 * over: the report finds out. */
static void read_stack(const struct trace_record *record, struct registers at,
                       uint64_t top, struct sample *sample)
{
    static uint64_t words[STACK_WORDS];
    size_t size = top - at.sp < sizeof words ? top - at.sp : sizeof words;

    for (size_t i = read_memory(record->pid, at.sp, words, size) / sizeof *words;
         i-- > 0 && sample->count < SAMPLE_CALLS - 1;)
        if (is_code(record, words[i]) &&
            is_call(record->pid, words[i], &sample->called[sample->count]))
            sample->at[sample->count++] = words[i] - 1;
    sample->called[sample->count] = 0;
    sample->at[sample->count++] = at.pc;
}

static void take_sample(struct watch *watch, const struct trace_record *record,
                        uint32_t index, const struct trace_now *in)
{
    const struct trace_thread *thread = &record->thread[index];
    struct sample sample = {.thread = index, .start = in->start};
    uint64_t top = in->kind == KIND_outside ? thread->stack_high : in->frame;
    struct registers at, again;
    int pid = record->pid, signal = 0;
    bool stopped = false;

    if (!read_sleeping(pid, thread->id, &at) &&
        !(stopped = stop_running(watch, thread->id, &at, &signal)))
        return;
    if (at.sp >= thread->stack_low && at.sp < top && top <= thread->stack_high)
        read_stack(record, at, top, &sample);
    if (stopped)
        ptrace(PTRACE_DETACH, (pid_t)thread->id, 0, (long)signal);
    else if (!read_sleeping(pid, thread->id, &again) || again.sp != at.sp ||
             again.pc != at.pc)
        return;
    if (sample.count == 0 || thread->now.start != in->start)
        return;
    watch->samples =
        xgrow(watch->samples, watch->count, 1, &watch->capacity, sizeof sample);
    watch->samples[watch->count++] = sample;
}

void watch_look(struct watch *watch, struct trace_record *record)
{
    struct timespec t;

    for (uint32_t i = 1; i <= record->threads && i < TRACE_THREADS; i++) {
        volatile struct trace_thread *thread = &record->thread[i];
        struct trace_now in = thread->now;

        if (thread->id == 0 || in.kind == KIND_none || in.kind != thread->now.kind ||
            in.start != thread->now.start)
            continue;
        thread->seen = in.start;
        clock_gettime(CLOCK_MONOTONIC, &t);
        if ((uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec >=
                in.start + record->slow / 2 &&
            watch->count < MOST_SAMPLES)
            take_sample(watch, record, i, &in);
    }
}
