/* lanes.h - what programs printed, with the time of each line, as lanes on one time axis:
 * one for each actor and one for the program itself. Both pictures are made of it: the
 * one on a terminal (text.h) and the one of a lesson's recordings (svg.c). */
#ifndef LANES_H
#define LANES_H

#include "timeline/facts.h"
#include "timeline/line.h"

struct event {
    char *text; /* the whole line, `size` bytes, without its newline; a 0 follows */
    size_t size;
    struct line line;  /* the same, taken apart */
    size_t name_size;  /* how many bytes of line.text name who acts; 0: nobody */
    size_t actor_size; /* the same, but 0 where that is the program itself */
    double at;         /* s since the program's first line */
    double sent;       /* s; when what it tells had happened, if that was earlier */
    bool is_comment;   /* no line of the program's stdout: it is in no lane */
    bool starts;       /* it begins something, which ends with its actor's next line */
    int place;         /* of an actor's lines that are several at once: which, from 0 */
};

struct trace {
    const char *program; /* its name */
    bool is_sync;        /* it waits for one thing at a time */
    struct event *events;
    size_t count, room;
    double end; /* s; when the program ended, if that was long after its last line */
};

/* Add a copy of a line. `seconds` is when it came, which counts where the line
 * itself has no stamp. Stops the program when there is no memory. */
void trace_add(struct trace *trace, const char *text, size_t size, double seconds,
               bool is_comment);

/* Find out, when all lines are there, what the lesson's `about` says of them. */
void trace_explain(struct trace *trace, const struct facts *facts);

/* s from the first line to the last, or to the end. */
double trace_length(const struct trace *trace);

void trace_free(struct trace *trace);

struct lane {
    const char *actor; /* not ended by a 0; a part of a trace */
    size_t size;       /* 0: the program itself */
    int place;
};

enum { MOST_LANES = 200, MOST_PLACES = 40 };

/* In the order of the actors' first lines, the same for all programs; those of an actor
 * who needs several stand together. */
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

/* Whether an actor of the trace has it, and whether one of its lines starts something. */
bool lane_is_in(const struct lane *lane, const struct trace *trace);
bool lane_starts(const struct lane *lane, const struct trace *trace);

/* From one tick of the axis to the next, in 1/100 s: the smallest of 1, 2, 5, 10, ...
 * that leaves `gap` between them, where `room` is as wide as `length`, in 1/100 s. */
long axis_step(double length, int room, int gap);

/* How many decimals a tick's label, in s, needs. */
int axis_places(long step);

#endif
