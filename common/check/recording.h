/* recording.h - what a program is expected to print, and how it ends: a .out file. It
 * holds the lines of stdout; then each line of stderr as `! text`; then `exit N`, if N is
 * not 0. */
#ifndef RECORDING_H
#define RECORDING_H

#include "timeline/line.h"

struct recording {
    char *content;
    struct line *lines; /* of stdout; they point into `content` */
    size_t count;
    char *err; /* what it prints on stderr */
    size_t err_size;
    int exit_status;
};

/* Read a .out file. Returns NULL; or, if it is none, the reason as a line, to be freed.
 * In either case recording_free() frees what was read. */
char *recording_read(struct recording *recording, const char *path);

void recording_free(struct recording *recording);

/* The last stamp, in ms; 0 if there is none. */
long recording_duration(const struct recording *recording);

/* Write lines of stdout, what was printed on stderr, and an exit status as a .out file.
 */
void recording_write(FILE *to, const struct line lines[], size_t count, const char *err,
                     size_t err_size, int exit_status);

/* The lines of a text, each after a prefix; the last may lack its newline. */
void recording_write_lines(FILE *to, const char *prefix, const char *text, size_t size);

/* "[ 0.75] ", "[  -  ] " or "~ ", as it stands before the text of a line. */
void recording_write_stamp(FILE *to, const struct line *line);

#endif
