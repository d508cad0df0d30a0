/* text.h - what a program printed, with the time of each line, and a
 * picture of it: one lane for each actor, from his first line to his last. */
#ifndef TEXT_H
#define TEXT_H

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

/* Print the start of a text, at most `room` columns wide. Returns how many
 * bytes of it that were; `shown` becomes their width. Whatever is no character,
 * or could steer the terminal, becomes a question mark. */
size_t print_text(const char *text, size_t size, int room, int *shown);

/* Draw all of them on one time axis, at most `width` characters wide; the
 * program's own lane first, with a mark for each line that is nobody's. Bars
 * are coloured with the terminal's codes if `in_colour`. */
void draw_timelines(const struct trace *const traces[], int count, int width,
                    bool in_colour);

#endif
