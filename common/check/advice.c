/* advice.c - see advice.h */

#include "advice.h"

#include "die.h"
#include "explain.h"

#include <ctype.h>
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

/* The next word or number of a text, in lower case; "2.00" and "2" are the same, and the
 * unit is left out ("2 s", "2s"). Returns whether there is one. */
static bool next_word(const char **text, const char *end, char word[], size_t size)
{
    static const char *const units[] = {"s", "sec", "seconds"};
    const char *at = *text;
    size_t length = 0;

    while (at < end && !isalnum((unsigned char)*at))
        at++;
    if (at == end)
        return false;
    if (isdigit((unsigned char)*at)) {
        for (; at < end && (isdigit((unsigned char)*at) || *at == '.'); at++)
            if (length + 1 < size)
                word[length++] = *at;
        word[length] = '\0';
        snprintf(word, size, "%g", strtod(word, NULL));
    } else {
        for (; at < end && isalpha((unsigned char)*at); at++)
            if (length + 1 < size)
                word[length++] = (char)tolower((unsigned char)*at);
        word[length] = '\0';
    }
    *text = at;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(word, units[i]) == 0)
            return next_word(text, end, word, size);
    return true;
}

/* Whether two predictions say the same, however they are written. */
static bool means_the_same(const struct line *a, const struct line *b)
{
    const char *one = a->text, *other = b->text;
    char word[40], word_of_other[40];

    for (;;) {
        bool more = next_word(&one, a->text + a->size, word, sizeof word);

        if (more !=
            next_word(&other, b->text + b->size, word_of_other, sizeof word_of_other))
            return false;
        if (!more)
            return true;
        if (strcmp(word, word_of_other) != 0)
            return false;
    }
}

static bool misspelt(const struct verdict *verdict)
{
    return predicted_wrong(verdict) && verdict->run->count > 0 &&
           means_the_same(verdict->recording->lines, verdict->lines);
}

/* What it usually means: the first that applies; or the mistakes, all that apply, in the
 * words by which hints are chosen (tests/solutions/README.md lists them). */
