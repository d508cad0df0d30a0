/* text.h - text on a terminal. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/* Print the start of a text, at most `room` columns wide. Returns how many
 * bytes of it that were; `shown` becomes their width. Whatever is no character,
 * or could steer the terminal, becomes a question mark. */
size_t text_print(const char *text, size_t size, int room, int *shown);

/* How many bytes of a text fit into `room` columns, without breaking a word; of one that
 * is wider than that, as much as fits. */
size_t text_fit(const char *text, size_t size, int room);

/* Print a text in lines of `width` columns, each but the first behind `indent` spaces,
 * without the marks that Markdown needs. */
void text_print_wrapped(const char *text, int indent, int width);

#endif
