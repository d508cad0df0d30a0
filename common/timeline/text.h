/* text.h - what programs printed, and who did what when, on a terminal. */
#ifndef TEXT_H
#define TEXT_H

#include "timeline/lanes.h"

/* Print the start of a text, at most `room` columns wide. Returns how many
 * bytes of it that were; `shown` becomes their width. Whatever is no character,
 * or could steer the terminal, becomes a question mark. */
size_t text_print(const char *text, size_t size, int room, int *shown);

/* Draw all of them on one time axis, at most `width` characters wide; the
 * program's own lane first, with a mark for each line that is nobody's. Bars
 * are coloured with the terminal's codes if `in_colour`. */
void text_draw(const struct trace *const traces[], int count, int width, bool in_colour);

#endif
