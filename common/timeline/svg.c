/* svg.c - draw a lesson's recordings as one picture: who did what when.
 *
 *     build/common/draw lessons/05-chores >timeline.svg
 *
 * All programs stand one below the other on one time axis: a lane for each actor,
 * and one for the program itself. What the program does is not recorded; it
 * follows from the lines:
 *
 * - An actor whom `about` names under `busy:` keeps the program at work from his
 *   first line to his last. When somebody else has a line in between, the
 *   program gave way between his lines: he works in pieces, from each line to
 *   the next, and a gap shows where others were heard. When nobody has, nobody
 *   was: it is one block.
 * - All other time is waiting. A sync program is blocked meanwhile, in one wait
 *   after the other: each line that it prints shows that a wait was over. An
 *   async program is free in its loop, where it hears whoever is done.
 *
 * The same recordings give the same picture, to the byte, on every machine: so
 * all places and sizes are whole numbers, in units of 1/1200 of its width. On a slide, a
 * white sheet with a red edge (class "edge", hidden elsewhere) is moved from --from to
 * --to in --seconds, so that the picture appears as the programs run. */

#include "catalog.h"
#include "lesson.h"
#include "timeline/text.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 1200,
    HEIGHT = 600, /* at most, to stand under a heading on a slide */
    MARGIN = 12,  /* left of all names */
    INDENT = 14,  /* of an actor's name */
    TO = 1180,    /* where the lanes end */
    MOST_OF_NAMES = 340,
    TOP = 40,     /* the axis */
    BOTTOM = 38,  /* the legend */
    BETWEEN = 10, /* two programs */
    LEAST_ROW = 18,
    MOST_ROW = 38,
    LEAST_FONT = 15,
    MOST_FONT = 18,
    BETWEEN_TICKS = 75, /* at least */
    MOST_RECORDINGS = 10
};

struct recording {
    const struct entry *entry;
    struct trace trace;
};

/* What a bar stands for: what a program does itself, or what an actor does. */
enum doing { FREE, BLOCKED, BUSY, WORKING, UNDER_WAY };

static const char *const words[] = {"free in the loop", "blocked", "busy", "works"};

static const char itself[] = "the program"; /* what its own lane is called */

static const char *directory; /* lessons/05-chores */
static const char *slug;
static char *busy; /* potatoes, carrots */

static struct catalog catalog;
static struct recording recordings[MOST_RECORDINGS];
static int recording_count;
static struct lanes lanes;
static int most_lanes;  /* that a program has room for */
static bool has_prints; /* where nobody has a name, the lines get a lane themselves */

static int from, row, font, height;
static long length; /* 1/100 s, of the longest program */

static struct {
    bool doing[5], pieces, dots;
} drawn; /* what the legend has to explain */

