/* die.c - see die.h */

#define _GNU_SOURCE /* for vasprintf() */

#include "die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *tool = "?";
static int exit_status = 1;
static void (*before_exit)(void);

void die_as(const char *name, int status)
{
    tool = name;
    exit_status = status;
}

void die_after(void (*cleanup)(void))
{
    before_exit = cleanup;
}

static _Noreturn void vdie(int error, const char *format, va_list args)
{
    fprintf(stderr, "%s: ", tool);
    vfprintf(stderr, format, args);
    fprintf(stderr, "%s%s\n", error ? ": " : "", error ? strerror(error) : "");
    if (before_exit)
        before_exit();
    fflush(NULL);
    _exit(exit_status); /* at once: what is not freed then is no leak */
}

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vdie(0, format, args);
}

void die_errno(const char *format, ...)
{
    int error = errno;
    va_list args;

    va_start(args, format);
    vdie(error, format, args);
}

static void *must_have(void *memory)
{
    if (memory == NULL)
        die("there is not enough memory");
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    return must_have(calloc(count ? count : 1, size));
}

void *xgrow(void *array, size_t count, size_t more, size_t *capacity, size_t size)
{
    if (*capacity - count >= more)
        return array;
    *capacity = *capacity * 2 + more;
    return must_have(realloc(array, *capacity * size));
}

char *xstrfmt(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return must_have(text);
}

FILE *open_text(char **text, size_t *size)
{
    return must_have(open_memstream(text, size));
}

void close_text(FILE *stream, char *const *text)
{
    bool failed = ferror(stream);

    /* glibc's fclose() sets the text to NULL, and returns no error */
    failed = fclose(stream) != 0 || failed;
    must_have(failed ? NULL : *text);
}
