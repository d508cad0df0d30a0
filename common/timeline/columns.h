/* columns.h - what programs print, side by side as it comes: a column for each. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "timeline/trace.h"

enum { MOST_COLUMNS_BESIDE = 32 };

struct columns {
    const struct trace *traces[MOST_COLUMNS_BESIDE];
    int count;
    int wide; /* of each, as it was when the headers were printed */
    size_t shown[MOST_COLUMNS_BESIDE];   /* lines that are on the screen, */
    size_t offsets[MOST_COLUMNS_BESIDE]; /* and bytes of the next one */
    bool is_wrapped; /* also where there is only one; else its lines are as long as they
                        are */
    bool in_colour;
};

/* Print the programs' names. `width` is that of the screen. */
void columns_print_headers(struct columns *columns, int width);

/* Print all lines that are new. What is too long for its column goes on in the next row,
 * below its first word; no word is broken that fits into a row. When the screen has
 * another width than before, the headers are printed again. */
void columns_print_rows(struct columns *columns, int width);

#endif
