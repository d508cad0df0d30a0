/* svg.c - draw a lesson's recordings as one picture: who did what when.
 *
 *     build/common/draw lessons/05-chores >timeline.svg
 *     build/common/draw lessons/12-queue queue_sync "queue_async 5"
 *
 * draws all that fit a page, or the programs that are named, in letters for a slide.
 *
 * All programs stand one below the other on one time axis: a lane for the program itself,
 * and one for each actor. What goes on in a lane, stretch.h tells; what is written in it,
 * words.h: the words of each line stand at its mark, in several lines if there is room;
 * where there is none they are cut, or the lane's words are one text that begins at its
 * first mark.
 *
 * The same recordings give the same picture, to the byte, on every machine: so
 * all places and sizes are whole numbers, in units of 1/1200 of a page. On a slide, a
 * white sheet with a red edge (class "edge", hidden elsewhere) is moved from --from to
 * --to in --seconds, so that the picture appears as the programs run. */

#include "catalog.h"
#include "die.h"
#include "timeline/layout.h"
#include "timeline/text.h"
#include "timeline/words.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *slug;
static struct catalog catalog;
static char *const *named; /* programs, up to a NULL; none: all that have room */

static struct {
    bool doing[BLOCKED + 1], pieces;
} drawn; /* what the legend has to explain */

/* Written on white ground of its own, over hatching and lines. */
#define HALO " stroke=\"#fff\" stroke-width=\"4\" paint-order=\"stroke\""

/* --- What was recorded --- */

static void svg_read_about(void)
{
    int error = facts_read(&layout.facts, layout.directory);
    const char *fault;

    if (error)
        die("cannot read %s/about: %s", layout.directory, strerror(error));
    fault = facts_find_fault(&layout.facts);
    if (fault)
        die("%s/about: what `%s:` says cannot be understood", layout.directory, fault);
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
        die("%s:%d is no line of a recording; `make out-%.2s` records it anew", path,
            number, strrchr(layout.directory, '/') + 1);
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
    trace->is_sync = entry->is_sync;
    snprintf(path, sizeof path, "%s/%s", layout.directory, entry->file);
    file = fopen(path, "r");
    if (file == NULL)
        die("cannot read %s: %s", path, strerror(errno));
    errno = 0;
    for (int number = 1; (size = getline(&line, &room, file)) > 0; number++) {
        if (line[size - 1] == '\n')
            line[--size] = '\0';
        svg_add_line(trace, line, (size_t)size, path, number);
    }
    if (!feof(file)) /* or there is no memory for the line */
        die("cannot read %s: %s", path, strerror(errno));
    if (trace->count == 0)
        die("%s is empty", path);
    trace_explain(trace, &layout.facts);
    if (hundredths(trace_length(trace)) > layout.length)
        layout.length = hundredths(trace_length(trace));
    free(line);
    fclose(file);
}

/* Programs that are wrong on purpose have a verdict, and no timeline; others, which show
 * nothing new, may be left out for those that do. */
static bool has_room(const struct entry *entry)
{
    return entry->rank != WRONG &&
           !facts_name(layout.facts.undrawn, entry->name, strlen(entry->name));
}

static const struct entry *svg_find_recorded(const char *name)
{
    for (size_t i = 0; i < catalog.count; i++)
        if (catalog.entries[i].is_recorded && strcmp(catalog.entries[i].name, name) == 0)
            return &catalog.entries[i];
    die("there is no recording of %s in %s", name, layout.directory);
}

