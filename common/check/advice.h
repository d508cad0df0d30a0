/* advice.h - a verdict in the words that help a student. */
#ifndef ADVICE_H
#define ADVICE_H

#include "judge.h"

/* Print "Passed: ...", or "Not yet:" with what differs and what that usually means.
 * `program` is what was started. */
void advise(FILE *to, const struct verdict *verdict, const char *program);

#endif
