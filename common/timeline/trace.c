/* trace.c - see trace.h */

#include "timeline/trace.h"
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

void trace_add(struct trace *trace, const char *text, size_t size, double seconds,
               bool is_comment)
{
    char *copy = malloc(size + 1);
    struct event *event;

    if (trace->count == trace->room) {
        trace->room = trace->room * 2 + 64;
        trace->events = realloc(trace->events, trace->room * sizeof *trace->events);
    }
    must("remember a line", copy && trace->events ? 0 : UV_ENOMEM);
    memcpy(copy, text, size);
    copy[size] = '\0';
    event = &trace->events[trace->count++];
    *event = (struct event){.text = copy, .size = size, .line = line_read(copy, size)};
    event->is_comment = is_comment;
    event->at = event->line.kind == TIMED ? (double)event->line.stamp / 100 : seconds;
}

double trace_length(const struct trace *trace)
{
    double length = trace->end;

    for (size_t i = 0; i < trace->count; i++)
        if (!trace->events[i].is_comment && trace->events[i].at > length)
            length = trace->events[i].at;
    return length;
}

void trace_free(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        free(trace->events[i].text);
    free(trace->events);
    *trace = (struct trace){0};
}
