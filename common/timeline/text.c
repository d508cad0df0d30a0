/* text.c - see text.h */

#define _XOPEN_SOURCE 700 /* wcwidth() */

#include "timeline/text.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    SHOWN_LANES = 40, /* of more, the picture only says that there are some */
    LONGEST_NAME = 32,
    MOST_COLUMNS = 100, /* of a bar */
    TICKS = 9           /* columns from one to the next, at least */
};

/* --- Text on a screen --- */

/* Whatever locale our user has, programs print UTF-8. Returns false if there is no such
 * locale here; what isn't ASCII is no character then. */
static bool use_utf8(void)
{
    return MB_CUR_MAX > 1 || setlocale(LC_CTYPE, "C.UTF-8") ||
           setlocale(LC_CTYPE, "en_US.UTF-8");
}

/* What turns the direction of the text, which wcwidth() takes for nothing special. */
static bool turns_text(wchar_t code)
{
    return (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f);
}

/* The size of the character at the start of a text, and its width; -1: it is not to be
 * printed, since it steers the terminal, turns the text, or is a byte of no character. */
static size_t text_read_character(const char *text, size_t size, int *width)
{
    mbstate_t start = {0};
    wchar_t code;
    size_t length;

    *width = 1;
    if (*text >= ' ' && *text <= '~')
        return 1;
    length = use_utf8() ? mbrtowc(&code, text, size, &start) : 0;
    *width = -1;
    if (length == 0 || length > size)
        return 1;
    if (!turns_text(code))
        *width = wcwidth(code);
    return length;
}

size_t text_print(const char *text, size_t size, int room, int *shown)
{
    size_t i = 0;

    *shown = 0;
    while (i < size) {
        int wide;
        size_t length = text_read_character(text + i, size - i, &wide);

        if (*shown + abs(wide) > room)
            break;
        if (wide >= 0)
            fwrite(text + i, 1, length, stdout);
        else
            putchar(text[i] == '\t' ? ' ' : '?');
        *shown += abs(wide);
        i += length;
    }
    return i;
}

static int text_width(const char *text, size_t size)
{
    int width = 0, wide;

    for (size_t i = 0; i < size; width += abs(wide))
        i += text_read_character(text + i, size - i, &wide);
    return width;
}

/* In `room` columns, of which the last stays empty. */
static void text_print_name(const char *text, size_t size, int room)
{
    bool fits = text_width(text, size) < room;
    int shown;

    text_print(text, size, fits ? room - 1 : room - 3, &shown);
    printf("%-*s", room - shown, fits ? "" : "..");
}

/* --- The picture: names on the left, then the lanes --- */

struct picture {
    int names, columns; /* how wide */
    long step;          /* 1/100 s from one tick of the axis to the next */
    int step_columns;
    double length; /* s, of the longest trace */
    struct lanes lanes;
    bool in_colour;
};

static double to_seconds(long hundredths)
{
    return (double)hundredths / 100;
}

static int text_column(const struct picture *picture, double at)
{
    return (int)(at / to_seconds(picture->step) * picture->step_columns + 0.5);
}

/* Each step is as wide as the next, so that the picture is the same at 5.00 s
 * and at 5.01 s, and equal waits are equally wide. */
static void text_choose_step(struct picture *picture)
{
    int room = picture->columns - 1;
    double step;

    picture->step = axis_step(picture->length * 100, room, TICKS);
    step = to_seconds(picture->step);
    if (picture->length > 0 && room * step / picture->length < 1000)
        picture->step_columns = (int)(room * step / picture->length);
    else
        picture->step_columns = TICKS;
}

static void text_draw_axis(const struct picture *picture)
{
    int ticks = (int)(picture->length / to_seconds(picture->step) + 0.001) + 1;

    printf("%*s", picture->names, "");
    for (int i = 0; i < ticks; i++) {
        char label[64];

        snprintf(label, sizeof label, "%.*f%s", axis_places(picture->step),
                 to_seconds(i * picture->step), i == 0 ? " s" : "");
        printf("%-*s", i < ticks - 1 ? picture->step_columns : 0, label);
    }
    printf("\n%*s", picture->names, "");
    for (int i = 0; i < ticks; i++)
        printf("%-*s", i < ticks - 1 ? picture->step_columns : 0, "'");
    putchar('\n');
}

