/* timeline.h - what a program printed, with the time of each line, and a
 * picture of it: one lane for each actor, from his first line to his last. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "story.h"

struct moment {
    char *text; /* the whole line, `size` bytes, without its newline */
    size_t size;
    struct line line; /* the same, taken apart */
    double at;        /* s since the program's first line */
    bool is_comment;  /* no line of the program's stdout: it is in no lane */
};

struct story {
    const char *program; /* its name */
    struct moment *moments;
    size_t count, room;
};

/* Add a copy of a line. `seconds` is when it came, which counts where the line
 * itself has no stamp. Stops the program when there is no memory. */
void add_moment(struct story *story, const char *text, size_t size, double seconds,
                bool is_comment);

/* s from the first line to the last. */
double story_length(const struct story *story);

void free_story(struct story *story);

/* Draw all of them on one time axis, at most `width` characters wide; the
 * program's own lane first, with a mark for each line that is nobody's. Bars
 * are coloured with the terminal's codes if `in_colour`. */
void draw_timelines(const struct story *const stories[], int count, int width,
                    bool in_colour);

#endif
