/* layout.c - see layout.h */

#include "timeline/layout.h"
#include "die.h"
#include "timeline/words.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

const struct sheet layout_page = {.width = 1200, .height = 606, .top = 36, .bottom = 32};
const struct sheet layout_slide = {.width = 760, .height = 372, .top = 32, .bottom = 26};

struct layout layout;

/* The words at their marks; or all of them in one text: within the work with which the
 * lane begins, behind the bars, before them, or over them. */
enum way { IN_PLACE, WITHIN, BEHIND, BEFORE, OVER };

/* --- Text --- */

/* How wide it is at most, in the widest of the usual fonts: what is reckoned too
 * wide is not drawn, or is cut, so that nothing runs into anything. */
int layout_width(const char *text, size_t size)
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
    return width * layout.font / 100;
}

int layout_bold_width(const char *text, size_t size)
{
    return layout_width(text, size) * 9 / 8;
}

int row_height(int lines)
{
    int high = lines * (layout.font + 1) + 1;

    return high > layout.least ? high : layout.least;
}

/* How far below the top of a row so many lines of text begin. */
int row_baseline(int lines)
{
    return (row_height(lines) - (lines - 1) * (layout.font + 1)) / 2 +
           layout.font * 3 / 8;
}

long hundredths(double seconds)
{
    return (long)(seconds * 100 + 0.5);
}

/* --- Where on the axis --- */

/* Where the order of the lines of an instant is shown, the axis has room for as many as
 * any of the programs has. */
bool layout_is_in_order(void)
{
    return layout.facts.order && *layout.facts.order;
}

/* How many lines of the program came before this one, at the same time. */
static int rank_of(const struct trace *trace, size_t i)
{
    int rank = 0;

    for (size_t k = 0; k < i; k++)
        rank +=
            !trace->events[k].is_comment && trace->events[k].at == trace->events[i].at;
    return rank;
}

static void note_instant(long at, int lines)
{
    int i = 0;

    while (i < layout.instant_count && layout.instants[i].at != at)
        i++;
    if (i == MOST_LABELS)
        die("%s has too many instants to show their order", layout.directory);
    if (i == layout.instant_count)
        layout.instants[layout.instant_count++].at = at;
    if (lines > layout.instants[i].lines)
        layout.instants[i].lines = lines;
}

static void find_instants(void)
{
    for (int k = 0; k < layout.recording_count && layout_is_in_order(); k++)
        for (size_t i = 0; i < layout.recordings[k].trace.count; i++)
            if (!layout.recordings[k].trace.events[i].is_comment)
                note_instant(hundredths(layout.recordings[k].trace.events[i].at),
                             rank_of(&layout.recordings[k].trace, i) + 1);
}

static int fans_before(long at)
{
    int wide = 0;

    for (int i = 0; i < layout.instant_count; i++)
        if (layout.instants[i].at < at)
            wide += (layout.instants[i].lines - 1) * FAN;
    return wide;
}

int layout_x(double at)
{
    long room = layout.to - layout.from - fans_before(LONG_MAX);

    return layout.from + fans_before(hundredths(at)) +
           (int)((hundredths(at) * room + layout.length / 2) / layout.length);
}

int layout_x_of_event(const struct trace *trace, size_t i)
{
    return layout_x(trace->events[i].at) +
           (layout_is_in_order() ? rank_of(trace, i) * FAN : 0);
}

/* The end of a stretch of a lane: where its line stands, if one is there. */
int layout_x_of_end(const struct trace *trace, const struct lane *lane, double at)
{
    int x = layout_x(at);
    bool has_line = false;

    for (size_t i = 0; i < trace->count && layout_is_in_order(); i++) {
        const struct event *event = &trace->events[i];
        bool is_his = lane_has(lane, event);
        /* A program works for who is busy. */
        bool is_for_him =
            lane->size == 0 && event->actor_size > 0 && !has_line &&
            facts_name(layout.facts.busy, event->line.text, event->actor_size);

        if (event->at == at && (is_his || is_for_him))
            x = layout_x_of_event(trace, i);
        has_line = has_line || (is_his && event->at == at);
    }
    return x;
}

int layout_end(const struct trace *trace)
{
    int x = layout_x(trace_length(trace));

    for (size_t i = 0; i < trace->count; i++)
        if (!trace->events[i].is_comment && layout_x_of_event(trace, i) > x)
            x = layout_x_of_event(trace, i);
    return x;
}

