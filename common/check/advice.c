/* advice.c - see advice.h */

#include "advice.h"

#include "die.h"
#include "explain.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What is shown must fit a small window, with what follows. */
static const struct explain_style style = {"- expected, + yours", 14, 7, 10, 3, false};

static bool lines_differ(const struct verdict *verdict)
{
    return !verdict->text_is_right || !verdict->in_order;
}

/* How many lines are not the one that is recorded in their place. */
static size_t count_differing(const struct verdict *verdict)
{
    size_t differing = 0, recorded = verdict->recording->count;

    for (size_t i = 0; i < verdict->run->count && i < recorded; i++)
        differing += !line_equals(&verdict->recording->lines[i], &verdict->lines[i]);
    return differing;
}

static bool err_says(const struct run *run, const char *words)
{
    return run->err_size > 0 && strstr(run->err, words) != NULL;
}

/* An exercise may begin with the line "prediction: ...", in which the student predicts
 * what will happen. The right answer is the exercise, so it is not shown. */
static bool predicted_wrong(const struct verdict *verdict)
{
    const struct line *wanted = verdict->recording->lines;
    static const char actor[] = "prediction";

    return lines_differ(verdict) && verdict->recording->count > 0 &&
           line_actor_size(wanted) == strlen(actor) &&
           memcmp(wanted->text, actor, strlen(actor)) == 0 &&
           (verdict->run->count == 0 || !line_equals(wanted, verdict->lines));
}

/* What it usually means: the first that applies. */
static void write_meaning(FILE *to, const struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    const struct run *run = verdict->run;
    bool differ = lines_differ(verdict);
    bool sanitizer = err_says(run, "Sanitizer") || err_says(run, "runtime error");
    const struct {
        bool applies;
        const char *meaning;
    } meanings[] = {
        {run->ended_by_us,
         "The loop runs as long as anything is active: a handle that was never closed,\n"
         "or that was initialised twice. Or it is our own code that goes round and\n"
         "round, and never returns to the loop."},
        {sanitizer && err_says(run, "exercise.c"),
         "The first line above that names your file tells where it happens."},
        {sanitizer, "No line above names your file: it happens in a library, with\n"
                    "something that you gave to it. A handle or a request that it had\n"
                    "already, and has not given back yet? Or one that is gone by now?"},
        {err_says(run, "is_closing"),
         "libuv says so above: a handle was closed that is closed already."},
        {err_says(run, "Assertion"),
         "libuv says above what it found: a handle in a state that it must not\n"
         "be in. What had been done with it, and in which order?"},
        {run->signal == SIGILL || run->signal == SIGTRAP,
         "It does what C does not allow: an index outside of its array, or a\n"
         "pointer followed that is NULL or was never set. You are told where with\n"
         "SANITIZE=address,undefined behind the make command."},
        {run->signal == SIGABRT && run->err_size == 0,
         "libuv has stopped it, since it was to watch a file that is closed already.\n"
         "Close the handle first, and in its close callback the file, or the connection\n"
         "that it belongs to."},
        {run->signal != 0,
         "A pointer that was never set, or leads to something that is gone by now?\n"
         "A handle that was initialised again while it is still active, or a request\n"
         "that was started again before its callback has come? With SANITIZE=address\n"
         "behind the make command you are told where."},
        {err_says(run, "left a handle open"),
         "Every handle that was opened has to be closed, when it has done its work.\n"
         "If yours are: the loop ended before that. It had nothing left to wait for;\n"
         "what should have gone on, and was not started?"},
        {run->err_size > 0 && run->exit_status != recording->exit_status,
         "It has ended itself, and says why on stderr, above."},
        {predicted_wrong(verdict),
         "Your prediction is not right yet, or not in the form that the exercise asks\n"
         "for. The rest may be right or wrong: it is compared when this is right."},
        {differ && verdict->same_lines,
         "A line that comes too soon does not wait for what it should wait for; one\n"
         "that comes too late waits for something that it need not wait for."},
        {differ && run->count < recording->count,
         "Lines are missing: is what prints them called, and as often as it should be?"},
        {differ && run->count > recording->count,
         "There are lines too many: is something started twice, or never stopped?"},
        {differ && count_differing(verdict) <= 2,
         "A few words differ. If it is no slip of the pen, but a value: where does it\n"
         "come from, and who has changed it last?"},
        {differ, "Go through your callbacks by hand, from the first line that differs:"
                 " which one\nis called then, and what does it find?"},
        {verdict->early > 0,
         "What comes early does not wait for what it should wait for."},
        {verdict->text_is_right && verdict->end_is_right && verdict_is_late(verdict),
         "What comes late waits for something that it need not wait for."},
    };

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].applies) {
            fprintf(to, "%s\n", meanings[i].meaning);
            return;
        }
}

void advice_write(FILE *to, const struct verdict *verdict, const char *program)
{
    char *why;
    size_t size;
    FILE *text;

    if (verdict_passes(verdict)) {
        fputs("Passed: the lines, their times and the end are right.\n", to);
        return;
    }
    text = open_text(&why, &size);
    if (predicted_wrong(verdict)) {
        fputs("its first line is\n  ", text);
        if (verdict->run->count > 0)
            explain_show_line(text, &verdict->lines[0]);
        fprintf(text, "\nand this shows what it does: %s\n", program);
    } else if (lines_differ(verdict)) {
        explain_text(text, verdict, &style);
    }
    if (verdict->early > 0 || (!lines_differ(verdict) && verdict_is_late(verdict)))
        explain_times(text, verdict, &style);
    if (!verdict->end_is_right)
        explain_end(text, verdict);
    write_meaning(text, verdict);
    close_text(text, &why);
    fputs("Not yet:\n", to);
    recording_write_lines(to, "  ", why, size);
    free(why);
}
