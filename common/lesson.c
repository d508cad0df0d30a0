/* lesson.c - see lesson.h */

#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Held while a line is printed. (Not flockfile(stdout), which would do as well:
 * ThreadSanitizer does not know it, and would see races where there are none.) */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
/* ns, uv_hrtime(); the origin of all stamps, guarded by one_at_a_time */
static uint64_t first_line;

/* A fork waits until no thread is in the middle of a line: in the child there
 * would be nobody to finish it. */
static void before_fork(void)
{
    pthread_mutex_lock(&one_at_a_time);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&one_at_a_time);
}

static void after_fork_in_child(void)
{
    pthread_mutex_unlock(&one_at_a_time);
    signal(SIGPIPE, SIG_DFL);
}

/* Before main: a reader that is gone shall be an error that we can report
 * (EPIPE), not a signal that ends the program without a word; libuv 1.44 does
 * not see to that. A child process gets the usual behaviour back. */
__attribute__((constructor)) static void ignore_broken_pipes(void)
{
    signal(SIGPIPE, SIG_IGN);
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* Before main: when the program was started with one of its three standard
 * files closed, the next file to be opened, perhaps the loop's own, would get
 * its number, and our lines would go there. For stdout the place is taken by
 * something that can't be written, so that say() still notices. */
__attribute__((constructor)) static void occupy_closed_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

const char *program_name(void)
{
    static char path[1024];
    size_t size = sizeof path;
    const char *slash;

    if (uv_exepath(path, &size) != 0)
        return "lesson";
    slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static _Noreturn void stop(const char *what, int error)
{
    fprintf(stderr, "%s: cannot %s: %s\n", program_name(), what, uv_strerror(error));
    exit(EXIT_FAILURE);
}

int must(const char *what, ssize_t result)
{
    if (result < 0)
        stop(what, (int)result);
    return (int)result;
}

int must_errno(const char *what, ssize_t returned)
{
    if (returned < 0)
        stop(what, uv_translate_sys_error(errno));
    return (int)returned;
}

/* Write all of it, however often the system takes only a part, and wait for a
 * terminal that somebody else made non-blocking. */
static void write_all(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, text, size);

        if (written >= 0) {
            text += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            stop("write to stdout", uv_translate_sys_error(errno));
        }
    }
}

/* "[ 0.75] ", the time since the first line. Written anew only when it has
 * changed, for programs that print a hundred thousand lines a second. */
static const char *time_stamp(void)
{
    static char stamp[32];
    static uint64_t stamped = UINT64_MAX;
    uint64_t now = uv_hrtime(), hundredths;

    if (first_line == 0)
        first_line = now;
    hundredths = (now - first_line + 5000000) / 10000000; /* rounded */
    if (hundredths != stamped)
        snprintf(stamp, sizeof stamp, "[%2" PRIu64 ".%02" PRIu64 "] ", hundredths / 100,
                 hundredths % 100);
    stamped = hundredths;
    return stamp;
}

/* Print a stamp (the time, or `instead` of it) and a text as one line and in
 * one write, so that threads and processes never mix their lines. */
static void print_line(const char *instead, const char *format, va_list args)
{
    char usual[256], *line = usual;
    const char *stamp;
    size_t start, size;
    int text_size;
    va_list again;

    pthread_mutex_lock(&one_at_a_time);
    stamp = time_stamp();
    if (instead)
        stamp = instead;
    start = strlen(stamp);
    va_copy(again, args);
    text_size = vsnprintf(usual + start, sizeof usual - start, format, args);
    if (text_size < 0)
        stop("print a line", uv_translate_sys_error(errno));
    size = start + (size_t)text_size + 1;
    if (size > sizeof usual) {
        line = malloc(size);
        if (line == NULL)
            stop("print a long line", UV_ENOMEM);
        vsnprintf(line + start, size - start, format, again);
    }
    va_end(again);
    memcpy(line, stamp, start);
    line[size - 1] = '\n'; /* in the place of the final 0 */
    write_all(line, size);
    if (line != usual)
        free(line);
    pthread_mutex_unlock(&one_at_a_time);
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line(NULL, format, args);
    va_end(args);
}

void say_untimed(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line("[  -  ] ", format, args);
    va_end(args);
}

void measure(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line("~ ", format, args);
    va_end(args);
}

/* The parentheses keep the name from being replaced by our own. What libuv doesn't tell,
 * a second loop does, which fails in the same way. If it doesn't, whatever was lacking is
 * there again. */
uv_loop_t *default_loop(void)
{
    uv_loop_t *loop = (uv_default_loop)(), second;

    if (loop == NULL) {
        must("make the event loop", uv_loop_init(&second));
        must("make the event loop", UV_EAGAIN);
    }
    return loop;
}

static void report_open(uv_handle_t *handle, void *found)
{
    fprintf(stderr, "%s: left a handle open: %s\n", program_name(),
            uv_handle_type_name(handle->type));
    *(bool *)found = true;
}

void run_and_close(void)
{
    bool found = false;

    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    uv_walk(uv_default_loop(), report_open, &found);
    if (found)
        exit(EXIT_FAILURE);
    must("close the loop", uv_loop_close(uv_default_loop()));
}

static _Noreturn void show_usage(const struct number numbers[], int count)
{
    fprintf(stderr, "usage: %s", program_name());
    for (int i = 0; i < count; i++)
        fprintf(stderr, " [%s", numbers[i].name);
    for (int i = 0; i < count; i++)
        fprintf(stderr, "]");
    for (int i = 0; i < count; i++)
        fprintf(stderr, ", %s from %d to %d", numbers[i].name, numbers[i].least,
                numbers[i].most);
    fprintf(stderr, "\n");
    exit(2);
}

/* strtol() alone would take " 4", "+4" and "". */
static bool read_number(const char *text, struct number *number)
{
    long value;

    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    value = strtol(text, NULL, 10);
    if (errno != 0 || value < number->least || value > number->most)
        return false;
    number->value = (int)value;
    return true;
}

void read_numbers(int argc, char *argv[], struct number numbers[], int count)
{
    for (int i = 1; i < argc; i++)
        if (i > count || !read_number(argv[i], &numbers[i - 1]))
            show_usage(numbers, count);
}