/* Say why there is no picture, in a sentence, and stop. */
__attribute__((format(printf, 1, 2))) static _Noreturn void svg_die(const char *format,
                                                                    ...)
{
    va_list arguments;

    fputs("draw: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

static long hundredths(double seconds)
{
    return (long)(seconds * 100 + 0.5);
}

/* --- What was recorded --- */

static void svg_read_about(void)
{
    busy = lesson_about(directory, "busy");
    if (busy == NULL)
        svg_die("cannot read %s/about: %s", directory, strerror(errno));
}

/* What a line of a recording is to the picture; a sentence when it isn't one. */
static void svg_add_line(struct trace *trace, const char *text, size_t size,
                         const char *path, int number)
{
    struct line line = line_read(text, size);
    /* What has no time happened after the line before; no picture knows more. */
    double at = trace->count ? trace->events[trace->count - 1].at : 0;
    int status, end = 0;
    bool is_exit = sscanf(text, "exit %d%n", &status, &end) == 1 && text[end] == '\0';
    bool is_comment = line.kind == MEASURED || is_exit || strncmp(text, "! ", 2) == 0;

    if (line.kind == OTHER && !is_comment)
        svg_die("%s:%d is no line of a recording; `make out-%.2s` records it anew", path,
                number, strrchr(directory, '/') + 1);
    trace_add(trace, text, size, at, is_comment);
}

static void svg_read_recording(struct recording *recording, const struct entry *entry)
{
    struct trace *trace = &recording->trace;
    char path[PATH_MAX], *line = NULL;
    size_t room = 0;
    ssize_t size;
    FILE *file;

    recording->entry = entry;
    trace->program = entry->name;
    snprintf(path, sizeof path, "%s/%s", directory, entry->file);
    file = fopen(path, "r");
    if (file == NULL)
        svg_die("cannot read %s: %s", path, strerror(errno));
    errno = 0;
    for (int number = 1; (size = getline(&line, &room, file)) > 0; number++) {
        if (line[size - 1] == '\n')
            line[--size] = '\0';
        svg_add_line(trace, line, (size_t)size, path, number);
    }
    if (!feof(file)) /* or there is no memory for the line */
        svg_die("cannot read %s: %s", path, strerror(errno));
    if (trace->count == 0)
        svg_die("%s is empty", path);
    if (hundredths(trace_length(trace)) > length)
        length = hundredths(trace_length(trace));
    free(line);
    fclose(file);
}

/* Programs that are wrong on purpose have a verdict, and no timeline. */
static void svg_read_recordings(void)
{
    int error = catalog_read(&catalog, directory), count = 0;

    if (error)
        svg_die("cannot read %s: %s", directory, strerror(error));
    for (size_t i = 0; i < catalog.count; i++) {
        const struct entry *entry = &catalog.entries[i];

        if (entry->is_recorded && entry->rank != WRONG && count++ < MOST_RECORDINGS)
            svg_read_recording(&recordings[recording_count++], entry);
    }
    if (count == 0)
        svg_die("there is no recording (.out) in %s", directory);
    if (count > MOST_RECORDINGS)
        svg_die("%s has %d recordings, and a picture has room for %d", directory, count,
                MOST_RECORDINGS);
}

/* --- Who is in which lane --- */

/* Whether `about` says that he is: one of "potatoes, carrots". */
static bool is_busy(const char *actor, size_t size)
{
    const char *next = busy;

    while (*next) {
        size_t word = strcspn(next, ",");

        if (word == size && memcmp(next, actor, size) == 0)
            return true;
        next += word;
        next += strspn(next, ", ");
    }
    return false;
}

static void svg_find_lanes(void)
{
    for (int i = 0; i < recording_count; i++) {
        lanes_add(&lanes, &recordings[i].trace, MOST_LANES);
        if (!lanes_suffice(&lanes, &recordings[i].trace))
            svg_die("%s has more than %d actors", directory, MOST_LANES);
    }
    for (struct lane *lane = lanes.lane; lane < lanes.lane + lanes.count; lane++)
        lane->is_busy = is_busy(lane->actor, lane->size);
    has_prints = lanes.count == 0;
}

static int svg_count_lanes(const struct trace *trace)
{
    int count = 0;

    for (int i = 0; i < lanes.count; i++)
        count += lane_span(&lanes.lane[i], trace).found;
    return count;
}

/* --- Text --- */

/* Written on white ground of its own, over hatching and lines. */
#define HALO " stroke=\"#fff\" stroke-width=\"5\" paint-order=\"stroke\""

/* How wide it is at most, in the widest of the usual fonts: what is reckoned too
 * wide is not drawn, or is cut, so that nothing runs into anything. */
static int svg_width(const char *text, size_t size)
{
    int width = 0; /* in 1/100 of the font's size */

    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] & 0xc0) == 0xc0)
            width += 100; /* one of many bytes; those that follow count nothing */
        else if (((unsigned char)text[i] & 0x80) == 0)
            width += strchr("il.,:;|!'jtfr ()", text[i]) ? 40
                     : strchr("mwMW@%", text[i])         ? 97
                     : text[i] >= 'a' && text[i] <= 'z'  ? 61
                                                         : 66;
    return width * font / 100;
}

static int svg_bold_width(const char *text, size_t size)
{
    return svg_width(text, size) * 9 / 8;
}

