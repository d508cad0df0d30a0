/* line.h - what a lesson's program printed, line by line, for the tools that
 * check it, show it and draw it. lesson.h is the other end: it prints it. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum kind {
    TIMED,    /* [ 0.75] dryer: start */
    UNTIMED,  /* [  -  ] sum is ready */
    MEASURED, /* ~ 3.9 times as fast */
    OTHER     /* anything else: not printed by a lesson */
};

struct line {
    enum kind kind;
    long stamp;       /* TIMED: hundredths of a second */
    const char *text; /* what follows the stamp; points into the line */
    size_t size;      /* bytes of it; it may hold any, and ends with no 0 */
};

/* Take a line of `size` bytes (without its newline) apart. The result points
 * into it, and is good as long as it is. */
struct line line_read(const char *text, size_t size);

/* How many bytes of the text, at its start, name who acts ("dryer"); 0: nobody. */
size_t line_actor_size(const struct line *line);

/* Whether the two are the same to a check: kind and text, not the time. In
 * measurements all numbers are alike, except that a whole number that is 0 is
 * like 0 only. */
bool line_equals(const struct line *a, const struct line *b);

/* Write what of the text is compared: numbers of a measurement become # or 0. */
void line_write_compared(FILE *to, const struct line *line);

/* An order of lines with line_equals() as its "equal", for qsort(). */
int line_compare(const struct line *a, const struct line *b);

#endif
