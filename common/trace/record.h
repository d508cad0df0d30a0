/* record.h - what the recorder, inside of a program, writes down for trace: a file that
 * both map, so that it outlives a crash. Times are CLOCK_MONOTONIC in ns, and 0 means
 * that there was none. Of a table index 0 is not used, or says that it was full. */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

#define TRACE_ENV "TRACE_RECORD" /* the path of that file */

enum {
    TRACE_CALLS = 4, /* how many calls a place remembers */
    TRACE_MODULES = 128,
    TRACE_LOOPS = 256,
    TRACE_THREADS = 256,
    TRACE_HANDLES = 1 << 17,
    TRACE_FIRST = 1 << 15,                  /* events of any kind; */
    TRACE_EVENTS = TRACE_FIRST + (1 << 15), /* behind them, those that are slow or late */
    TRACE_PATH = 232
};

/* Kinds of what a thread does: nothing that we know of, outside of uv_run while something
 * was started, waiting; of handles, and callbacks that handles don't have. */
/* clang-format off */
#define TRACE_KINDS \
    X(none) X(outside) X(wait) X(timer) X(idle) X(prepare) X(check) X(async) \
    X(signal) X(poll) X(tcp) X(pipe) X(tty) X(udp) X(fs_event) X(fs_poll) X(process) \
    X(close) X(connection) X(alloc) X(read) X(receive) X(write) X(shutdown) \
    X(connect) X(send) X(getaddrinfo) X(getnameinfo) X(work) X(after_work) X(random) \
    X(fs)
/* clang-format on */

#define X(name) KIND_##name,
enum trace_kind { TRACE_KINDS };
#undef X

enum { TRACE_OPEN = 1, TRACE_CLOSING, TRACE_REPLACED };

struct trace_module {
    uint64_t low, high, bias; /* its addresses; and where address 0 of its file is */
    char path[TRACE_PATH];
};

struct trace_place {
    uint64_t address[TRACE_CALLS]; /* return addresses, the innermost first */
};

struct trace_handle {
    uint64_t freed_at; /* when its memory was, or the function whose local it was left, */
    struct trace_place made, freed; /* or another was made there (TRACE_REPLACED) */
    uint16_t loop;
    uint8_t kind, state, on_stack;
};

struct trace_loop {
    uint64_t address, rounds, waited;
    uint64_t ran, ran_until; /* how long, and until when; UINT64_MAX: it does, */
    uint64_t ran_from;       /* since then */
    uint32_t unchecked;      /* it has got handles on a stack since they were looked at */
};

/* What a thread does. */
struct trace_now {
    uint64_t start, function, frame;
    uint32_t kind;
};

struct trace_thread {
    uint64_t id, stack_low, stack_high;
    struct trace_now now;
    uint64_t waits_since, run_frame; /* in the loop; of uv_run */
    uint64_t read_at, cpu, delay; /* what it had used and waited for when it was read */
    uint64_t seen;                /* the start of what trace has last seen it in */
    uint16_t loop;                /* that it runs */
};

struct trace_event {
    uint64_t start, end, due, function;
    uint32_t cpu, delay; /* us; how long it was kept waiting for a processor */
    uint16_t thread, loop, kind;
};

struct trace_record {
    _Atomic int pid;        /* whose record it is: the first process that uses libuv */
    uint32_t watched;       /* by trace; else it is of the last one */
    uint64_t started, slow; /* how long a callback takes that trace looks at */
    uint32_t active[64];    /* handles of each of libuv's types, the most when it ran */
    /* If it is linked in: what was started beside the loop, how often a poll handle's
     * callback was called, and for how long the program was kept waiting for a processor.
     */
    _Atomic uint32_t threads_started, works_started, processes_started, polls;
    uint64_t delay;
    _Atomic uint32_t modules, loops, threads, handles, events, lost;
    struct trace_module module[TRACE_MODULES]; /* from 0 */
    struct trace_loop loop[TRACE_LOOPS];
    struct trace_thread thread[TRACE_THREADS];
    struct trace_handle handle[TRACE_HANDLES];
    struct trace_event event[TRACE_EVENTS]; /* from 0 */
};

#endif