/* How far below the top of a row its text stands. */
static int baseline(void)
{
    return row / 2 + font * 3 / 8;
}

/* What would be taken for a tag is written so that it isn't; what is no
 * character at all becomes a question mark. */
static void svg_write_text(const char *text, size_t size)
{
    static const char *const written[] = {"&amp;", "&lt;", "&gt;", "&quot;"};

    for (size_t i = 0; i < size;) {
        size_t plain = 0;
        int shown;

        while (i + plain < size && !memchr("&<>\"", text[i + plain], 4))
            plain++;
        text_print(text + i, plain, INT_MAX, &shown);
        i += plain;
        if (i < size)
            fputs(written[strchr("&<>\"", text[i++]) - "&<>\""], stdout);
    }
}

/* A name left of the lanes, cut where it would run into them. */
static void svg_draw_name(int indent, int y, const char *more, const char *name,
                          size_t size)
{
    int room = from - 10 - MARGIN - indent;
    size_t shown = size;

    if (svg_bold_width(name, size) > room)
        for (shown = 0;
             svg_bold_width(name, shown + 1) + svg_bold_width("...", 3) <= room;)
            do
                shown++; /* a character of several bytes is not cut in two */
            while (((unsigned char)name[shown] & 0xc0) == 0x80);
    printf("<text x=\"%d\" y=\"%d\"%s>", MARGIN + indent, y + baseline(), more);
    svg_write_text(name, shown);
    printf("%s</text>\n", shown < size ? "..." : "");
}

/* --- Shapes --- */

static int x_of(double at)
{
    return from + (int)((hundredths(at) * (TO - from) + length / 2) / length);
}

static void svg_draw_box(enum doing doing, int x, int y, int width, int high)
{
    static const char *const classes[] = {"free", "blocked", "busy", "busy", "actor"};
    static const char *const strokes[] = {"#1c2733", "#5c6670", "#1c2733", "#1c2733",
                                          "#00588f"};
    static const char *const fills[] = {"#fff", NULL, "#1c2733", "#1c2733", "#a6d4f2"};

    printf("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
           "stroke=\"%s\" ",
           classes[doing], x, y, width < 1 ? 1 : width, high, strokes[doing]);
    if (fills[doing])
        printf("fill=\"%s\"/>\n", fills[doing]);
    else
        printf("fill=\"url(#%s-hatch)\"/>\n", slug);
    drawn.doing[doing] = true;
}

/* A line that was printed: seen on light bars and on dark ones. */
static void svg_draw_mark(int x, int y, int high)
{
    printf("<rect class=\"mark\" x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\" "
           "fill=\"#00304f\" stroke=\"#fff\" stroke-width=\"0.8\"/>\n",
           x - 2, y - 1, high + 2);
}

static void svg_draw_dots(int x, int to, int y)
{
    printf("<line class=\"dots\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
           "stroke=\"#4a5560\" stroke-width=\"3.5\" stroke-linecap=\"round\" "
           "stroke-dasharray=\"0 10\"/>\n",
           x, y, to, y);
    drawn.dots = true;
}

/* --- The program's own lane --- */

/* Who keeps the program at work between a line and the next, if anybody does. */
static const struct lane *working_after(const struct trace *trace, size_t line)
{
    for (int i = 0; i < lanes.count; i++) {
        struct span span = lane_span(&lanes.lane[i], trace);

        if (lanes.lane[i].is_busy && span.found && span.first <= line && line < span.last)
            return &lanes.lane[i];
    }
    return NULL;
}

/* Whether the program gave way between his lines: somebody else has one there. */
static bool works_in_pieces(const struct trace *trace, const struct lane *lane)
{
    struct span span = {0};

    if (lane)
        span = lane_span(lane, trace);
    for (size_t i = span.first; i < span.last; i++)
        if (!trace->events[i].is_comment && !lane_has(lane, &trace->events[i]))
            return true;
    return false;
}