/* --- Where the words stand --- */

int layout_total_font(void)
{
    return layout.font + 2; /* the total */
}

static int total_width(const struct trace *trace)
{
    char total[64];

    snprintf(total, sizeof total, "%.2f s", trace_length(trace));
    return layout_bold_width(total, strlen(total)) * layout_total_font() / layout.font;
}

/* The first event of a lane, from this one on; the trace's count: there is none. */
size_t lane_find(const struct trace *trace, const struct lane *lane, size_t i)
{
    while (i < trace->count && !lane_has(lane, &trace->events[i]))
        i++;
    return i;
}

bool row_is_program(const struct row *row)
{
    return row->lane.size == 0;
}

struct stretches row_stretches(const struct row *row)
{
    const struct trace *trace = &row->recording->trace;

    return row->lane.size > 0 ? lane_stretches(&row->lane, trace, &layout.facts)
                              : program_stretches(&layout.lanes, trace, &layout.facts);
}

char *row_words(const struct row *row, size_t i, size_t *next)
{
    bool alone = layout_is_in_order() && !row_is_program(row);

    return words_at(&row->lane, &row->recording->trace, i, alone, next);
}

static void row_free_labels(struct row *row)
{
    for (int i = 0; i < row->count; i++)
        free(row->labels[i].text);
    row->count = 0;
}

/* How wide it must be, to need no more lines than that. */
static int needs(const char *text, int lines)
{
    int most = layout_width(text, strlen(text)), width = most / lines;

    while (width < most && words_wrap(text, width, lines, layout_width).is_cut)
        width += 6;
    return width < most ? width : most;
}

/* Left of the last mark, sharing that with the words of the one before, if there is one.
 */
static void place_last(struct row *row, int lines)
{
    struct label *last = &row->labels[row->count - 1];
    struct label *before = row->count > 1 ? last - 1 : NULL;
    int right = last->mark - BESIDE, needed = needs(last->text, lines);
    int home = right - (before ? before->mark + BESIDE : layout.from), room = home;

    if (last->room >= needed)
        return;
    if (before && !before->is_left) {
        room = home - needs(before->text, lines) - 10;
        room = room > home / 2 ? room : home / 2;
        room = room < needed ? room : needed;
    }
    if (room <= last->room)
        return;
    if (before && !before->is_left)
        before->room = home - room - 10;
    *last = (struct label){last->mark, right, true, room, last->text};
}

/* Where, on the right, words must end that begin at a mark: what is work stays dark. */
static int end_of_words(const struct row *row, int mark)
{
    const struct trace *trace = &row->recording->trace;
    struct stretches stretches = row_stretches(row);
    int right = row_is_program(row) && mark < layout_end(trace)
                    ? layout_end(trace) - BESIDE
                    : layout.sheet.width - 4;

    for (size_t i = 0; i < stretches.count && row->lane.size > 0; i++)
        if (stretches.all[i].doing == WORKING &&
            layout_x_of_end(trace, &row->lane, stretches.all[i].from) == mark)
            right = layout_x_of_end(trace, &row->lane, stretches.all[i].to) - 2;
    stretches_free(&stretches);
    return right;
}

static int behind_total(const struct row *row)
{
    const struct trace *trace = &row->recording->trace;

    return layout_end(trace) + 22 + total_width(trace);
}

/* The words of each moment right of its mark, up to the next; those of the first and the
 * last one left of it if there is more room. */
static void row_place(struct row *row, int lines)
{
    const struct trace *trace = &row->recording->trace;
    size_t i = lane_find(trace, &row->lane, 0), next;
    struct label *first = row->labels;

    row_free_labels(row);
    row->lines = lines;
    for (; i < trace->count && row->count < MOST_LABELS; i = next) {
        char *text = row_words(row, i, &next);
        int mark = layout_x_of_event(trace, i), right = end_of_words(row, mark);
        int x = row_is_program(row) && mark == layout_end(trace) ? behind_total(row)
                                                                 : mark + BESIDE;

        if (next < trace->count && layout_x_of_event(trace, next) - BESIDE + 2 < right)
            right = layout_x_of_event(trace, next) - BESIDE + 2;
        row->labels[row->count++] = (struct label){mark, x, false, right - x, text};
    }
    if (row->count == 0)
        return;
    if (row->count > 1 && !row_is_program(row) &&
        first->room < needs(first->text, lines) &&
        first->mark - layout.from - 2 * BESIDE > first->room)
        *first = (struct label){first->mark, first->mark - BESIDE, true,
                                first->mark - layout.from - 2 * BESIDE, first->text};
    place_last(row, lines);
}

