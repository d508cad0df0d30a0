/* die.h - how check ends when it cannot do its work, and memory that is there. */
#ifndef DIE_H
#define DIE_H

#include <stddef.h>
#include <stdio.h>

/* Exit with status 2, and one sentence on stderr: "check: cannot ...". */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Room for `count` things of `size` bytes and one more, all 0; free() frees it. Dies when
 * there is none. */
void *room_for(size_t count, size_t size);

/* What printf would print, as a string; free() frees it. */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A stream whose text is *text, of *size bytes, once closed by close_text(); free() frees
 * the text. */
FILE *open_text(char **text, size_t *size);
void close_text(FILE *stream, char *const *text);

#endif
