/* advice.h - a verdict in the words that help a student. */
#ifndef ADVICE_H
#define ADVICE_H

#include "judge.h"

/* Write "Passed: ...", or "Not yet:" with what differs and what that usually means.
 * `program` is what was started. */
void advice_write(FILE *to, const struct verdict *verdict, const char *program);

/* Write what is wrong with it, one mistake a line, in the words by which hints are
 * chosen: "early", "left open", "missing: Third" (tests/solutions/README.md lists them).
 */
void advice_write_mistakes(FILE *to, const struct verdict *verdict);

#endif