static void svg_draw_stretch(enum doing doing, double start, double end, int y)
{
    int x = x_of(start) + 2, width = x_of(end) - 2 - x;
    const char *word = words[doing];
    size_t size = strlen(word);

    svg_draw_box(doing, x, y + 2, width, row - 5);
    if (svg_width(word, size) + 8 > width)
        size = strcspn(word, " "); /* "free" */
    if (svg_width(word, size) + 8 > width)
        return;
    printf("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\"%s>%.*s</text>\n",
           x + width / 2, y + baseline(),
           doing == FREE      ? ""
           : doing == BLOCKED ? HALO
                              : " fill=\"#fff\"",
           (int)size, word);
}

/* From line to line; what goes on is drawn in one stretch. */
static void svg_draw_program(const struct recording *recording, int y)
{
    const struct trace *trace = &recording->trace;
    enum doing waits = recording->entry->is_sync ? BLOCKED : FREE;
    enum doing works = recording->entry->is_sync ? WORKING : BUSY;
    const struct lane *lane = NULL; /* who is at work until this line */
    double start = 0;

    for (size_t i = 0; i < trace->count; i++) {
        double at = trace->events[i].at;
        const struct lane *next = working_after(trace, i);
        bool is_last = i + 1 == trace->count, in_pieces = works_in_pieces(trace, lane);

        /* Of several lines at the same time, the last one tells what comes then. */
        if (!is_last && trace->events[i + 1].at <= at)
            continue;
        if (at > start &&
            (is_last || next != lane || in_pieces || (!lane && waits == BLOCKED))) {
            svg_draw_stretch(lane ? works : waits, start, at, y);
            drawn.pieces = drawn.pieces || in_pieces;
            start = at;
        }
        lane = next;
    }
    for (size_t i = 0; !has_prints && i < trace->count; i++)
        if (!trace->events[i].is_comment && trace->events[i].actor_size == 0)
            svg_draw_mark(x_of(trace->events[i].at), y + 2, row - 5);
}

/* --- The lanes of the actors --- */

/* What he says at one moment, "start, sleep for 2 s": all of it if there is room,
 * or the last of it, or nothing. Returns the size of what fits. */
static size_t svg_choose_words(const struct trace *trace, const struct lane *lane,
                               size_t i, char *text, size_t size, int room)
{
    double at = trace->events[i].at;
    size_t used = 0;
    struct line last = {0};
    size_t skip = lane->size ? lane->size + 2 : 0;

    for (; i < trace->count && trace->events[i].at <= at; i++)
        if (lane_has(lane, &trace->events[i])) {
            last = trace->events[i].line;
            last.text += skip;
            last.size -= skip;
            if (used + last.size + 3 < size) {
                memcpy(text + used, used ? ", " : "", used ? 2 : 0);
                used += used ? 2 : 0;
                memcpy(text + used, last.text, last.size);
                used += last.size;
            }
        }
    if (svg_width(text, used) <= room)
        return used;
    if (last.size >= size || svg_width(last.text, last.size) > room)
        return 0;
    memcpy(text, last.text, last.size);
    return last.size;
}

/* The next of his lines that comes later; the trace's count if there is none. */
static size_t next_of(const struct trace *trace, const struct lane *lane, size_t i)
{
    double at = trace->events[i].at;

    while (i < trace->count &&
           (trace->events[i].at <= at || !lane_has(lane, &trace->events[i])))
        i++;
    return i;
}

/* The words stand right of their mark, up to the next one; those of the last mark
 * left of it when the picture ends there. */
static void svg_draw_words(const struct trace *trace, const struct lane *lane,
                           size_t first, int y)
{
    int taken = from; /* by a mark, and by words */

    for (size_t i = first, next; i < trace->count; i = next) {
        int x = x_of(trace->events[i].at), right = TO;
        bool is_last, is_left = false, in_bar;
        char text[512];
        size_t size;

        next = next_of(trace, lane, i);
        is_last = next == trace->count;
        if (!is_last)
            right = x_of(trace->events[next].at);
        size = svg_choose_words(trace, lane, i, text, sizeof text, right - x - 14);
        if (size == 0 && is_last) {
            size = svg_choose_words(trace, lane, i, text, sizeof text, x - taken - 20);
            is_left = true;
        }
        taken = x + 7 + (size ? svg_width(text, size) : 0);
        in_bar = !is_last || (is_left && i != first);
        if (size == 0)
            continue;
        printf("<text x=\"%d\" y=\"%d\"%s%s>", is_left ? x - 7 : x + 7, y + baseline(),
               is_left ? " text-anchor=\"end\"" : "",
               !in_bar         ? HALO
               : lane->is_busy ? " fill=\"#fff\""
                               : "");
        svg_write_text(text, size);
        printf("</text>\n");
    }
}