static void svg_read_recordings(void)
{
    int error = catalog_read(&catalog, layout.directory), count = 0;
    const struct entry *chosen[MOST_RECORDINGS];

    if (error)
        die("cannot read %s: %s", layout.directory, strerror(error));
    for (char *const *name = named; *name; name++)
        if (count++ < MOST_RECORDINGS)
            chosen[count - 1] = svg_find_recorded(*name);
    for (size_t i = 0; i < catalog.count && !*named; i++)
        if (catalog.entries[i].is_recorded && has_room(&catalog.entries[i]) &&
            count++ < MOST_RECORDINGS)
            chosen[count - 1] = &catalog.entries[i];
    if (count == 0)
        die("there is no recording (.out) in %s", layout.directory);
    if (count > MOST_RECORDINGS)
        die("%s has %d recordings, and a picture has room for %d", layout.directory,
            count, MOST_RECORDINGS);
    for (; layout.recording_count < count; layout.recording_count++)
        svg_read_recording(&layout.recordings[layout.recording_count],
                           chosen[layout.recording_count]);
}

/* --- Who is in which lane --- */

static void svg_find_lanes(void)
{
    for (int i = 0; i < layout.recording_count; i++) {
        lanes_add(&layout.lanes, &layout.recordings[i].trace, MOST_LANES);
        if (!lanes_suffice(&layout.lanes, &layout.recordings[i].trace))
            die("%s has more than %d actors", layout.directory, MOST_LANES);
    }
}

/* --- Text --- */

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
    int room = layout.from - 10 - MARGIN - indent;
    size_t shown = size;

    if (layout_bold_width(name, size) > room)
        for (shown = 0;
             layout_bold_width(name, shown + 1) + layout_bold_width("...", 3) <= room;)
            do
                shown++; /* a character of several bytes is not cut in two */
            while (((unsigned char)name[shown] & 0xc0) == 0x80);
    printf("<text x=\"%d\" y=\"%d\"%s>", MARGIN + indent, y + row_baseline(1), more);
    svg_write_text(name, shown);
    printf("%s</text>\n", shown < size ? "..." : "");
}

/* --- Shapes --- */

static void svg_draw_box(enum doing doing, int x, int y, int width, int high)
{
    static const char *const classes[] = {"actor", "busy", "waits", "free", "blocked"};
    static const char *const strokes[] = {"#00588f", "#1c2733", "#5c6670", "#1c2733",
                                          "#5c6670"};
    static const char *const fills[] = {"#a6d4f2", "#1c2733", "#fff", "#fff", NULL};

    if (doing == WAITING) { /* a thin one, in the middle */
        y += (high - high / 3) / 2;
        high /= 3;
    }
    printf("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
           "stroke=\"%s\" ",
           classes[doing], x, y, width < 1 ? 1 : width, high, strokes[doing]);
    if (doing == WAITING)
        printf("stroke-dasharray=\"4 3\" ");
    if (fills[doing])
        printf("fill=\"%s\"/>\n", fills[doing]);
    else
        printf("fill=\"url(#%s-hatch)\"/>\n", slug);
    drawn.doing[doing] = true;
}

/* A line that was printed. Within work it is a notch, which isn't taken for a gap. */
static void svg_draw_mark(int x, int y, int high, bool is_notch)
{
    if (is_notch)
        printf("<rect class=\"mark\" x=\"%d\" y=\"%d\" width=\"2\" height=\"4\" "
               "fill=\"#fff\"/>\n",
               x - 1, y + high - 4);
    else
        printf("<rect class=\"mark\" x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\" "
               "fill=\"#00304f\" stroke=\"#fff\" stroke-width=\"0.8\"/>\n",
               x - 2, y - 1, high + 2);
}

/* --- A row --- */

static const char *word_of(const struct row *row, enum doing doing)
{
    const char *program = row->recording->trace.program;

    if (doing == WORKING)
        return "at work";
    if (facts_name(layout.facts.pauses, program, strlen(program)))
        return "a pause";
    return doing == BLOCKED ? "blocked" : "free in the loop";
}

/* From where to where the words really are. */
static void label_find_ends(const struct row *row, const struct label *label, int *start,
                            int *end)
{
    struct wrapped wrapped =
        words_wrap(label->text, label->room, row->lines, layout_width);
    int widest = 0;

    for (int i = 0; i < wrapped.count; i++) {
        int wide = layout_width(wrapped.line[i].text, wrapped.line[i].size);

        widest = wide > widest ? wide : widest;
    }
    *start = label->is_left ? label->x - widest : label->x;
    *end = *start + widest;
}

