/* explain.h - what is wrong with a run, in words that check and a student share. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "judge.h"

/* Write at most 200 bytes of a text so that no byte of it does harm to a terminal or ends
 * the line, and a blank at its end is seen. */
void show_text(FILE *to, const char *text, size_t size);

/* The same with the line's stamp. */
void show_line(FILE *to, const struct line *line);

/* At most `most` lines of a text of several, each after a prefix. */
void show_lines(FILE *to, const char *prefix, const char *text, size_t size, int most);

/* How lines that differ are shown: what "- " and "+ " stand for, and how many lines, and
 * how many of one side in a row, are shown at most. */
struct diff_style {
    const char *sides;
    int most_lines, most_alike;
};

/* The lines that differ, as diff -U2 shows them, with the times that they have or had. */
void explain_text(FILE *to, const struct verdict *verdict,
                  const struct diff_style *style);

/* A hang, a crash, another exit status, other words on stderr. */
void explain_end(FILE *to, const struct verdict *verdict);

/* The time from start to end that no stamp tells of, if it is too long. */
void explain_unaccounted(FILE *to, const struct verdict *verdict);

/* A line that is stamped ahead of the clock, or comes too long after its stamp. */
void explain_false_stamp(FILE *to, const struct verdict *verdict, size_t i);
void explain_behind(FILE *to, const struct verdict *verdict, size_t recorded);

#endif
