/* explain.h - what is wrong with a run, in the words that a test and a student are shown.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "judge.h"

/* Write at most 200 bytes of a text; what a terminal would not show is escaped, also a
 * blank at its end. */
void explain_show_text(FILE *to, const char *text, size_t size);

/* The same with the line's stamp. */
void explain_show_line(FILE *to, const struct line *line);

/* At most `most` lines of a text of several, each after a prefix. */
void explain_show_lines(FILE *to, const char *prefix, const char *text, size_t size,
                        int most);

/* How much is said. */
struct explain_style {
    const char *sides;          /* what "- " and "+ " stand for in a diff */
    int most_lines, most_alike; /* lines of a diff; of one side in a row */
    int most_early, most_late;  /* lines that come so */
    bool allowance;             /* whether the allowance is shown, too */
};

/* The lines that differ, as diff -U2 shows them, with the times that they have or had. */
void explain_text(FILE *to, const struct verdict *verdict,
                  const struct explain_style *style);

/* The lines that are early, or else those that are late, and the time from start to end
 * that is in no stamp. */
void explain_times(FILE *to, const struct verdict *verdict,
                   const struct explain_style *style);

/* A hang, a crash, another exit status, other words on stderr. */
void explain_end(FILE *to, const struct verdict *verdict);

#endif