/* All of the lane's words in one text, which begins behind its bars, or stands over them.
 */
static void row_tell(struct row *row, enum way way, int lines)
{
    const struct trace *trace = &row->recording->trace;
    size_t first = lane_find(trace, &row->lane, 0), last = first;
    char *text = words_story(&row->lane, trace);
    int x, right = layout.sheet.width - 4;

    for (size_t i = first; i < trace->count; i = lane_find(trace, &row->lane, i + 1))
        last = i;
    x = row_is_program(row) ? behind_total(row) : layout_x_of_event(trace, last) + BESIDE;
    if (way == OVER || way == WITHIN) {
        x = layout_x_of_event(trace, first) + BESIDE;
        right = row_is_program(row) ? layout_end(trace) - BESIDE : right;
    }
    if (way == WITHIN)
        right = end_of_words(row, x - BESIDE);
    row_free_labels(row);
    row->lines = lines;
    row->labels[row->count++] = (struct label){x, x, false, right - x, text};
    x = layout_x_of_event(trace, first) - BESIDE;
    if (way == BEFORE)
        row->labels[0] = (struct label){x, x, true, x - layout.from, text};
}

/* What of the text is in no line. */
static const char *wrapped_end(const struct wrapped *wrapped)
{
    return wrapped->line[wrapped->count - 1].text +
           wrapped->line[wrapped->count - 1].size;
}

/* What is lost: a few words at an end, or all words of a moment. */
static int row_cost(const struct row *row)
{
    int cost = 0;

    for (int i = 0; i < row->count; i++) {
        struct wrapped wrapped = words_wrap(row->labels[i].text, row->labels[i].room,
                                            row->lines, layout_width);

        cost += wrapped.has_no_word ? 20 : 0;
        cost += wrapped.is_cut ? 7 + (int)strlen(wrapped_end(&wrapped)) / 8 : 0;
    }
    return cost;
}

static void row_write(struct row *row, enum way way, int lines)
{
    if (way == IN_PLACE)
        row_place(row, lines);
    else
        row_tell(row, way, lines);
}

static bool row_has_way(const struct row *row, enum way way)
{
    const struct trace *trace = &row->recording->trace;
    int mark = layout_x_of_event(trace, lane_find(trace, &row->lane, 0));

    if (way == WITHIN)
        return !row_is_program(row) && end_of_words(row, mark) < layout.sheet.width - 4;
    return way != BEFORE || !row_is_program(row);
}

/* With up to so many lines of text, the way in which the least is lost. */
static int row_choose(struct row *row, int most)
{
    static const int costs[] = {
        [IN_PLACE] = 0, [WITHIN] = 3, [BEHIND] = 4, [BEFORE] = 4, [OVER] = 12};
    const struct trace *trace = &row->recording->trace;
    enum way best_way = IN_PLACE;
    int best = INT_MAX, best_lines = 1;

    row->lines = 1;
    if (lane_find(trace, &row->lane, 0) == trace->count)
        return 0;
    for (enum way way = IN_PLACE; way <= OVER && costs[way] < best; way++)
        for (int lines = 1; lines <= most && best > 0; lines++) {
            int cost = costs[way] + (way == IN_PLACE ? 0 : 2 * (lines - 1));

            row_write(row, way, lines);
            cost += row_cost(row);
            if (!row_has_way(row, way))
                break;
            if (cost < best) {
                best = cost;
                best_way = way;
                best_lines = lines;
            }
        }
    row_write(row, best_way, best_lines);
    return best;
}

static void choose_names(void)
{
    int widest = 0, total = 0;

    for (int i = 0; i < layout.row_count; i++) {
        const char *name = layout.rows[i].recording->entry->name;
        int wide = layout.rows[i].lane.size
                       ? INDENT + layout_bold_width(layout.rows[i].lane.actor,
                                                    layout.rows[i].lane.size)
                       : layout_bold_width(name, strlen(name));

        widest = wide > widest ? wide : widest;
        wide = total_width(&layout.rows[i].recording->trace);
        total = wide > total ? wide : total;
    }
    layout.to = layout.sheet.width - 12 - total;
    layout.from = MARGIN + widest + 12;
    layout.from = layout.from < 150             ? 150
                  : layout.from > MOST_OF_NAMES ? MOST_OF_NAMES
                                                : layout.from;
}

