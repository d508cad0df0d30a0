/* lanes.c - see lanes.h */

#include "timeline/lanes.h"
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
    event = &trace->events[trace->count++];
    *event = (struct event){.text = copy, .size = size, .line = line_read(copy, size)};
    /* A measurement is nobody's, whatever stands before its colon. */
    event->actor_size = event->line.kind == MEASURED ? 0 : line_actor_size(&event->line);
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

bool lane_has(const struct lane *lane, const struct event *event)
{
    return !event->is_comment && event->actor_size == lane->size &&
           memcmp(event->line.text, lane->actor, lane->size) == 0;
}

/* Whether it is in one of them, or in none. */
static bool has_place(const struct lanes *lanes, const struct event *event)
{
    for (int i = 0; i < lanes->count; i++)
        if (lane_has(&lanes->lane[i], event))
            return true;
    return event->is_comment || event->actor_size == 0;
}

void lanes_add(struct lanes *lanes, const struct trace *trace, int most)
{
    for (size_t i = 0; i < trace->count && lanes->count < most; i++) {
        const struct event *event = &trace->events[i];

        if (!has_place(lanes, event))
            lanes->lane[lanes->count++] =
                (struct lane){.actor = event->line.text, .size = event->actor_size};
    }
}

bool lanes_suffice(const struct lanes *lanes, const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        if (!has_place(lanes, &trace->events[i]))
            return false;
    return true;
}

struct span lane_span(const struct lane *lane, const struct trace *trace)
{
    struct span span = {0};

    for (size_t i = 0; i < trace->count; i++) {
        double at = trace->events[i].at;

        if (!lane_has(lane, &trace->events[i]))
            continue;
        if (!span.found)
            span = (struct span){.found = true, .first = i, .start = at, .end = at};
        span.last = i;
        span.start = at < span.start ? at : span.start;
        span.end = at > span.end ? at : span.end;
    }
    return span;
}

long axis_step(double length, int room, int gap)
{
    long step = 1;

    for (int i = 0; (double)(step * room) + 0.001 < gap * length; i++)
        step = i % 3 == 1 ? step * 5 / 2 : step * 2;
    return step;
}

int axis_places(long step)
{
    return step % 100 == 0 ? 0 : step % 10 == 0 ? 1 : 2;
}