static void write_meaning(FILE *to, const struct verdict *verdict, bool mistakes)
{
    const struct recording *recording = verdict->recording;
    const struct run *run = verdict->run;
    bool differ = lines_differ(verdict);
    bool sanitizer = err_says(run, "Sanitizer") || err_says(run, "runtime error");
    const struct {
        bool applies;
        const char *mistake, *meaning;
    } meanings[] = {
        {run->ended_by_us, "hang",
         "The loop runs as long as anything is active: a handle that was never closed,\n"
         "or that was initialised twice. Or it is our own code that goes round and\n"
         "round, or waits for a lock or a thread, and never returns."},
        {sanitizer && err_says(run, "exercise.c"), "crash",
         "The first line above that names your file tells where it happens."},
        {sanitizer, "crash",
         "No line above names your file: it happens in a library, with\n"
         "something that you gave to it. A handle or a request that it had\n"
         "already, and has not given back yet? Or one that is gone by now?"},
        {err_says(run, "is_closing"), "closed twice",
         "libuv says so above: a handle was closed that is closed already."},
        {err_says(run, "Assertion"), "crash",
         "libuv says above what it found: a handle in a state that it must not\n"
         "be in. What had been done with it, and in which order?"},
        {run->signal == SIGILL || run->signal == SIGTRAP, "crash",
         "It does what C does not allow: an index outside of its array, or a\n"
         "pointer followed that is NULL or was never set. You are told where with\n"
         "SANITIZE=address,undefined behind the make command."},
        {run->signal == SIGABRT && run->err_size == 0, "crash",
         "libuv has stopped it, since it was to watch a file that is closed already.\n"
         "Close the handle first, and in its close callback the file, or the connection\n"
         "that it belongs to."},
        {run->signal != 0 && !run->ended_by_us, "crash",
         "A pointer that was never set, or leads to something that is gone by now?\n"
         "A handle that was initialised again while it is still active, or a request\n"
         "that was started again before its callback has come? With SANITIZE=address\n"
         "behind the make command you are told where."},
        {err_says(run, "left a handle open"), "left open",
         "Every handle that was opened has to be closed, when it has done its work.\n"
         "If yours are: the loop ended before that. It had nothing left to wait for;\n"
         "what should have gone on, and was not started?"},
        {run->err_size > 0 && run->exit_status > 0 && !verdict_same_stderr(verdict) &&
             !err_says(run, "left a handle open"),
         "error", "It has ended itself, and says why on stderr, above."},
        {misspelt(verdict), "form",
         "Your prediction is right, but not in the form that the exercise asks for. The\n"
         "rest may be right or wrong: it is compared when this has that form."},
        {predicted_wrong(verdict) && !misspelt(verdict), "prediction",
         "Your prediction is not right yet, or not in the form that the exercise asks\n"
         "for. The rest may be right or wrong: it is compared when this is right."},
        {differ && verdict->same_lines, "order",
         "A line that comes too soon does not wait for what it should wait for; one\n"
         "that comes too late waits for something that it need not wait for."},
        {differ && run->count < recording->count, NULL,
         "Lines are missing: is what prints them called, and as often as it should be?"},
        {differ && run->count > recording->count, NULL,
         "There are lines too many: is something started twice, or never stopped?"},
        {differ && !verdict->same_lines && !predicted_wrong(verdict) &&
             count_differing(verdict) <= 2,
         "words",
         "A few words differ. If it is no slip of the pen, but a value: where does it\n"
         "come from, and who has changed it last?"},
        {differ, NULL,
         "Go through your program by hand, from the first line that differs: what runs\n"
         "then, and what does it find?"},
        {verdict->early > 0, "early",
         "What comes early does not wait for what it should wait for."},
        {verdict->text_is_right && verdict->end_is_right && verdict_is_late(verdict),
         "late", "What comes late waits for something that it need not wait for."},
    };

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].applies && mistakes) {
            if (meanings[i].mistake)
                fprintf(to, "%s\n", meanings[i].mistake);
        } else if (meanings[i].applies) {
            fprintf(to, "%s\n", meanings[i].meaning);
            return;
        }
}

/* "missing: Third" for each line of `lines` that the others don't have as often; of the
 * first thousand. */
static void write_lacking(FILE *to, const char *mistake, const struct line *lines,
                          size_t count, const struct line *others, size_t other_count)
{
    enum { MOST = 1000 };
    bool taken[MOST] = {false};

    for (size_t i = 0; i < count && i < MOST; i++) {
        size_t other = 0;

        while (other < other_count && other < MOST &&
               (taken[other] || !line_equals(&lines[i], &others[other])))
            other++;
        if (other < other_count && other < MOST) {
            taken[other] = true;
            continue;
        }
        fprintf(to, "%s: ", mistake);
        explain_show_text(to, lines[i].text, lines[i].size);
        fputc('\n', to);
    }
}

void advice_write_mistakes(FILE *to, const struct verdict *verdict)
{
    const struct recording *recording = verdict->recording;
    const struct run *run = verdict->run;
    size_t prediction = predicted_wrong(verdict) && run->count > 0; /* told by itself */

    write_meaning(to, verdict, true);
    if (run->exit_status >= 0 && run->exit_status != recording->exit_status)
        fputs("exit status\n", to);
    if (verdict->same_lines)
        return;
    write_lacking(to, "missing", recording->lines + prediction,
                  recording->count - prediction, verdict->lines + prediction,
                  run->count - prediction);
    write_lacking(to, "extra", verdict->lines + prediction, run->count - prediction,
                  recording->lines + prediction, recording->count - prediction);
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
    write_meaning(text, verdict, false);
    close_text(text, &why);
    fputs("Not yet:\n", to);
    recording_write_lines(to, "  ", why, size);
    free(why);
}
