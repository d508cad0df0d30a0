/* die.c - see die.h */

#include "die.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

void die(const char *format, ...)
{
    va_list args;

    fputs("check: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
    fflush(NULL);
    _exit(2); /* at once: what is not freed then is no leak */
}

static _Noreturn void die_of_no_memory(void)
{
    die("there is not enough memory");
}

void *room_for(size_t count, size_t size)
{
    void *room = calloc(count + 1, size);

    if (room == NULL)
        die_of_no_memory();
    return room;
}

char *format(const char *format, ...)
{
    va_list args, again;
    char *text;
    int size;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        die_of_no_memory();
    text = room_for((size_t)size, 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

FILE *open_text(char **text, size_t *size)
{
    FILE *stream = open_memstream(text, size);

    if (stream == NULL)
        die_of_no_memory();
    return stream;
}

void close_text(FILE *stream, char *const *text)
{
    /* glibc's fclose() sets the text to NULL, and says nothing of it */
    if ((ferror(stream) | fclose(stream)) != 0 || *text == NULL)
        die_of_no_memory();
}
