/* trace.h - what a program has printed so far, with the time of each line. */
#ifndef TRACE_H
#define TRACE_H

#include "timeline/line.h"

struct event {
    char *text; /* the whole line, `size` bytes, without its newline; a 0 follows */
    size_t size;
    struct line line; /* the same, taken apart */
    double at;        /* s since the program's first line */
    bool is_comment;  /* no line of the program's stdout */
};

struct trace {
    const char *program; /* its name */
    struct event *events;
    size_t count, room;
    double end; /* s; when the program ended, if that was long after its last line */
};

/* Add a copy of a line. `seconds` is when it came, which counts where the line
 * itself has no stamp. Stops the program when there is no memory. */
void trace_add(struct trace *trace, const char *text, size_t size, double seconds,
               bool is_comment);

/* s from the first line to the last, or to the end. */
double trace_length(const struct trace *trace);

void trace_free(struct trace *trace);

#endif