/* A program's stretch is named where nothing else is written. */
static void svg_name_stretch(const struct row *row, enum doing doing, int x, int width,
                             int y)
{
    const char *word = word_of(row, doing);
    size_t size = strlen(word);
    int right = x + width, start, end;

    for (int i = 0; i < row->count; i++) {
        label_find_ends(row, &row->labels[i], &start, &end);
        if (end > x && start < right && start - x < right - end)
            x = end;
        else if (end > x && start < right)
            right = start;
    }
    if (doing == FREE && layout_width(word, size) + 12 > right - x)
        size = strcspn(word, " ");
    if (layout_width(word, size) + 12 > right - x)
        return;
    printf(
        "<text class=\"doing\" x=\"%d\" y=\"%d\" text-anchor=\"middle\"%s>%.*s</text>\n",
        (x + right) / 2,
        y + row_baseline(1) + (row_height(row->lines) - row_height(1)) / 2,
        doing == FREE      ? ""
        : doing == BLOCKED ? HALO
                           : " fill=\"#fff\"",
        (int)size, word);
}

static bool crosses_mark(const struct row *row, int start, int end)
{
    const struct trace *trace = &row->recording->trace;

    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(&row->lane, &trace->events[i]) &&
            layout_x_of_event(trace, i) > start && layout_x_of_event(trace, i) < end)
            return true;
    return false;
}

/* How words are seen on what is below them. */
static const char *colour_at(const struct row *row, const struct stretches *stretches,
                             int start, int end)
{
    const struct trace *trace = &row->recording->trace;

    for (size_t i = 0; i < stretches->count; i++) {
        enum doing doing = stretches->all[i].doing;
        int x = layout_x_of_end(trace, &row->lane, stretches->all[i].from), right;

        while (i + 1 < stretches->count && stretches->all[i + 1].doing == doing &&
               stretches->all[i + 1].from == stretches->all[i].to)
            i++;
        right = layout_x_of_end(trace, &row->lane, stretches->all[i].to);
        if (x <= start && end <= right + 4 && doing == WORKING)
            return " fill=\"#fff\"";
        if (x <= start && end <= right && (doing == FREE || doing == UNDER_WAY) &&
            !crosses_mark(row, start, end))
            return "";
    }
    return HALO;
}

static void svg_draw_label(const struct row *row, const struct label *label,
                           const struct stretches *stretches, int y)
{
    struct wrapped wrapped =
        words_wrap(label->text, label->room, row->lines, layout_width);
    int start, end,
        top = y + row_baseline(wrapped.count) +
              (row_height(row->lines) - row_height(wrapped.count)) / 2;

    label_find_ends(row, label, &start, &end);
    printf("<text class=\"words\" text-anchor=\"%s\"%s>",
           label->is_left ? "end" : "start", colour_at(row, stretches, start, end));
    for (int i = 0; i < wrapped.count; i++) {
        printf("<tspan x=\"%d\" y=\"%d\">", label->x, top + i * (layout.font + 1));
        svg_write_text(wrapped.line[i].text, wrapped.line[i].size);
        printf("%s</tspan>", wrapped.is_cut && i == wrapped.count - 1 ? "..." : "");
    }
    printf("</text>\n");
}

static bool is_within_work(const struct stretches *stretches, double at)
{
    for (size_t i = 0; i < stretches->count; i++)
        if (stretches->all[i].doing == WORKING && stretches->all[i].from < at &&
            at < stretches->all[i].to)
            return true;
    return false;
}

