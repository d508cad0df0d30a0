/* recording.c - see recording.h */

#include "recording.h"

#include "die.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All of a file, with a 0 behind it; NULL, with errno set, if it can't be read. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    char *content = room_for(0, 1);
    size_t got, room = 0;
    struct stat about;

    *size = 0;
    if (file == NULL || fstat(fileno(file), &about) != 0)
        goto failed;
    if (S_ISDIR(about.st_mode)) {
        errno = EISDIR;
        goto failed;
    }
    /* A buffer takes memory, without which glibc takes the file for empty. */
    setvbuf(file, NULL, _IONBF, 0);
    do {
        room = room * 2 + 4096;
        content = realloc(content, room + 1);
        if (content == NULL)
            die("there is not enough memory for %s", path);
        got = fread(content + *size, 1, room - *size, file);
        *size += got;
    } while (got > 0);
    if (ferror(file))
        goto failed;
    fclose(file);
    content[*size] = '\0';
    return content;
failed:
    free(content);
    if (file) {
        int error = errno;

        fclose(file);
        errno = error;
    }
    return NULL;
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

bool recording_read(struct recording *recording, const char *path, FILE *why)
{
    size_t size, lines = 0, number = 0;
    char *next;

    *recording = (struct recording){.content = read_file(path, &size)};
    if (recording->content == NULL) {
        fprintf(why, "%s cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < size; i++)
        lines += recording->content[i] == '\n';
    recording->lines = room_for(lines, sizeof *recording->lines);
    recording->err = room_for(size, 1);
    for (next = recording->content; next < recording->content + size;) {
        char *end = memchr(next, '\n', (size_t)(recording->content + size - next));
        const char *fault;

        number++;
        fault = end == NULL ? "the last line has no newline"
                            : read_recorded(recording, next, (size_t)(end - next));
        if (fault) {
            fprintf(why, "%s, line %zu: %s\n", path, number, fault);
            return false;
        }
        next = end + 1;
    }
    if (number == 0)
        fprintf(why, "%s is empty: record it with `make out-NN`\n", path);
    return number > 0;
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

void write_stamp(FILE *to, const struct line *line)
{
    if (line->kind == TIMED)
        fprintf(to, "[%2ld.%02ld] ", line->stamp / 100, line->stamp % 100);
    else if (line->kind == UNTIMED)
        fputs("[  -  ] ", to);
    else if (line->kind == MEASURED)
        fputs("~ ", to);
}

void recording_write(FILE *to, const struct line lines[], size_t count, const char *err,
                     size_t err_size, int exit_status)
{
    for (size_t i = 0; i < count; i++) {
        write_stamp(to, &lines[i]);
        fwrite(lines[i].text, 1, lines[i].size, to);
        fputc('\n', to);
    }
    for (size_t i = 0; i < err_size; i++) {
        if (i == 0 || err[i - 1] == '\n')
            fputs("! ", to);
        fputc(err[i], to);
    }
    if (err_size > 0 && err[err_size - 1] != '\n')
        fputc('\n', to);
    if (exit_status != 0)
        fprintf(to, "exit %d\n", exit_status);
}
