/* die.h - how a tool ends when it cannot do its work, and memory that is there. */
#ifndef DIE_H
#define DIE_H

#include <stddef.h>
#include <stdio.h>

/* Say which tool dies, and with which exit status. Call it first. */
void die_as(const char *tool, int status);

/* Have this called by die() before it exits. */
void die_after(void (*cleanup)(void));

/* Exit, with one sentence on stderr: "check: cannot ...". */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with what errno means at its end: "...: No such file or directory". */
_Noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- What follows dies when there is not enough memory; free() frees what it returns ---
 */

/* `count` things of `size` bytes, all 0. Never NULL. */
void *xcalloc(size_t count, size_t size);

/* An array that holds `count` things of `size` bytes, with capacity for `more`. It may
 * have moved; *capacity is updated. */
void *xgrow(void *array, size_t count, size_t more, size_t *capacity, size_t size);

/* What printf would print, as a string. */
char *xstrfmt(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A stream whose text is *text, of *size bytes, once closed by close_text(). */
FILE *open_text(char **text, size_t *size);
void close_text(FILE *stream, char *const *text);

#endif
