/* columns.c - see columns.h */

#include "timeline/columns.h"
#include "timeline/text.h"

#include <limits.h>
#include <string.h>

enum { LEAST_COLUMN = 16 /* when the window has become too narrow meanwhile */ };

static int column_width(const struct columns *columns, int width)
{
    int wide = width / columns->count;

    return wide < LEAST_COLUMN ? LEAST_COLUMN : wide;
}

void columns_print_headers(struct columns *columns, int width)
{
    int column = columns->wide = column_width(columns, width);

    for (int line = 0; line < 2; line++) {
        for (int i = 0; i < columns->count; i++) {
            char text[1024];
            int size = snprintf(text, sizeof text, "%s", columns->traces[i]->program);

            if (line == 1)
                memset(text, '-', (size_t)size);
            printf("%s%.*s%s", columns->in_colour ? "\033[1m" : "", column - 2, text,
                   columns->in_colour ? "\033[0m" : "");
            if (i < columns->count - 1)
                printf("%*s", size < column - 2 ? column - size : 2, "");
        }
        putchar('\n');
    }
}

/* How far the next rows of a line are indented: to what follows its stamp. */
static int indent_of(const struct event *event, int room)
{
    int indent = (int)(event->line.text - event->text);

    return indent < room / 2 ? indent : 0;
}

/* Print as much of column i as fits into a row; returns how wide that is. */
static int print_cell(struct columns *columns, int i, int room)
{
    const struct event *event = &columns->traces[i]->events[columns->shown[i]];
    size_t *offset = &columns->offsets[i], size;
    int indent = *offset > 0 ? indent_of(event, room) : 0, shown;

    printf("%*s", indent, "");
    size = text_fit(event->text + *offset, event->size - *offset, room - indent);
    text_print(event->text + *offset, size, room, &shown);
    *offset += size;
    while (*offset < event->size && event->text[*offset] == ' ')
        ++*offset;
    if (*offset >= event->size) {
        *offset = 0;
        columns->shown[i]++;
    }
    return indent + shown;
}

static bool is_new(const struct columns *columns, int i)
{
    return columns->shown[i] < columns->traces[i]->count;
}

/* Of every program that has something to print, as much as its column takes. */
static void print_row(struct columns *columns)
{
    int room = columns->wide - 2, gap = 0;

    if (columns->count == 1)
        room = columns->is_wrapped ? columns->wide : INT_MAX;
    for (int i = 0; i < columns->count; i++) {
        int shown = 0;

        if (is_new(columns, i)) {
            printf("%*s", gap, "");
            gap = 0;
            shown = print_cell(columns, i, room);
        }
        gap += columns->wide - shown;
    }
    putchar('\n');
}

void columns_print_rows(struct columns *columns, int width)
{
    bool some = true;

    while (some && !ferror(stdout)) {
        some = false;
        for (int i = 0; i < columns->count; i++)
            some = some || is_new(columns, i);
        if (some && columns->count > 1 && column_width(columns, width) != columns->wide)
            columns_print_headers(columns, width);
        columns->wide = column_width(columns, width);
        if (some)
            print_row(columns);
    }
}