static void text_mark_lines(const struct picture *picture, const struct trace *trace,
                            const struct lane *lane, char *bar)
{
    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i]))
            bar[text_column(picture, trace->events[i].at)] = '|';
}

/* A bar from the first line to the last; dots lead to it. */
static void text_draw_lane(const struct picture *picture, const struct trace *trace,
                           const struct lane *lane)
{
    char bar[MOST_COLUMNS + 1] = {0};
    struct span span = lane_span(lane, trace);
    int first = text_column(picture, span.start), last = text_column(picture, span.end);

    if (!span.found)
        return;
    text_mark_lines(picture, trace, lane, bar);
    for (int i = 0; i < last; i++)
        if (bar[i] == 0)
            bar[i] = i < first ? '.' : '=';
    printf("  ");
    text_print_name(lane->actor, lane->size, picture->names - 2);
    printf("%s%.*s%s\n", picture->in_colour ? "\033[36m" : "", last + 1, bar,
           picture->in_colour ? "\033[0m" : "");
}

/* The program itself is there from its first line to its end. */
static void text_draw_program(const struct picture *picture, const struct trace *trace)
{
    struct lane nobody = {.actor = "", .size = 0};
    char bar[MOST_COLUMNS + 1];
    int end = text_column(picture, trace_length(trace));

    memset(bar, '-', sizeof bar);
    text_mark_lines(picture, trace, &nobody, bar);
    bar[0] = bar[end] = '|';
    fputs(picture->in_colour ? "\033[1m" : "", stdout);
    text_print_name(trace->program, strlen(trace->program), picture->names);
    printf("%s%.*s  %.2f s\n", picture->in_colour ? "\033[0m" : "", end + 1, bar,
           trace_length(trace));
}

static void text_draw_trace(const struct picture *picture, const struct trace *trace)
{
    text_draw_program(picture, trace);
    for (int i = 0; i < picture->lanes.count; i++)
        text_draw_lane(picture, trace, &picture->lanes.lane[i]);
    if (!lanes_suffice(&picture->lanes, trace))
        printf("  ... and others\n");
    putchar('\n');
}

/* How wide the names are: as wide as the longest, but not half of the screen. */
static int text_names_width(const struct picture *picture,
                            const struct trace *const traces[], int count, int width)
{
    int most = width / 2 < LONGEST_NAME ? width / 2 : LONGEST_NAME, names = 0;

    for (int i = 0; i < count; i++)
        if ((int)strlen(traces[i]->program) + 1 > names)
            names = (int)strlen(traces[i]->program) + 1;
    for (int i = 0; i < picture->lanes.count; i++) {
        int wide =
            3 + text_width(picture->lanes.lane[i].actor, picture->lanes.lane[i].size);

        names = wide > names ? wide : names;
    }
    return names < most ? names : most;
}

void text_draw(const struct trace *const traces[], int count, int width, bool in_colour)
{
    struct picture picture = {.in_colour = in_colour};

    for (int i = 0; i < count; i++) {
        lanes_add(&picture.lanes, traces[i], SHOWN_LANES);
        if (trace_length(traces[i]) > picture.length)
            picture.length = trace_length(traces[i]);
    }
    picture.names = text_names_width(&picture, traces, count, width);
    picture.columns = width - picture.names - (int)strlen("  100.00 s");
    if (picture.columns > MOST_COLUMNS)
        picture.columns = MOST_COLUMNS;
    if (picture.columns < TICKS + 1)
        picture.columns = TICKS + 1;
    text_choose_step(&picture);
    text_draw_axis(&picture);
    for (int i = 0; i < count; i++)
        text_draw_trace(&picture, traces[i]);
}