static void svg_draw_lane(const struct trace *trace, const struct lane *lane, int y)
{
    struct span span = lane_span(lane, trace);
    int start = x_of(trace->events[span.first].at);
    int end = x_of(trace->events[span.last].at);

    if (!span.found)
        return;
    if (lane->size > 0) {
        svg_draw_name(INDENT, y, "", lane->actor, lane->size);
        if (start > from)
            svg_draw_dots(from + 6, start - 6, y + row / 2);
        svg_draw_box(lane->is_busy ? BUSY : UNDER_WAY, start, y + 2, end - start,
                     row - 5);
    } else {
        svg_draw_name(INDENT, y, "", "prints", strlen("prints"));
    }
    svg_draw_words(trace, lane, span.first, y);
    for (size_t i = span.first; i <= span.last; i++)
        if (lane_has(lane, &trace->events[i]))
            svg_draw_mark(x_of(trace->events[i].at), y + 2, row - 5);
}

/* --- The picture --- */

/* A row for a program's name, one for itself, and one for each lane. */
static int rows_of(const struct recording *recording)
{
    int count = has_prints ? 1 : svg_count_lanes(&recording->trace);

    return 2 + (count < most_lanes ? count : most_lanes);
}

static int svg_count_rows(void)
{
    int rows = 0;

    for (int i = 0; i < recording_count; i++)
        rows += rows_of(&recordings[i]);
    return rows;
}

/* Everything is as large as there is room for. Where there are too many actors
 * even for the smallest rows, a program's last row says how many aren't drawn. */
static void svg_choose_sizes(void)
{
    int room = HEIGHT - TOP - BOTTOM - recording_count * BETWEEN;
    int widest;

    for (most_lanes = MOST_LANES; svg_count_rows() * LEAST_ROW > room; most_lanes--)
        if (most_lanes == 1)
            svg_die("%s has too many recordings for one picture", directory);
    row = room / svg_count_rows() < MOST_ROW ? room / svg_count_rows() : MOST_ROW;
    height = TOP + BOTTOM + recording_count * BETWEEN + svg_count_rows() * row;
    font = row * 7 / 10;
    font = font < LEAST_FONT ? LEAST_FONT : font > MOST_FONT ? MOST_FONT : font;

    widest = INDENT + svg_bold_width(itself, strlen(itself));
    for (int i = 0; i < recording_count; i++) {
        int wide =
            svg_bold_width(recordings[i].entry->name, strlen(recordings[i].entry->name));

        widest = wide > widest ? wide : widest;
    }
    for (int i = 0; i < lanes.count; i++) {
        int wide = INDENT + svg_bold_width(lanes.lane[i].actor, lanes.lane[i].size);

        widest = wide > widest ? wide : widest;
    }
    from = MARGIN + widest + 12;
    from = from < 150 ? 150 : from > MOST_OF_NAMES ? MOST_OF_NAMES : from;
    if (length == 0)
        length = 1; /* a program that takes no time at all */
}

