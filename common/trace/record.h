/* record.h - what the recorder, inside of a program, writes down for trace: a file that
 * both map, so that it outlives a crash. Times are CLOCK_MONOTONIC in ns, and 0 means
 * that there was none. An index of 0 means nothing, or that the table was full. */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

#define TRACE_ENV "TRACE_RECORD" /* the path of that file */
#define TRACE_PRELOAD "LD_PRELOAD"

enum {
    TRACE_CALLS = 4, /* how many calls a place remembers */
    TRACE_MODULES = 128,
    TRACE_PLACES = 4096,
    TRACE_CALLBACKS = 4096,
    TRACE_LOOPS = 256,
    TRACE_THREADS = 256,
    TRACE_HANDLES = 1 << 18,
    TRACE_FIRST = 1 << 15,                  /* events of any kind; */
    TRACE_EVENTS = TRACE_FIRST + (1 << 15), /* behind them, those that are slow or late */
    TRACE_PATH = 232
};

/* Indexes of callbacks that are none: outside of uv_run while something was started, and
 * waiting. */
enum { TRACE_OUTSIDE = 1, TRACE_WAIT, TRACE_FIRST_CALLBACK };

/* Names of kinds of handles, and of callbacks that handles don't have. */
/* clang-format off */
#define TRACE_KINDS \
    X(none) X(timer) X(idle) X(prepare) X(check) X(async) X(signal) X(poll) X(tcp) X(pipe) X(tty) \
    X(udp) X(fs_event) X(fs_poll) X(process) X(close) X(connection) X(alloc) X(read) X(receive) \
    X(write) X(shutdown) X(connect) X(send) X(getaddrinfo) X(getnameinfo) X(work) X(after_work) \
    X(random) X(fs)
/* clang-format on */

#define X(name) KIND_##name,
enum trace_kind { TRACE_KINDS };
#undef X

enum { TRACE_OPEN = 1, TRACE_CLOSING };

struct trace_module {
    uint64_t low, high, bias; /* its addresses; and where address 0 of its file is */
    char path[TRACE_PATH];
};

struct trace_place {
    uint64_t address[TRACE_CALLS]; /* return addresses, the innermost first */
    uint32_t uses;
};

struct trace_callback {
    uint64_t function;
    _Atomic uint64_t calls;
    uint32_t kind;
};

struct trace_handle {
    uint64_t freed_at; /* its memory, or the function whose local it was; or, `again`, */
    uint32_t made, freed; /* when another was made in its place */
    uint16_t loop;
    uint8_t kind, state, on_stack, again;
};

struct trace_loop {
    uint64_t address, rounds, waited;
    uint64_t ran, ran_until; /* how long, and until when; UINT64_MAX: it does */
    uint32_t unchecked;      /* it has got handles on a stack since they were looked at */
};

/* What a thread does: inside of a callback, or outside of uv_run. */
struct trace_now {
    uint64_t start, frame;
    uint32_t callback;
};

struct trace_thread {
    uint64_t id, stack_low, stack_high;
    struct trace_now now;
    uint64_t waits_since, run_frame; /* in the loop; of uv_run */
    uint64_t read_at, cpu;           /* its processor time, and when it was read */
    uint16_t loop;                   /* that it runs */
};

struct trace_event {
    uint64_t start, end, due;
    uint32_t callback, cpu; /* us */
    uint16_t thread, loop;
};

struct trace_record {
    _Atomic int pid; /* whose record it is: the first process that uses libuv */
    uint32_t libuv;  /* uv_version() */
    uint64_t started, slow;
    uint64_t made[64]; /* handles of each kind */
    _Atomic uint32_t modules, places, callbacks, loops, threads, handles, events, lost;
    struct trace_module module[TRACE_MODULES];
    struct trace_place place[TRACE_PLACES];
    struct trace_callback callback[TRACE_CALLBACKS];
    struct trace_loop loop[TRACE_LOOPS];
    struct trace_thread thread[TRACE_THREADS];
    struct trace_handle handle[TRACE_HANDLES];
    struct trace_event event[TRACE_EVENTS];
};

#endif