static void svg_draw_bars(const struct row *row, const struct stretches *stretches, int y)
{
    const struct trace *trace = &row->recording->trace;
    int high = row_height(row->lines) - 5;

    for (size_t i = 0; i < stretches->count; i++) {
        const struct stretch *it = &stretches->all[i];
        int gap = row_is_program(row) ? 2 : 0; /* between a program's stretches */
        int x = layout_x_of_end(trace, &row->lane, it->from) + gap;
        int width = layout_x_of_end(trace, &row->lane, it->to) - gap - x;

        if (i > 0 && row_is_program(row) && it->doing == WORKING &&
            it[-1].doing == WORKING && it[-1].to == it->from)
            drawn.pieces = true;
        svg_draw_box(it->doing, x, y + 2, width, high);
        if (row_is_program(row))
            svg_name_stretch(row, it->doing, x, width, y);
    }
    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(&row->lane, &trace->events[i]))
            svg_draw_mark(layout_x_of_event(trace, i), y + 2, high,
                          is_within_work(stretches, trace->events[i].at));
}

/* The total, right of the line where the program ends: on a slide it doesn't appear
 * before its time. */
static void svg_draw_end(const struct row *row, int y)
{
    const struct trace *trace = &row->recording->trace;
    int x = layout_end(trace), high = row_height(row->lines);

    printf("<line class=\"end\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
           "stroke=\"#14191f\" stroke-width=\"2\"/>\n",
           x, y, x, y + high);
    printf("<text class=\"total\" x=\"%d\" y=\"%d\" font-weight=\"bold\" "
           "font-size=\"%d\"" HALO ">%.2f s</text>\n",
           x + 8, y + row_baseline(1) + (high - row_height(1)) / 2, layout_total_font(),
           trace_length(trace));
}

static void svg_draw_row(const struct row *row, int y)
{
    struct stretches stretches = row_stretches(row);
    const char *name = row->recording->entry->name;
    int middle = (row_height(row->lines) - row_height(1)) / 2;

    printf("<g class=\"%s\">\n", row_is_program(row) ? "program" : "lane");
    if (row_is_program(row))
        svg_draw_name(0, y + middle, " font-weight=\"bold\"", name, strlen(name));
    else if (row->lane.place == 0)
        svg_draw_name(INDENT, y + middle, "", row->lane.actor, row->lane.size);
    svg_draw_bars(row, &stretches, y);
    for (int i = 0; i < row->count; i++)
        svg_draw_label(row, &row->labels[i], &stretches, y);
    if (row_is_program(row))
        svg_draw_end(row, y);
    printf("</g>\n");
    stretches_free(&stretches);
}

/* --- The picture --- */

/* What is drawn in a row, in words. */
static void svg_describe_stretches(const struct row *row)
{
    static const char *const doings[] = {"is under way", "is at work", "waits", "is free",
                                         "is blocked"};
    struct stretches stretches = row_stretches(row);
    int last = -1;

    for (size_t i = 0; i < stretches.count; i++) {
        enum doing doing = stretches.all[i].doing;
        double start = stretches.all[i].from;

        while (i + 1 < stretches.count && stretches.all[i + 1].doing == doing &&
               stretches.all[i + 1].from == stretches.all[i].to)
            i++;
        printf("%s %s from %.2f to %.2f", last < 0 ? "" : ",",
               (int)doing == last ? "and" : doings[doing], start, stretches.all[i].to);
        last = (int)doing;
    }
    if (stretches.count == 0 && row_is_program(row))
        printf(" is over at once");
    stretches_free(&stretches);
}

static void svg_describe_row(const struct row *row)
{
    const struct trace *trace = &row->recording->trace;
    bool is_first = true;

    if (row->lane.size > 0) {
        printf("; ");
        svg_write_text(row->lane.actor, row->lane.size);
        if (row->lane.place > 0)
            printf(" (%d)", row->lane.place + 1);
    } else {
        printf("; it");
    }
    svg_describe_stretches(row);
    for (size_t i = lane_find(trace, &row->lane, 0), next; i < trace->count; i = next) {
        char *text = row_words(row, i, &next);

        printf("%s %.2f ", is_first ? ": at" : ",", trace->events[i].at);
        svg_write_text(text, strlen(text));
        is_first = false;
        free(text);
    }
}

