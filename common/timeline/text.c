/* text.c - see text.h */

#define _XOPEN_SOURCE 700 /* wcwidth() */

#include "timeline/text.h"
#include "timeline/stretch.h"

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

size_t text_fit(const char *text, size_t size, int room)
{
    size_t i = 0, fits = 0;
    int shown = 0;

    while (i < size) {
        int wide;
        size_t length = text_read_character(text + i, size - i, &wide);

        if (text[i] == ' ')
            fits = i;
        if (shown + abs(wide) > room)
            return fits > 0 ? fits : i;
        shown += abs(wide);
        i += length;
    }
    return size;
}

void text_print_wrapped(const char *text, int indent, int width)
{
    int column = 0;

    while (*text) {
        size_t size = strcspn(text, " \n");
        int shown = 0;

        for (size_t i = 0; i < size; i++)
            shown += text[i] != '*' && text[i] != '`';
        if (column > 0 && column + 1 + shown > width) {
            column = indent;
            printf("\n%*s", indent, "");
        } else if (column > 0) {
            column += printf(" ");
        }
        for (size_t i = 0; i < size; i++)
            if (text[i] != '*' && text[i] != '`')
                putchar(text[i]);
        column += shown;
        text += size + strspn(text + size, " \n");
    }
    putchar('\n');
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
    const struct facts *facts;
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

/* What each kind of stretch is drawn with. */
static const char signs[] = {
    [UNDER_WAY] = '=', [WORKING] = '#', [WAITING] = '.', [FREE] = '-', [BLOCKED] = '/'};

static void text_fill(const struct picture *picture, const struct stretches *stretches,
                      char *bar)
{
    for (size_t i = 0; i < stretches->count; i++) {
        int column = text_column(picture, stretches->all[i].from);

        for (; column < text_column(picture, stretches->all[i].to); column++)
            bar[column] = signs[stretches->all[i].doing];
    }
}

/* Whether two of its lines are so close that a mark for each would be noise. */
static bool is_dense(const struct picture *picture, const struct trace *trace,
                     const struct lane *lane)
{
    int last = -9;

    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i])) {
            int column = text_column(picture, trace->events[i].at);

            if (column != last && column < last + 3)
                return true;
            last = column;
        }
    return false;
}

static bool is_inside(const struct stretches *stretches, double at)
{
    for (size_t i = 0; i < stretches->count; i++)
        if (stretches->all[i].from < at && at < stretches->all[i].to)
            return true;
    return false;
}

/* A mark for each line; where they are dense, none inside of a stretch. */
static void text_mark_lines(const struct picture *picture, const struct trace *trace,
                            const struct lane *lane, const struct stretches *stretches,
                            char *bar)
{
    bool dense = lane->size > 0 && is_dense(picture, trace, lane);

    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i]) &&
            !(dense && is_inside(stretches, trace->events[i].at)))
            bar[text_column(picture, trace->events[i].at)] = '|';
}

/* The size of what is drawn. */
static int bar_size(const char *bar)
{
    int size = MOST_COLUMNS;

    while (size > 0 && bar[size - 1] == ' ')
        size--;
    return size;
}

static void text_draw_lane(const struct picture *picture, const struct trace *trace,
                           const struct lane *lane)
{
    char bar[MOST_COLUMNS];
    struct stretches stretches;

    if (!lane_is_in(lane, trace))
        return;
    stretches = lane_stretches(lane, trace, picture->facts);
    memset(bar, ' ', sizeof bar);
    text_fill(picture, &stretches, bar);
    text_mark_lines(picture, trace, lane, &stretches, bar);
    printf("  ");
    text_print_name(lane->actor, lane->place == 0 ? lane->size : 0, picture->names - 2);
    printf("%s%.*s%s\n", picture->in_colour ? "\033[36m" : "", bar_size(bar), bar,
           picture->in_colour ? "\033[0m" : "");
    stretches_free(&stretches);
}

static bool is_of(const struct event *event, const struct event *other)
{
    return event->actor_size == other->actor_size &&
           memcmp(event->line.text, other->line.text, event->actor_size) == 0;
}

/* Whether, after somebody's work, another one than he had a line at this time. */
static bool is_another_heard(const struct picture *picture, const struct trace *trace,
                             double at)
{
    const struct event *worker = NULL;
    bool is_heard = false;

    for (size_t i = 0; i < trace->count; i++) {
        const struct event *event = &trace->events[i];

        if (event->is_comment || event->at > at + 0.02)
            continue;
        if (event->at > at - 0.02)
            is_heard = is_heard || (worker && !is_of(event, worker));
        else if (facts_name(picture->facts->busy, event->line.text, event->actor_size))
            worker = event;
    }
    return is_heard;
}

/* Between two pieces of its work an async program gave way. */
static void text_show_gaps(const struct picture *picture, const struct trace *trace,
                           const struct stretches *stretches, char *bar)
{
    for (size_t i = 1; i < stretches->count && !trace->is_sync; i++)
        if (stretches->all[i].doing == WORKING &&
            stretches->all[i - 1].doing == WORKING &&
            is_another_heard(picture, trace, stretches->all[i].from))
            bar[text_column(picture, stretches->all[i].from)] = signs[FREE];
}

/* The program itself is there from its first line to its end. */
static void text_draw_program(const struct picture *picture, const struct trace *trace)
{
    const struct lane itself = {.actor = ""};
    char bar[MOST_COLUMNS];
    int end = text_column(picture, trace_length(trace));
    struct stretches stretches =
        program_stretches(&picture->lanes, trace, picture->facts);

    memset(bar, ' ', sizeof bar);
    text_fill(picture, &stretches, bar);
    text_show_gaps(picture, trace, &stretches, bar);
    text_mark_lines(picture, trace, &itself, &stretches, bar);
    bar[0] = bar[end] = '|';
    fputs(picture->in_colour ? "\033[1m" : "", stdout);
    text_print_name(trace->program, strlen(trace->program), picture->names);
    printf("%s%.*s  %.2f s\n", picture->in_colour ? "\033[0m" : "", end + 1, bar,
           trace_length(trace));
    stretches_free(&stretches);
}

/* How many of the trace's actors have no lane here. */
static int count_hidden(const struct picture *picture, const struct trace *trace)
{
    struct lanes all = {.count = 0};
    int count;

    if (lanes_suffice(&picture->lanes, trace))
        return 0;
    lanes_add(&all, trace, MOST_LANES);
    count = all.count;
    for (int i = 0; i < picture->lanes.count; i++)
        count -= lane_is_in(&picture->lanes.lane[i], trace);
    return count;
}

static void text_draw_trace(const struct picture *picture, const struct trace *trace)
{
    text_draw_program(picture, trace);
    for (int i = 0; i < picture->lanes.count; i++)
        text_draw_lane(picture, trace, &picture->lanes.lane[i]);
    if (count_hidden(picture, trace) > 0)
        printf("  ... and %d others\n", count_hidden(picture, trace));
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

void text_draw(const struct trace *const traces[], int count, const struct facts *facts,
               int width, bool in_colour)
{
    struct picture picture = {.facts = facts, .in_colour = in_colour};

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
    text_print_wrapped(
        "| is a line from above. The program: # at work, / blocked, - free in the "
        "loop. Whom it names: = under way, # at work, . waits, or is not "
        "heard yet.",
        0, width);
    putchar('\n');
    text_draw_axis(&picture);
    for (int i = 0; i < count; i++)
        text_draw_trace(&picture, traces[i]);
}