/* For those who don't see the picture. */
static void svg_describe(void)
{
    printf("<title id=\"%s-title\">Who does what when in", slug);
    for (int i = 0; i < recording_count; i++) {
        printf("%s", i == 0 ? " " : i < recording_count - 1 ? ", " : " and ");
        svg_write_text(recordings[i].entry->name, strlen(recordings[i].entry->name));
    }
    printf("</title>\n<desc id=\"%s-desc\">", slug);
    for (int i = 0; i < recording_count; i++) {
        const struct trace *trace = &recordings[i].trace;

        printf("%s", i ? "\n" : "");
        svg_write_text(recordings[i].entry->name, strlen(recordings[i].entry->name));
        printf(" takes %.2f s", trace_length(trace));
        for (int k = 0; k < lanes.count; k++) {
            struct span span = lane_span(&lanes.lane[k], trace);

            if (!span.found)
                continue;
            printf("; ");
            svg_write_text(lanes.lane[k].actor, lanes.lane[k].size);
            printf(" from %.2f to %.2f", trace->events[span.first].at,
                   trace->events[span.last].at);
        }
        for (size_t k = 0; has_prints && k < trace->count; k++)
            if (!trace->events[k].is_comment) {
                printf("; ");
                svg_write_text(trace->events[k].line.text, trace->events[k].line.size);
                printf(" at %.2f", trace->events[k].at);
            }
        printf(".");
    }
    printf("</desc>\n");
}

static void svg_begin(void)
{
    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" "
           "viewBox=\"0 0 %d %d\" role=\"img\" "
           "aria-labelledby=\"%s-title %s-desc\" "
           "style=\"--seconds: %.2f; --from: %dpx; --to: %dpx\" "
           "font-family=\"system-ui, sans-serif\" font-size=\"%d\" fill=\"#14191f\">\n",
           WIDTH, height, slug, slug, (double)length / 100, from, TO, font);
    svg_describe();
    printf("<defs><pattern id=\"%s-hatch\" width=\"9\" height=\"9\" "
           "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
           "<rect width=\"9\" height=\"9\" fill=\"#fff\"/>"
           "<rect width=\"3\" height=\"9\" fill=\"#7b858f\"/></pattern></defs>\n"
           "<rect class=\"paper\" width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
           slug, WIDTH, height);
}

static void svg_draw_axis(void)
{
    long step = axis_step((double)length, TO - from, BETWEEN_TICKS);
    int places = axis_places(step);

    for (long at = 0; at <= length; at += step) {
        int x = x_of((double)at / 100);

        printf("<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#c9d0d6\"/>\n", x,
               TOP - 12, x, height - BOTTOM);
        printf("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.*f%s</text>\n", x,
               TOP - 18, places, (double)at / 100, at == 0 ? " s" : "");
    }
}

/* The total, at the line where the program ends; right of it where there is room,
 * so that on a slide it doesn't appear before its time. */
static void svg_draw_end(const struct recording *recording, int y)
{
    int x = x_of(trace_length(&recording->trace)), larger = font + 3;
    char total[64];
    bool is_left;

    snprintf(total, sizeof total, "%.2f s", trace_length(&recording->trace));
    is_left = x + 8 + svg_bold_width(total, strlen(total)) * larger / font > TO;
    printf("<line class=\"end\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
           "stroke=\"#14191f\" stroke-width=\"2\"/>\n",
           x, y + 2, x, y + 2 * row);
    printf("<text class=\"total\" x=\"%d\" y=\"%d\" text-anchor=\"%s\" "
           "font-weight=\"bold\" font-size=\"%d\"" HALO ">%s</text>\n",
           is_left ? x - 8 : x + 8, y + baseline(), is_left ? "end" : "start", larger,
           total);
}

static void svg_draw_recording(const struct recording *recording, int y)
{
    const struct lane nobody = {.actor = ""};
    const struct trace *trace = &recording->trace;
    int left = svg_count_lanes(trace), rows = rows_of(recording) - 2;

    svg_draw_end(recording, y);
    svg_draw_name(0, y, " font-weight=\"bold\"", recording->entry->name,
                  strlen(recording->entry->name));
    y += row;
    svg_draw_name(INDENT, y, " font-style=\"italic\"", itself, strlen(itself));
    svg_draw_program(recording, y);
    if (has_prints)
        svg_draw_lane(trace, &nobody, y + row);
    for (int i = 0; i < lanes.count; i++) {
        if (!lane_span(&lanes.lane[i], trace).found)
            continue;
        y += row;
        if (--rows == 0 && left > 1) {
            printf("<text x=\"%d\" y=\"%d\">and %d others</text>\n", MARGIN + INDENT,
                   y + baseline(), left);
            break;
        }
        svg_draw_lane(trace, &lanes.lane[i], y);
        left--;
    }
}