/* For those who don't see the picture. */
static void svg_describe(void)
{
    printf("<title id=\"%s-title\">Who does what when in", slug);
    for (int i = 0; i < layout.recording_count; i++) {
        printf("%s", i == 0 ? " " : i < layout.recording_count - 1 ? ", " : " and ");
        svg_write_text(layout.recordings[i].entry->name,
                       strlen(layout.recordings[i].entry->name));
    }
    printf("</title>\n<desc id=\"%s-desc\">", slug);
    for (int i = 0; i < layout.row_count; i++) {
        const struct recording *recording = layout.rows[i].recording;

        if (layout.rows[i].lane.size == 0) {
            printf("%s", i ? ".\n" : "");
            svg_write_text(recording->entry->name, strlen(recording->entry->name));
            printf(" takes %.2f s", trace_length(&recording->trace));
        }
        svg_describe_row(&layout.rows[i]);
    }
    printf(".</desc>\n");
}

static void svg_begin(void)
{
    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" "
           "viewBox=\"0 0 %d %d\" role=\"img\" "
           "aria-labelledby=\"%s-title %s-desc\" "
           "style=\"--seconds: %.2f; --from: %dpx; --to: %dpx\" "
           "font-family=\"system-ui, sans-serif\" font-size=\"%d\" fill=\"#14191f\">\n",
           layout.sheet.width, layout.height, slug, slug, (double)layout.length / 100,
           layout.from, layout.to, layout.font);
    svg_describe();
    printf("<defs><pattern id=\"%s-hatch\" width=\"9\" height=\"9\" "
           "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
           "<rect width=\"9\" height=\"9\" fill=\"#fff\"/>"
           "<rect width=\"2\" height=\"9\" fill=\"#8b959e\"/></pattern></defs>\n"
           "<rect class=\"paper\" width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
           slug, layout.sheet.width, layout.height);
}

static void svg_draw_tick(long at, int places)
{
    int x = layout_x((double)at / 100);

    printf("<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#c9d0d6\"/>\n", x,
           layout.sheet.top - 12, x, layout.height - layout.sheet.bottom);
    printf("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.*f%s</text>\n", x,
           layout.sheet.top - 18, places, (double)at / 100, at == 0 ? " s" : "");
}

static void svg_draw_axis(void)
{
    long step = axis_step((double)layout.length, layout.to - layout.from, BETWEEN_TICKS);

    for (long at = 0; at <= layout.length && !layout_is_in_order(); at += step)
        svg_draw_tick(at, axis_places(step));
    for (int i = 0; i < layout.instant_count; i++)
        svg_draw_tick(layout.instants[i].at, 2);
}

/* Returns where the next one stands. */
static int svg_explain(int x, const char *text, size_t size)
{
    printf("<text x=\"%d\" y=\"%d\">%.*s</text>\n", x + 40, layout.height - 8, (int)size,
           text);
    return x + 40 + layout_width(text, size) + 14;
}

static const char *explained(enum doing doing)
{
    static const char *const words[] = {"under way", "at work",
                                        "waits, or is not heard yet",
                                        "free: hears who is done", "blocked: only waits"};

    return doing == WORKING && drawn.pieces ? "at work; listens at gaps" : words[doing];
}

/* How wide the legend is, if it has so many signs. */
static int svg_legend_width(int signs)
{
    int width = MARGIN + signs * (40 + 14) + layout_width("a line", strlen("a line"));

    for (enum doing doing = 0; doing <= BLOCKED; doing++)
        if (drawn.doing[doing])
            width += layout_width(explained(doing), strlen(explained(doing)));
    return width;
}

