/* lanes.h - what programs printed, with the time of each line, as lanes on one time axis:
 * one for each actor, from his first line to his last. Both pictures are made of it: the
 * one on a terminal (text.h) and the one of a lesson's recordings (svg.c). */
#ifndef LANES_H
#define LANES_H

#include "timeline/line.h"

struct event {
    char *text; /* the whole line, `size` bytes, without its newline */
    size_t size;
    struct line line;  /* the same, taken apart */
    size_t actor_size; /* how many bytes of line.text name who acts; 0: nobody */
    double at;         /* s since the program's first line */
    bool is_comment;   /* no line of the program's stdout: it is in no lane */
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

struct lane {
    const char *actor; /* not ended by a 0; a part of a trace */
    size_t size;       /* 0: the lines that are nobody's */
    bool is_busy;      /* what he does is done by the program itself; the caller's */
};

enum { MOST_LANES = 200 };

/* In the order of the actors' first lines, the same for all programs. */
struct lanes {
    struct lane lane[MOST_LANES];
    int count;
};

/* Add a lane for each actor who has none, up to `most` in all. */
void lanes_add(struct lanes *lanes, const struct trace *trace, int most);

/* Whether each actor of the trace has one. */
bool lanes_suffice(const struct lanes *lanes, const struct trace *trace);

/* Whether the event is in this lane. */
bool lane_has(const struct lane *lane, const struct event *event);

/* From where to where the events of a lane are. */
struct span {
    bool found; /* or there is none in this trace */
    size_t first, last;
    double start, end; /* s; the earliest and the latest, also where times go back */
};

struct span lane_span(const struct lane *lane, const struct trace *trace);

/* From one tick of the axis to the next, in 1/100 s: the smallest of 1, 2, 5, 10, ...
 * that leaves `gap` between them, where `room` is as wide as `length`, in 1/100 s. */
long axis_step(double length, int room, int gap);

/* How many decimals a tick's label, in s, needs. */
int axis_places(long step);

#endif
