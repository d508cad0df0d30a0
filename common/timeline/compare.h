/* compare.h - how much faster than another one a program was, if that can be said. */
#ifndef COMPARE_H
#define COMPARE_H

#include "timeline/trace.h"

/* Write "2.0 times as fast", how a program compares with the sync one, or "" where that
 * says nothing: they do different things (neither print the same lines nor the same
 * checksum), or no line has a time. */
void trace_compare(const struct trace *trace, const struct trace *sync, char *text,
                   size_t size);

#endif