/* What occurs in the picture, and nothing else; in few words where all have no room. */
static void svg_draw_legend(void)
{
    static const enum doing order[] = {BLOCKED, FREE, WORKING, UNDER_WAY, WAITING};
    bool shown[BLOCKED + 1], is_short;
    int x = MARGIN, y = layout.height - 22, high = 16, count = 0;

    for (int i = 0; i <= BLOCKED; i++)
        count += shown[i] = drawn.doing[i];
    layout.font = count > 3 ? LEAST_FONT : LEAST_FONT + 2; /* so that it fits */
    is_short = svg_legend_width(count + 1) > layout.sheet.width;
    printf("<g class=\"legend\" font-size=\"%d\">\n", layout.font);
    for (int i = 0; i <= BLOCKED; i++) {
        enum doing doing = order[i];
        bool pieces = doing == WORKING && drawn.pieces;
        const char *words = explained(doing);

        if (!shown[doing])
            continue;
        for (int k = 0; k < (pieces ? 3 : 1); k++)
            svg_draw_box(doing, x + 12 * k, y, pieces ? 8 : 34, high);
        x = svg_explain(x, words, is_short ? strcspn(words, ",:;") : strlen(words));
    }
    svg_draw_mark(x + 30, y, high, false);
    svg_explain(x, "a line", strlen("a line"));
    printf("</g>\n");
}

/* Over the lanes, from their left end to beyond the right one of the picture. */
static void svg_draw_edge(void)
{
    printf("<g class=\"edge\" visibility=\"hidden\">"
           "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
           "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#d40000\" "
           "stroke-width=\"4\"/></g>\n",
           layout.from, layout.sheet.top - 10, layout.sheet.width - layout.from + 20,
           layout.height - layout.sheet.top - layout.sheet.bottom + 14, layout.from,
           layout.sheet.top - 12, layout.from, layout.height - layout.sheet.bottom + 4);
}

/* The picture's ids are made of it. */
static bool svg_read_slug(void)
{
    slug = lesson_slug(layout.directory);
    return slug && *slug &&
           slug[strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* Where a program has more lanes than are drawn. */
static void svg_tell_hidden(const struct row *row, int y)
{
    int count = layout_count_hidden(row->recording);

    if (count > 0)
        printf("<text x=\"%d\" y=\"%d\" text-anchor=\"end\"" HALO
               ">and %d others</text>\n",
               layout.sheet.width - 4, y + row_baseline(1), count);
}

static void svg_draw_picture(void)
{
    int y = layout.sheet.top;

    svg_begin();
    svg_draw_axis();
    for (int i = 0; i < layout.row_count; i++) {
        bool is_last = i + 1 == layout.row_count || layout.rows[i + 1].lane.size == 0;

        svg_draw_row(&layout.rows[i], y);
        if (is_last)
            svg_tell_hidden(&layout.rows[i], y);
        y += row_height(layout.rows[i].lines) + (is_last ? BETWEEN : 0);
    }
    svg_draw_legend();
    svg_draw_edge();
    printf("</svg>\n");
}

/* Where programs only compute, nothing is known of when: no picture is drawn then. */
static bool takes_time(void)
{
    for (int i = 0; i < layout.recording_count; i++)
        if (trace_length(&layout.recordings[i].trace) > 0)
            return true;
    return false;
}

int main(int argc, char *argv[])
{
    die_as("draw", EXIT_FAILURE);
    layout.directory = argc > 1 ? argv[1] : "";
    if (!svg_read_slug()) {
        fprintf(stderr, "usage: draw lessons/NN-name [PROGRAM ...]\n");
        return 2;
    }
    named = argv + 2;
    layout.sheet = *named ? layout_slide : layout_page;
    svg_read_about();
    svg_read_recordings();
    svg_find_lanes();
    if (takes_time()) {
        layout_make();
        svg_draw_picture();
    }
    layout_free();
    catalog_free(&catalog);
    if (fflush(stdout) != 0 || ferror(stdout))
        die("cannot write the picture: %s", strerror(errno));
    return 0;
}
