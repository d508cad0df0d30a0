/* recording.c - see recording.h */

#include "recording.h"

#include "die.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All of a file. Returns false, with errno set, if it can't be read. */
static bool read_file(const char *path, char **content, size_t *size)
{
    char buffer[65536];
    int error, file = open(path, O_RDONLY);
    FILE *to = open_text(content, size);
    ssize_t got = -1;

    while (file >= 0 && (got = read(file, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, (size_t)got, to);
    error = errno;
    if (file >= 0)
        close(file);
    close_text(to, content);
    errno = error;
    return got == 0;
}

/* Returns what is wrong with the line, or NULL. */
static const char *read_recorded(struct recording *recording, const char *text,
                                 size_t size)
{
    struct line line = line_read(text, size);
    bool ended = recording->exit_status != 0;
    char *end;

    if (ended)
        return "a line follows the exit status";
    if (size > 5 && memcmp(text, "exit ", 5) == 0) {
        recording->exit_status = (int)strtol(text + 5, &end, 10);
        if (end != text + size || recording->exit_status < 1 ||
            recording->exit_status > 255)
            return "an exit status is a number from 1 to 255";
    } else if (size >= 2 && memcmp(text, "! ", 2) == 0) {
        memcpy(recording->err + recording->err_size, text + 2, size - 2);
        recording->err_size += size - 2;
        recording->err[recording->err_size++] = '\n';
    } else if (line.kind == OTHER) {
        return "this is no line that say(), say_untimed() or measure() printed";
    } else if (recording->err_size > 0) {
        return "lines of stdout come before those of stderr";
    } else {
        recording->lines[recording->count++] = line;
    }
    return NULL;
}

char *recording_read(struct recording *recording, const char *path)
{
    size_t size, lines = 0, number = 0;

    *recording = (struct recording){.content = NULL};
    if (!read_file(path, &recording->content, &size))
        return xstrfmt("%s cannot be read: %s\n", path, strerror(errno));
    for (size_t i = 0; i < size; i++)
        lines += recording->content[i] == '\n';
    recording->lines = xcalloc(lines, sizeof *recording->lines);
    recording->err = xcalloc(size, 1);
    for (char *next = recording->content; next < recording->content + size;) {
        char *end = memchr(next, '\n', (size_t)(recording->content + size - next));
        const char *fault = end == NULL
                                ? "the last line has no newline"
                                : read_recorded(recording, next, (size_t)(end - next));

        number++;
        if (fault)
            return xstrfmt("%s, line %zu: %s\n", path, number, fault);
        next = end + 1;
    }
    return number > 0 ? NULL
                      : xstrfmt("%s is empty: record it with `make out-NN`\n", path);
}

void recording_free(struct recording *recording)
{
    free(recording->content);
    free(recording->lines);
    free(recording->err);
}

long recording_duration(const struct recording *recording)
{
    for (size_t i = recording->count; i > 0; i--)
        if (recording->lines[i - 1].kind == TIMED)
            return recording->lines[i - 1].stamp * 10;
    return 0;
}

void recording_write_stamp(FILE *to, const struct line *line)
{
    if (line->kind == TIMED)
        fprintf(to, "[%2ld.%02ld] ", line->stamp / 100, line->stamp % 100);
    else if (line->kind == UNTIMED)
        fputs("[  -  ] ", to);
    else if (line->kind == MEASURED)
        fputs("~ ", to);
}

void recording_write_lines(FILE *to, const char *prefix, const char *text, size_t size)
{
    for (size_t length; size > 0; text += length, size -= length) {
        const char *end = memchr(text, '\n', size);

        length = end ? (size_t)(end - text) + 1 : size;
        fputs(prefix, to);
        fwrite(text, 1, length, to);
        if (end == NULL)
            fputc('\n', to);
    }
}

void recording_write(FILE *to, const struct line lines[], size_t count, const char *err,
                     size_t err_size, int exit_status)
{
    for (size_t i = 0; i < count; i++) {
        recording_write_stamp(to, &lines[i]);
        fwrite(lines[i].text, 1, lines[i].size, to);
        fputc('\n', to);
    }
    recording_write_lines(to, "! ", err, err_size);
    if (exit_status != 0)
        fprintf(to, "exit %d\n", exit_status);
}
