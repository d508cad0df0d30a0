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

/* How much is said. */
struct style {
    const char *sides;          /* what "- " and "+ " stand for in a diff */
    int most_lines, most_alike; /* lines of a diff; of one side in a row */
    int most_early, most_late;  /* lines that come so */
    bool allowance;             /* whether what is allowed is told, too */
};

/* The lines that differ, as diff -U2 shows them, with the times that they have or had. */
void explain_text(FILE *to, const struct verdict *verdict, const struct style *style);

/* The lines that are early, or else those that are late, and the time from start to end
 * that no stamp tells of. */
void explain_times(FILE *to, const struct verdict *verdict, const struct style *style);

/* A hang, a crash, another exit status, other words on stderr. */
void explain_end(FILE *to, const struct verdict *verdict);

#endif
