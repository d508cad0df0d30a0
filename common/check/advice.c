/* advice.c - see advice.h */

#include "advice.h"

#include "die.h"
#include "explain.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What is shown must fit a small window, with what follows. */
static const struct style style = {"- expected, + yours", 14, 7, 10, 3, false};

/* --- What it usually means: the first that applies is said --- */

/* An exercise may begin with the line "prediction: ...", in which the student says
 * what will happen. To find what is right is the exercise, so he is not told. */
static bool predicted_wrong(const struct verdict *verdict)
{
    const struct line *wanted = verdict->recording->lines;
    static const char actor[] = "prediction";

    return !(verdict->text_is_right && verdict->in_order) &&
           verdict->recording->count > 0 && line_actor_size(wanted) == strlen(actor) &&
           memcmp(wanted->text, actor, strlen(actor)) == 0 &&
           (verdict->run->count == 0 || !line_equals(wanted, verdict->lines));
}

static bool err_says(const struct verdict *verdict, const char *words)
{
    return verdict->run->err_size > 0 && strstr(verdict->run->err, words) != NULL;
}

static bool hangs(const struct verdict *verdict)
{
    return verdict->run->ended_by_us;
}

static bool sanitizer_reports(const struct verdict *verdict)
{
    return err_says(verdict, "Sanitizer") || err_says(verdict, "runtime error");
}

static bool sanitizer_names_it(const struct verdict *verdict)
{
    return sanitizer_reports(verdict) && err_says(verdict, "exercise.c");
}

static bool closed_twice(const struct verdict *verdict)
{
    return err_says(verdict, "is_closing");
}

static bool assertion_failed(const struct verdict *verdict)
{
    return err_says(verdict, "Assertion");
}

static bool was_trapped(const struct verdict *verdict)
{
    return verdict->run->signal == SIGILL || verdict->run->signal == SIGTRAP;
}

static bool aborted_silently(const struct verdict *verdict)
{
    return verdict->run->signal == SIGABRT && verdict->run->err_size == 0;
}

static bool crashed(const struct verdict *verdict)
{
    return verdict->run->signal != 0;
}

static bool left_a_handle_open(const struct verdict *verdict)
{
    return err_says(verdict, "left a handle open");
}

static bool ended_itself(const struct verdict *verdict)
{
    return verdict->run->err_size > 0 &&
           verdict->run->exit_status != verdict->recording->exit_status;
}

static bool lines_differ(const struct verdict *verdict)
{
    return !verdict->text_is_right || !verdict->in_order;
}

static bool order_differs(const struct verdict *verdict)
{
    return lines_differ(verdict) && verdict->same_lines;
}

static bool lines_are_missing(const struct verdict *verdict)
{
    return lines_differ(verdict) && verdict->run->count < verdict->recording->count;
}

static bool lines_too_many(const struct verdict *verdict)
{
    return lines_differ(verdict) && verdict->run->count > verdict->recording->count;
}

/* One line is another, or two are, and all that stand around them are the same. */
static bool few_words_differ(const struct verdict *verdict)
{
    size_t differ = 0;

    if (!lines_differ(verdict) || verdict->run->count != verdict->recording->count)
        return false;
    for (size_t i = 0; i < verdict->run->count; i++)
        differ += !line_equals(&verdict->recording->lines[i], &verdict->lines[i]);
    return differ <= 2;
}

static bool comes_early(const struct verdict *verdict)
{
    return verdict->early > 0;
}

static bool comes_late(const struct verdict *verdict)
{
    return verdict->text_is_right && verdict->end_is_right && anything_late(verdict);
}

static const struct {
    bool (*applies)(const struct verdict *verdict);
    const char *meaning;
} meanings[] = {
    {hangs,
     "The loop runs as long as anything is active: a handle that was never closed,\n"
     "or that was initialised twice. Or it is our own code that goes round and\n"
     "round, and never returns to the loop."},
    {sanitizer_names_it,
     "The first line above that names your file tells where it happens."},
    {sanitizer_reports,
     "No line above names your file: it happens in a library, with\n"
     "something that you gave to it. A handle or a request that it had\n"
     "already, and has not given back yet? Or one that is gone by now?"},
    {closed_twice, "libuv says so above: a handle was closed that is closed already."},
    {assertion_failed,
     "libuv says above what it found: a handle in a state that it must not\n"
     "be in. What had been done with it, and in which order?"},
    {was_trapped,
     "It does what C does not allow: an index outside of its array, or a\n"
     "pointer followed that is NULL or was never set. You are told where with\n"
     "SANITIZE=address,undefined behind the make command."},
    {aborted_silently,
     "libuv has stopped it, since it was to watch a file that is closed already.\n"
     "Close the handle first, and in its close callback the file, or the connection\n"
     "that it belongs to."},
    {crashed,
     "A pointer that was never set, or leads to something that is gone by now?\n"
     "A handle that was initialised again while it is still active, or a request\n"
     "that was started again before its callback has come? With SANITIZE=address\n"
     "behind the make command you are told where."},
    {left_a_handle_open,
     "Every handle that was opened has to be closed, when it has done its work.\n"
     "If yours are: the loop ended before that. It had nothing left to wait for;\n"
     "what should have gone on, and was not started?"},
    {ended_itself, "It has ended itself, and says why on stderr, above."},
    {predicted_wrong,
     "Your prediction is not right yet, or not in the form that the exercise asks\n"
     "for. The rest may be right or wrong: it is compared when this is right."},
    {order_differs,
     "A line that comes too soon does not wait for what it should wait for; one\n"
     "that comes too late waits for something that it need not wait for."},
    {lines_are_missing,
     "Lines are missing: is what prints them called, and as often as it should be?"},
    {lines_too_many,
     "There are lines too many: is something started twice, or never stopped?"},
    {few_words_differ,
     "A few words differ. If it is no slip of the pen, but a value: where does it\n"
     "come from, and who has changed it last?"},
    {lines_differ,
     "Go through your callbacks by hand, from the first line that differs: which one\n"
     "is called then, and what does it find?"},
    {comes_early, "What comes early does not wait for what it should wait for."},
    {comes_late, "What comes late waits for something that it need not wait for."},
};

static void tell_meaning(FILE *to, const struct verdict *verdict)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].applies(verdict)) {
            fprintf(to, "%s\n", meanings[i].meaning);
            return;
        }
}

/* --- What differs --- */

static void explain_prediction(FILE *to, const struct verdict *verdict,
                               const char *program)
{
    fputs("its first line is\n  ", to);
    if (verdict->run->count > 0)
        show_line(to, &verdict->lines[0]);
    fprintf(to, "\nand this shows what it does: %s\n", program);
}

void advise(FILE *to, const struct verdict *verdict, const char *program)
{
    char *why;
    size_t size;
    FILE *text;

    if (verdict_passes(verdict)) {
        fputs("Passed: the lines, their times and the end are right.\n", to);
        return;
    }
    text = open_text(&why, &size);
    if (predicted_wrong(verdict))
        explain_prediction(text, verdict, program);
    else if (lines_differ(verdict))
        explain_text(text, verdict, &style);
    if (verdict->early > 0 || (!lines_differ(verdict) && anything_late(verdict)))
        explain_times(text, verdict, &style);
    if (!verdict->end_is_right)
        explain_end(text, verdict);
    tell_meaning(text, verdict);
    close_text(text, &why);
    fputs("Not yet:\n", to);
    for (char *line = why, *end; line < why + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(why + size - line));
        fprintf(to, "  %.*s\n", (int)(end - line), line);
    }
    free(why);
}