static int total_height(void)
{
    int high = layout.sheet.top + layout.sheet.bottom + layout.recording_count * BETWEEN;

    for (int i = 0; i < layout.row_count; i++)
        high += row_height(layout.rows[i].lines);
    return high;
}

/* How many lanes of a recording aren't drawn. */
int layout_count_hidden(const struct recording *recording)
{
    int count = 0;

    for (int i = 0; i < layout.lanes.count; i++)
        count += lane_is_in(&layout.lanes.lane[i], &recording->trace);
    for (int i = 0; i < layout.row_count; i++)
        count -= layout.rows[i].recording == recording && layout.rows[i].lane.size > 0;
    return count;
}

/* A row for each program, and for each of its lanes, but for no more than `most`. */
static void make_rows(int most)
{
    for (int i = 0; i < layout.row_count; i++)
        row_free_labels(&layout.rows[i]);
    layout.row_count = 0;
    for (int i = 0; i < layout.recording_count; i++) {
        int drawn_here = 0;

        layout.rows[layout.row_count++] =
            (struct row){.recording = &layout.recordings[i], .lane = {.actor = ""}};
        for (int k = 0; k < layout.lanes.count && drawn_here < most; k++)
            if (lane_is_in(&layout.lanes.lane[k], &layout.recordings[i].trace)) {
                layout.rows[layout.row_count++] = (struct row){
                    .recording = &layout.recordings[i], .lane = layout.lanes.lane[k]};
                drawn_here++;
            }
    }
}

static int lay_out(int size, int lines)
{
    int cost = 0;

    layout.font = size;
    layout.least = LEAST_ROW;
    choose_names();
    for (int i = 0; i < layout.row_count; i++)
        cost += row_choose(&layout.rows[i], lines);
    return cost;
}

/* Give a row more lines than the others have, if much is lost without. */
static void row_give_lines(struct row *row, int lines)
{
    int lost = row_choose(row, lines);

    for (int more = MOST_WORD_LINES; more > lines; more--)
        if (row_choose(row, more) + 4 < lost && total_height() <= layout.sheet.height)
            return;
    (void)row_choose(row, lines);
}

/* Everything is as large as there is room for, without words being lost. Where there are
 * too many actors even for the smallest rows, the last ones aren't drawn. */
void layout_make(void)
{
    int best = INT_MAX, best_font = LEAST_FONT, best_lines = 1, most = MOST_LANES;
    int room = layout.sheet.height - layout.sheet.top - layout.sheet.bottom -
               layout.recording_count * BETWEEN;

    if (layout.length == 0)
        layout.length = 1; /* a program that takes no time at all */
    find_instants();
    layout.rows =
        xcalloc((size_t)layout.recording_count * (MOST_LANES + 1), sizeof *layout.rows);
    for (make_rows(most); layout.row_count * LEAST_ROW > room; make_rows(--most))
        if (most == 1)
            die("%s has too many recordings for one picture", layout.directory);
    for (int size = MOST_FONT; size >= LEAST_FONT && best > 0; size--)
        for (int lines = 1; lines <= MOST_WORD_LINES && best > 0; lines++) {
            int cost = lay_out(size, lines);

            if (total_height() <= layout.sheet.height && cost < best) {
                best = cost;
                best_font = size;
                best_lines = lines;
            }
        }
    lay_out(best_font, best_lines);
    for (int i = layout.row_count - 1; i >= 0;
         i--) /* one has room for more lines than all */
        row_give_lines(&layout.rows[i], best_lines);
    while (total_height() <= layout.sheet.height && layout.least < MOST_ROW)
        layout.least++;
    layout.least -= total_height() > layout.sheet.height;
    layout.height = total_height();
}

void layout_free(void)
{
    for (int i = 0; i < layout.row_count; i++)
        row_free_labels(&layout.rows[i]);
    free(layout.rows);
    for (int i = 0; i < layout.recording_count; i++)
        trace_free(&layout.recordings[i].trace);
    facts_free(&layout.facts);
}
