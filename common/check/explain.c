/* explain.c - see explain.h */

#include "explain.h"

#include "die.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONTEXT = 2,          /* lines shown around those that differ */
    MOST_CELLS = 4 << 20, /* of the table for a diff; where it would be larger, all lines
                           * between the first and the last that differ do */
    MOST_ERR = 30         /* lines of stderr */
};

/* --- Lines of a program --- */

void explain_show_text(FILE *to, const char *text, size_t size)
{
    const size_t most = 200;

    for (size_t i = 0; i < size && i < most; i++)
        if (text[i] >= ' ' && text[i] <= '~' && !(text[i] == ' ' && i == size - 1))
            fputc(text[i], to);
        else
            fprintf(to, "\\x%02x", (unsigned char)text[i]);
    if (size > most)
        fprintf(to, "... (%zu bytes)", size);
}

void explain_show_line(FILE *to, const struct line *line)
{
    recording_write_stamp(to, line);
    explain_show_text(to, line->text, line->size);
}

void explain_show_lines(FILE *to, const char *prefix, const char *text, size_t size,
                        int most)
{
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        if (most-- == 0) {
            fprintf(to, "%s...\n", prefix);
            return;
        }
        fputs(prefix, to);
        explain_show_text(to, text, length);
        fputc('\n', to);
        text += length + (end != NULL);
        size -= length + (end != NULL);
    }
}

/* --- Lines that differ --- */

/* Write a sign for each line on the way from one side to the other: ' ' in both, '-' only
 * recorded, '+' only in the run. By the table of longest common subsequences that every
 * textbook has. Returns where the signs end. */
static char *diff_middle(char *signs, const struct line *old, size_t olds,
                         const struct line *new, size_t news)
{
    size_t wide = news + 1, i = 0, j = 0;
    unsigned *common = xcalloc((olds + 1) * wide, sizeof *common);

    for (size_t o = olds; o-- > 0;)
        for (size_t n = news; n-- > 0;) {
            unsigned skip_old = common[(o + 1) * wide + n];
            unsigned skip_new = common[o * wide + n + 1];

            common[o * wide + n] = line_equals(&old[o], &new[n])
                                       ? common[(o + 1) * wide + n + 1] + 1
                                   : skip_old >= skip_new ? skip_old
                                                          : skip_new;
        }
    while (i < olds || j < news) {
        bool both = i < olds && j < news;

        *signs = both && line_equals(&old[i], &new[j]) ? ' '
                 : j == news ||
                         (both && common[(i + 1) * wide + j] >= common[i * wide + j + 1])
                     ? '-'
                     : '+';
        i += *signs != '+';
        j += *signs++ != '-';
    }
    free(common);
    return signs;
}

/* The signs of all lines, as a string; free() frees it. */
static char *find_diff(const struct line *old, size_t olds, const struct line *new,
                       size_t news)
{
    size_t least = olds < news ? olds : news, head = 0, tail = 0;
    char *signs = xcalloc(olds + news + 1, 1), *end;

    while (head < least && line_equals(&old[head], &new[head]))
        head++;
    while (tail < least - head &&
           line_equals(&old[olds - tail - 1], &new[news - tail - 1]))
        tail++;
    olds -= head + tail;
    news -= head + tail;
    memset(signs, ' ', head);
    end = signs + head;
    if ((olds + 1) * (news + 1) <= MOST_CELLS) {
        end = diff_middle(end, old + head, olds, new + head, news);
    } else {
        memset(end, '-', olds);
        memset(end + olds, '+', news);
        end += olds + news;
    }
    memset(end, ' ', tail);
    return signs;
}

/* Whether line i of the diff stands near one that differs. */
static bool is_shown(const char *signs, size_t i)
{
    for (size_t near = i > CONTEXT ? i - CONTEXT : 0; near <= i + CONTEXT; near++)
        if (signs[near] == '\0')
            return false;
        else if (signs[near] != ' ')
            return true;
    return false;
}

/* A line of the diff; a late or early one that both have, with the time at which it was
 * expected. */
static void show_sign(FILE *to, const struct verdict *verdict, char sign,
                      const struct line *wanted, const struct line *got)
{
    fprintf(to, "  %c ", sign);
    explain_show_line(to, sign == '-' ? wanted : got);
    if (sign == ' ' && verdict->rule->timing && got->kind == TIMED) {
        long late = 10 * (got->stamp - wanted->stamp);

        if (late > LATE || late < -EARLY)
            fprintf(to, "   (expected at %ld.%02ld)", wanted->stamp / 100,
                    wanted->stamp % 100);
    }
    fputc('\n', to);
}

static void show_diff(FILE *to, const struct verdict *verdict, const char *signs,
                      const struct explain_style *style)
{
    size_t old = 0, new = 0;
    int shown = 0, alike = 0;

    for (size_t i = 0; signs[i]; i++) {
        char sign = signs[i];

        alike = i > 0 && sign == signs[i - 1] ? alike + 1 : 1;
        if (is_shown(signs, i)) {
            if (i == 0 || !is_shown(signs, i - 1))
                fprintf(to, "  at line %zu:\n", old + 1);
            if (alike == style->most_alike + 1)
                fprintf(to, "  %c ...\n", sign);
            else if (alike <= style->most_alike && shown++ == style->most_lines)
                break;
            else if (alike <= style->most_alike)
                show_sign(to, verdict, sign, &verdict->recording->lines[old],
                          &verdict->lines[new]);
        }
        old += sign != '+';
        new += sign != '-';
    }
    if (shown > style->most_lines)
        fputs("  ...\n", to);
}

