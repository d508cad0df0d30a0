/* saved.c - a run as text. It holds all that a judgement depends on, so that the run can
 * be judged again: elsewhere, later, and by another rule. Times are in ns.
 *
 *     run
 *     out 1200345 0 0 [ 0.00] a\n      arrival, run-queue delay of the program and of its
 *                                      reader; what was printed, \n at its end unless cut
 *                                      short
 *     err oh\n                         what was printed on stderr
 *     took 601200345 runqueue 0 reader 0 stalled 0 throttled 0
 *     ended-by-us                      and left-children, no-schedstat, where it is so
 *     exit 0                           the end: or signal 11, or not-started 2 (an errno)
 *
 * Bytes that are no printable ASCII, and \ itself, are \n or \xHH. Lines of space and
 * those that begin with a # are skipped. */

#include "die.h"
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void save_bytes(FILE *to, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\n')
            fputs("\\n", to);
        else if (bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\')
            fputc(bytes[i], to);
        else
            fprintf(to, "\\x%02x", (unsigned char)bytes[i]);
    fputc('\n', to);
}

static void save_err(FILE *to, const char *err, size_t size)
{
    while (size > 0) {
        const char *end = memchr(err, '\n', size);
        size_t length = end ? (size_t)(end - err) + 1 : size;

        fputs("err ", to);
        save_bytes(to, err, length);
        err += length;
        size -= length;
    }
}

void run_save(FILE *to, const struct run *run)
{
    fputs("run\n", to);
    for (size_t i = 0; i < run->count; i++) {
        const struct printed *line = &run->lines[i];
        bool cut_short = run->cut_short && i + 1 == run->count;

        fprintf(to, "out %" PRId64 " %" PRId64 " %" PRId64 " ", line->arrived,
                line->runqueue_ns, line->reader_runqueue_ns);
        save_bytes(to, run->out + line->start, line->size + !cut_short);
    }
    save_err(to, run->err, run->err_size);
    fprintf(to,
            "took %" PRId64 " runqueue %" PRId64 " reader %" PRId64 " stalled %" PRId64
            " throttled %" PRId64 "\n",
            run->took, run->runqueue_ns, run->reader_runqueue_ns, run->stalled_ns,
            run->throttled_ns);
    if (run->ended_by_us)
        fputs("ended-by-us\n", to);
    if (run->left_children)
        fputs("left-children\n", to);
    if (!run->delays_known)
        fputs("no-schedstat\n", to);
    if (run->start_error)
        fprintf(to, "not-started %d\n", run->start_error);
    else if (run->signal)
        fprintf(to, "signal %d\n", run->signal);
    else
        fprintf(to, "exit %d\n", run->exit_status);
}

/* --- Loading --- */

/* Turn what save_bytes() wrote into the bytes that it was, in place. */
static bool load_bytes(char *text, size_t *size)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        unsigned byte;

        if (*from != '\\') {
            *to++ = *from;
        } else if (from[1] == 'n') {
            *to++ = '\n';
            from++;
        } else if (sscanf(from, "\\x%2x", &byte) == 1 && from[2] && from[3]) {
            *to++ = (char)byte;
            from += 3;
        } else {
            return false;
        }
    }
    *size = (size_t)(to - text);
    return true;
}

struct loading {
    struct run *run;
    FILE *out, *err;
    size_t lines_capacity;
    bool ended; /* its last line has been loaded */
};

static bool load_out(struct loading *loading, char *text)
{
    struct run *run = loading->run;
    struct printed line = {.start = (size_t)ftell(loading->out)};
    int at = 0;

    if (run->cut_short ||
        sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 "%n", &line.arrived,
               &line.runqueue_ns, &line.reader_runqueue_ns, &at) < 3 ||
        text[at] != ' ' || !load_bytes(text + at + 1, &line.size))
        return false;
    text += at + 1;
    fwrite(text, 1, line.size, loading->out);
    run->cut_short = line.size == 0 || text[line.size - 1] != '\n';
    line.size -= !run->cut_short;
    run->lines =
        xgrow(run->lines, run->count, 1, &loading->lines_capacity, sizeof *run->lines);
    run->lines[run->count++] = line;
    return true;
}

static bool load_err(FILE *err, char *text)
{
    size_t size;

    return load_bytes(text, &size) && fwrite(text, 1, size, err) == size;
}

static bool load_took(struct run *run, const char *text)
{
    int at = 0;

    return sscanf(text,
                  "%" SCNd64 " runqueue %" SCNd64 " reader %" SCNd64 " stalled %" SCNd64
                  " throttled %" SCNd64 "%n",
                  &run->took, &run->runqueue_ns, &run->reader_runqueue_ns,
                  &run->stalled_ns, &run->throttled_ns, &at) == 5 &&
           text[at] == '\0';
}

/* Returns whether the line is this kind of end, as "exit 0" is. */
static bool load_end(const char *line, const char *what, int least, int *number)
{
    size_t size = strlen(what);
    char *end;

    if (strncmp(line, what, size) != 0)
        return false;
    *number = (int)strtol(line + size, &end, 10);
    return end > line + size && *end == '\0' && *number >= least && *number <= 255;
}

static bool load_line(struct loading *loading, char *line)
{
    struct run *run = loading->run;

    if (strncmp(line, "out ", 4) == 0)
        return load_out(loading, line + 4);
    if (strncmp(line, "err ", 4) == 0)
        return load_err(loading->err, line + 4);
    if (strncmp(line, "took ", 5) == 0)
        return load_took(run, line + 5);
    if (strcmp(line, "ended-by-us") == 0)
        return run->ended_by_us = true;
    if (strcmp(line, "left-children") == 0)
        return run->left_children = true;
    if (strcmp(line, "no-schedstat") == 0)
        return !(run->delays_known = false);
    return loading->ended = load_end(line, "exit ", 0, &run->exit_status) ||
                            load_end(line, "signal ", 1, &run->signal) ||
                            load_end(line, "not-started ", 1, &run->start_error);
}

/* The next line that is not skipped, without its newline; NULL at the end. */
static char *next_line(FILE *from, char **line, size_t *capacity)
{
    ssize_t size;

    while ((size = getline(line, capacity, from)) > 0) {
        if ((*line)[size - 1] == '\n')
            (*line)[size - 1] = '\0';
        if (**line != '#' && (*line)[strspn(*line, " ")] != '\0')
            return *line;
    }
    if (!feof(from))
        die_errno("cannot read the saved runs");
    return NULL;
}

bool run_load(FILE *from, struct run *run, const char **why)
{
    static char fault[128];
    struct loading loading = {.run = run};
    char *line = NULL;
    size_t capacity = 0;
    bool valid, there;

    *why = NULL;
    *run = (struct run){.exit_status = -1, .delays_known = true};
    loading.out = open_text(&run->out, &run->out_size);
    loading.err = open_text(&run->err, &run->err_size);
    there = next_line(from, &line, &capacity) != NULL;
    valid = there && strcmp(line, "run") == 0;
    while (valid && !loading.ended)
        valid = next_line(from, &line, &capacity) && load_line(&loading, line);
    if (there && !valid) {
        snprintf(fault, sizeof fault, "this is no line of a saved run: %.60s",
                 feof(from) ? "(the end)" : line);
        *why = fault;
    }
    close_text(loading.out, &run->out);
    close_text(loading.err, &run->err);
    free(line);
    return valid;
}