/* Returns where the next one stands. */
static int svg_explain(int x, const char *text)
{
    printf("<text x=\"%d\" y=\"%d\">%s</text>\n", x + 42, height - 12, text);
    return x + 42 + svg_width(text, strlen(text)) + 20;
}

/* What occurs in the picture, and nothing else. */
static void svg_draw_legend(void)
{
    int x = MARGIN, y = height - 26, high = 16;
    bool has_all = drawn.doing[BLOCKED] && drawn.doing[FREE] && drawn.dots &&
                   (drawn.doing[BUSY] || drawn.doing[WORKING]);

    font = has_all ? LEAST_FONT : LEAST_FONT + 2; /* so that it fits */
    printf("<g class=\"legend\" font-size=\"%d\">\n", font);
    if (drawn.doing[BLOCKED]) {
        svg_draw_box(BLOCKED, x, y, 34, high);
        x = svg_explain(x, "blocked: can only wait");
    }
    if (drawn.doing[FREE]) {
        svg_draw_box(FREE, x, y, 34, high);
        x = svg_explain(x, "free: hears who is done");
    }
    if (drawn.doing[BUSY] || drawn.doing[WORKING]) {
        for (int i = 0; i < (drawn.pieces ? 3 : 1); i++)
            svg_draw_box(BUSY, x + 12 * i, y, drawn.pieces ? 8 : 34, high);
        x = svg_explain(x, drawn.pieces ? "at work; listens at gaps" : "at work");
    }
    if (drawn.doing[UNDER_WAY]) {
        svg_draw_box(UNDER_WAY, x + 2, y, 30, high);
        svg_draw_mark(x + 2, y, high);
        svg_draw_mark(x + 32, y, high);
        x = svg_explain(x, "under way, a mark per line");
    } else {
        svg_draw_mark(x + 30, y, high);
        x = svg_explain(x, "a line is printed");
    }
    if (drawn.dots) {
        svg_draw_dots(x + 2, x + 33, y + high / 2);
        svg_explain(x, "not begun");
    }
    printf("</g>\n");
}

/* Over the lanes, from their left end to beyond the right one of the picture. */
static void svg_draw_edge(void)
{
    printf("<g class=\"edge\" visibility=\"hidden\">"
           "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
           "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#d40000\" "
           "stroke-width=\"4\"/></g>\n",
           from, TOP - 10, WIDTH - from + 20, height - TOP - BOTTOM + 14, from, TOP - 12,
           from, height - BOTTOM + 4);
}

/* The picture's ids are made of it. */
static bool svg_read_slug(void)
{
    slug = lesson_slug(directory);
    return slug && *slug &&
           slug[strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void svg_draw_picture(void)
{
    int y = TOP;

    svg_begin();
    svg_draw_axis();
    for (int i = 0; i < recording_count; i++) {
        svg_draw_recording(&recordings[i], y);
        y += rows_of(&recordings[i]) * row + BETWEEN;
    }
    svg_draw_legend();
    svg_draw_edge();
    printf("</svg>\n");
}

/* Where programs only compute, nothing is known of when: no picture is drawn then. */
static bool takes_time(void)
{
    for (int i = 0; i < recording_count; i++)
        if (trace_length(&recordings[i].trace) > 0)
            return true;
    return false;
}

int main(int argc, char *argv[])
{
    directory = argc == 2 ? argv[1] : "";
    if (!svg_read_slug()) {
        fprintf(stderr, "usage: draw lessons/NN-name\n");
        return 2;
    }
    svg_read_about();
    svg_read_recordings();
    svg_find_lanes();
    svg_choose_sizes();
    if (takes_time())
        svg_draw_picture();
    for (int i = 0; i < recording_count; i++)
        trace_free(&recordings[i].trace);
    catalog_free(&catalog);
    free(busy);
    if (fflush(stdout) != 0 || ferror(stdout))
        svg_die("cannot write the picture: %s", strerror(errno));
    return 0;
}
