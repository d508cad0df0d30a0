/* layout.h - where everything stands in a lesson's picture, which svg.c draws: the axis,
 * a row for each program and for each of its lanes, and the words in them, as large as
 * there is room for. Units are 1/1200 of the width of a page. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "catalog.h"
#include "timeline/stretch.h"

enum {
    MARGIN = 12, /* left of all names */
    INDENT = 14, /* of an actor's name */
    MOST_OF_NAMES = 340,
    BETWEEN = 4, /* two programs */
    LEAST_ROW = 17,
    MOST_ROW = 38,
    LEAST_FONT = 15,
    MOST_FONT = 18,
    BETWEEN_TICKS = 75, /* at least */
    BESIDE = 6,         /* between a mark and words */
    FAN = 30,           /* between the lines of an instant, where their order is shown */
    MOST_LABELS = 400,
    MOST_RECORDINGS = 10
};

struct recording {
    const struct entry *entry;
    struct trace trace;
};

/* The words of one moment, or of a whole lane. */
struct label {
    int mark;
    int x; /* where they begin or, if they stand left of their mark, end */
    bool is_left;
    int room;
    char *text;
};

/* A lane of one program. */
struct row {
    const struct recording *recording;
    struct lane lane; /* of size 0: the program itself */
    struct label labels[MOST_LABELS];
    int count;
    int lines; /* of text */
};

/* How large a picture is: as wide as that, as high at most, with the axis above and the
 * legend below the lanes. On a slide, which it fills, letters are larger as there are
 * fewer units: those of LEAST_FONT have 24 of the slide's 720 pixels. */
struct sheet {
    int width, height, top, bottom;
};
extern const struct sheet layout_page, layout_slide;

/* The picture that is made; there is one. What is recorded is filled in first. */
extern struct layout {
    struct sheet sheet;
    const char *directory; /* lessons/05-chores */
    struct facts facts;
    struct recording recordings[MOST_RECORDINGS];
    int recording_count;
    struct lanes lanes;
    long length; /* 1/100 s, of the longest program */

    struct row *rows;
    int row_count;
    int from, to; /* where the lanes begin and end */
    int least;    /* how high a row is */
    int font, height;

    struct instant {
        long at; /* 1/100 s */
        int lines;
    } instants[MOST_LABELS]; /* of which the order of the lines is shown, if it is */
    int instant_count;
} layout;

/* Choose all sizes, and where the words stand. Dies where there is no room. */
void layout_make(void);

void layout_free(void);

/* Where on the axis a time is, in s; an event of a trace, which stands apart from others
 * of the same time where their order is shown; the end of a stretch of a lane, which is
 * where its line stands; and the end of a program. */
int layout_x(double at);
int layout_x_of_event(const struct trace *trace, size_t i);
int layout_x_of_end(const struct trace *trace, const struct lane *lane, double at);
int layout_end(const struct trace *trace);

/* Whether it is. */
bool layout_is_in_order(void);

/* How wide a text is at most, in the widest of the usual fonts. */
int layout_width(const char *text, size_t size);
int layout_bold_width(const char *text, size_t size);
int layout_total_font(void);

/* How high a row of so many lines of text is, and how far below its top they begin. */
int row_height(int lines);
int row_baseline(int lines);

bool row_is_program(const struct row *row);
struct stretches row_stretches(const struct row *row);

/* The words of a row at an event, to be freed, as words_at() tells them. */
char *row_words(const struct row *row, size_t i, size_t *next);

/* The first event of a lane, from this one on; the trace's count: there is none. */
size_t lane_find(const struct trace *trace, const struct lane *lane, size_t i);

/* How many lanes of a recording aren't drawn. */
int layout_count_hidden(const struct recording *recording);

long hundredths(double seconds);

#endif
