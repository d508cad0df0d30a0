/* starved.c - what tests/bench/starved puts in front of a program (LD_PRELOAD): its Nth
 * allocation ($FAIL_AT) since the start of main fails, and a crash tells in which
 * libraries it happened. For glibc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

typedef int main_function(int argc, char *argv[], char *environment[]);

static main_function *real_main;
static atomic_long allocations, fail_at; /* 0: none */
static char reached[256];                /* a directory that is made when it fails */
static int errors = STDERR_FILENO;

static int fails(void)
{
    if (fail_at == 0 || ++allocations != fail_at)
        return 0;
    mkdir(reached, 0700);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}

static void tell(const char *text)
{
    if (write(errors, text, strlen(text)) < 0)
        _exit(125);
}

/* "crash: 11 libuv.so.1 print_async libc.so.6": innermost first. */
static void on_crash(int signal)
{
    void *frames[64];
    int count = backtrace(frames, 64);
    const char *last = "";
    Dl_info place;

    tell(signal == SIGABRT ? "crash: 6" : "crash: 11");
    for (int i = 2; i < count; i++) { /* after this function and the kernel's frame */
        if (dladdr(frames[i], &place) == 0 || strcmp(place.dli_fname, last) == 0)
            continue;
        last = place.dli_fname;
        tell(" ");
        tell(strrchr(last, '/') ? strrchr(last, '/') + 1 : last);
    }
    tell("\n");
    raise(signal); /* SA_RESETHAND, SA_NODEFER */
}

static int starved_main(int argc, char *argv[], char *environment[])
{
    struct sigaction crash = {.sa_handler = on_crash,
                              .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    const char *number = getenv("FAIL_AT"), *directory = getenv("FAIL_REACHED");
    void *frame;

    backtrace(&frame, 1); /* loads what it needs */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &crash, NULL);
    if (directory)
        strncpy(reached, directory, sizeof reached - 1);
    unsetenv("LD_PRELOAD"); /* what it starts is not concerned */
    if (number &&
        atol(number) > 0) /* who closes stderr can still tell, if files suffice */
        errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
    fail_at = number ? atol(number) : 0;
    return real_main(argc, argv, environment);
}

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    int (*next)(main_function *, int, char **, void (*)(void), void (*)(void),
                void (*)(void), void *);

    *(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return next(starved_main, argc, argv, init, fini, rtld_fini, stack_end);
}