void explain_text(FILE *to, const struct verdict *verdict,
                  const struct explain_style *style)
{
    char *signs = find_diff(verdict->recording->lines, verdict->recording->count,
                            verdict->lines, verdict->run->count);

    fprintf(to, "it prints %s (%s):\n",
            verdict->same_lines ? "the right lines in another order" : "other lines",
            style->sides);
    show_diff(to, verdict, signs, style);
    if (verdict->run->cut_short)
        fputs("the last line has no newline at its end\n", to);
    free(signs);
}

/* --- Times. A line stands as in a diff, with what is wrong about it. --- */

static void explain_time(FILE *to, const struct line *line, long late,
                         const struct lateness *allowed)
{
    struct line came = *line;

    came.stamp += late;
    fputs("  ", to);
    explain_show_line(to, &came);
    fprintf(to, "   (expected at %ld.%02ld: %.2f s %s", line->stamp / 100,
            line->stamp % 100, (double)labs(late) / 100, late < 0 ? "early" : "late");
    if (allowed)
        fprintf(to, ", and %.2f s are allowed", allowed->allowed / 1000);
    fputs(")\n", to);
}

static void explain_early(FILE *to, const struct verdict *verdict, int most)
{
    for (size_t i = 0; i < verdict->run->count; i++) {
        size_t recorded = verdict->recorded_index[i];
        const struct line *wanted = &verdict->recording->lines[recorded];
        const struct line *came = &verdict->lines[i];

        if (!verdict_line_is_early(verdict, i) && !verdict_line_is_false(verdict, i))
            continue;
        if (most-- == 0) {
            fputs("...\n", to);
            return;
        }
        if (verdict_line_is_early(verdict, i)) {
            explain_time(to, wanted, came->stamp - wanted->stamp, NULL);
        } else {
            fputs("  ", to);
            explain_show_line(to, came);
            fprintf(to, "   (it came %.2f s after the start: a false stamp)\n",
                    (double)verdict->run->lines[i].arrived / 1e9);
        }
    }
}

static void explain_late(FILE *to, const struct verdict *verdict,
                         const struct explain_style *style)
{
    int most = style->most_late;

    for (size_t i = 0; i < verdict->recording->count; i++) {
        const struct line *line = &verdict->recording->lines[i];
        const struct lateness *late = &verdict->stamps[i];
        const struct lateness *arrival = &verdict->arrivals[i];

        if (!lateness_exceeds(late) && !lateness_exceeds(arrival))
            continue;
        if (most-- == 0) {
            fputs("...\n", to);
            return;
        }
        if (lateness_exceeds(late)) {
            explain_time(to, line, (long)(late->by / 10), style->allowance ? late : NULL);
        } else {
            fputs("  ", to);
            explain_show_line(to, line);
            fprintf(to, "   (came %.2f s after its stamp, and %.2f s are allowed)\n",
                    arrival->by / 1000, arrival->allowed / 1000);
        }
    }
}

void explain_times(FILE *to, const struct verdict *verdict,
                   const struct explain_style *style)
{
    if (verdict->early > 0) {
        explain_early(to, verdict, style->most_early);
        return;
    }
    explain_late(to, verdict, style);
    if (lateness_exceeds(&verdict->unaccounted))
        fprintf(to,
                "from its start to its end it took %.2f s more than its last line says\n"
                "(%.2f s are allowed here): it waits unseen, before its first line or\n"
                "after its last\n",
                verdict->unaccounted.by / 1000, verdict->unaccounted.allowed / 1000);
}

/* --- The end --- */

void explain_end(FILE *to, const struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    const struct run *run = verdict->run;
    size_t printed = run->out_size + run->err_size;

    if (run->start_error != 0)
        fprintf(to, "it cannot be started: %s\n", strerror(run->start_error));
    else if (run->ended_by_us && printed > 1000000)
        fprintf(to, "it printed %zu bytes and was ended: it prints without end\n",
                printed);
    else if (run->ended_by_us)
        fprintf(to, "it did not end within %.1f s, and was ended: it hangs\n",
                (double)run->took / 1e9);
    else if (run->signal != 0)
        fprintf(to, "it crashed: signal %d, %s\n", run->signal, strsignal(run->signal));
    else if (run->exit_status != recording->exit_status)
        fprintf(to, "its exit status is %d, and should be %d\n", run->exit_status,
                recording->exit_status);
    if (run->left_children && run->signal == 0) /* else: what could it do? */
        fputs("it ended, and left a process running that it had started\n", to);
    if (!verdict_same_stderr(verdict)) {
        fprintf(to, "on stderr it should print%s\n",
                recording->err_size ? ":" : " nothing");
        explain_show_lines(to, "  - ", recording->err, recording->err_size, 10);
        fprintf(to, "and printed%s\n", run->err_size ? ":" : " nothing");
        explain_show_lines(to, "  + ", run->err, run->err_size, MOST_ERR);
    }
}
