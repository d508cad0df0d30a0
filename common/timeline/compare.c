/* compare.c - see compare.h */

#include "timeline/compare.h"
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return line_compare(a, b);
}

static bool is_checksum(const struct line *line)
{
    return line->size > 9 && memcmp(line->text, "checksum:", 9) == 0;
}

/* Its lines of stdout in the order of line_compare(), to be freed. */
static struct line *sorted_lines(const struct trace *trace, size_t *count)
{
    struct line *lines = malloc((trace->count + 1) * sizeof *lines);

    must("compare the programs", lines ? 0 : UV_ENOMEM);
    *count = 0;
    for (size_t i = 0; i < trace->count; i++)
        if (!trace->events[i].is_comment)
            lines[(*count)++] = trace->events[i].line;
    qsort(lines, *count, sizeof *lines, by_text);
    return lines;
}

/* Whether both print the same lines, in whatever order, or the same checksum: only
 * then is one of them faster. Else they do different things. */
static bool do_the_same(const struct trace *one, const struct trace *other)
{
    size_t count, others, i = 0, j = 0;
    struct line *lines = sorted_lines(one, &count),
                *theirs = sorted_lines(other, &others);
    bool same = count == others, same_sum = false;

    for (i = 0; same && i < count; i++)
        same = line_equals(&lines[i], &theirs[i]);
    for (i = 0; i < count; i++)
        for (j = 0; is_checksum(&lines[i]) && j < others; j++)
            same_sum = same_sum || line_equals(&lines[i], &theirs[j]);
    free(lines);
    free(theirs);
    return same || same_sum;
}

/* Where no line has a time, how long it all took is not what the lesson is about: what
 * matters is measured, and told, by the programs themselves. */
static bool has_times(const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        if (trace->events[i].line.kind == TIMED && trace->events[i].line.stamp > 0)
            return true;
    return false;
}

void trace_compare(const struct trace *trace, const struct trace *sync, char *text,
                   size_t size)
{
    double length = trace_length(trace), of_sync = trace_length(sync);

    *text = '\0';
    if (of_sync < 0.01 || !has_times(sync) || !do_the_same(trace, sync))
        return;
    if (length < 0.01)
        snprintf(text, size, "more than %d times as fast", (int)(of_sync / 0.01 + 0.5));
    else if (of_sync / length >= 1.05)
        snprintf(text, size, "%.1f times as fast", of_sync / length);
    else if (length / of_sync >= 1.05)
        snprintf(text, size, "%.1f times as long", length / of_sync);
    else
        snprintf(text, size, "no faster");
}
