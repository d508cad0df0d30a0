/* stretch.c - see stretch.h */

#include "timeline/stretch.h"
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

/* s; what is shorter is no waiting, but the time until a line is printed. */
static const double at_once = 0.02;
static const double rounding = 0.001;

static void stretches_push(struct stretches *stretches, struct stretch stretch)
{
    if (stretches->count == stretches->room) {
        stretches->room = stretches->room * 2 + 16;
        stretches->all =
            realloc(stretches->all, stretches->room * sizeof *stretches->all);
        must("remember what is drawn", stretches->all ? 0 : UV_ENOMEM);
    }
    stretches->all[stretches->count++] = stretch;
}

/* As far as it is later than what is there already. */
static void stretches_add(struct stretches *stretches, enum doing doing, double from,
                          double to)
{
    double end = stretches->count ? stretches->all[stretches->count - 1].to : 0;

    if (from < end + rounding) /* what touches has no gap */
        from = end;
    if (to > from)
        stretches_push(stretches, (struct stretch){doing, from, to});
}

void stretches_free(struct stretches *stretches)
{
    free(stretches->all);
    *stretches = (struct stretches){0};
}

static void stretches_join(struct stretches *stretches)
{
    size_t count = 0;

    for (size_t i = 0; i < stretches->count; i++) {
        struct stretch *last = count ? &stretches->all[count - 1] : NULL;

        if (last && last->doing == stretches->all[i].doing &&
            last->to == stretches->all[i].from)
            last->to = stretches->all[i].to;
        else
            stretches->all[count++] = stretches->all[i];
    }
    stretches->count = count;
}

static bool is_busy(const struct event *event, const struct facts *facts)
{
    return !event->is_comment && event->actor_size > 0 &&
           facts_name(facts->busy, event->line.text, event->actor_size);
}

/* Of a line that starts something: from when to when that really goes on. */
struct service {
    double from, takes;
};

/* Where one is served after the other, each waits until the one before is done. */
static struct service find_service(const struct event *event, const struct trace *trace,
                                   const struct facts *facts, double *free_from)
{
    struct service service = {event->at,
                              facts_takes(facts, event->line.text, event->actor_size)};

    if (event->starts && service.takes > 0 &&
        facts_name(facts->turns, trace->program, strlen(trace->program))) {
        service.from = *free_from > event->at ? *free_from : event->at;
        *free_from = service.from + service.takes;
    }
    return service;
}

static void add_service(struct stretches *stretches, const struct event *event,
                        struct service service, double to)
{
    double from = service.from < to ? service.from : to, end = from + service.takes;

    if (service.takes == 0 || end > to - at_once)
        end = to;
    stretches_add(stretches, WAITING, event->at, from);
    stretches_add(stretches, UNDER_WAY, from, end);
    stretches_add(stretches, WAITING, end, to);
}

struct stretches lane_stretches(const struct lane *lane, const struct trace *trace,
                                const struct facts *facts)
{
    struct stretches stretches = {0};
    const struct event *last = NULL;        /* his line before */
    struct service service = {0, 0}, begun; /* which that has started */
    double free_from = 0,
           interrupted = 0; /* when another worked after that; 0: none did */
    bool waits = facts_name(facts->waits, lane->actor, lane->size), busy = false;
    bool tells_start = lane_starts(lane, trace);

    for (size_t i = 0; i < trace->count; i++) {
        const struct event *event = &trace->events[i];

        begun = find_service(event, trace, facts, &free_from);
        if (!lane_has(lane, event)) {
            if (busy && interrupted == 0 && is_busy(event, facts))
                interrupted = event->at;
            continue;
        }
        if (busy)
            stretches_add(&stretches, WORKING, last->at,
                          interrupted > 0 ? interrupted : event->at);
        else if (last && last->starts)
            add_service(&stretches, last, service, event->at);
        else if (begun.takes > 0 && !tells_start && event->at > 0)
            stretches_add(&stretches, UNDER_WAY, event->at - begun.takes, event->at);
        if (event->sent < event->at - at_once)
            stretches_add(&stretches, WAITING, event->sent, event->at);
        if (waits) /* since the end of all that */
            stretches_add(&stretches, WAITING, 0, event->at);
        last = event;
        busy = is_busy(event, facts);
        service = begun;
        interrupted = 0;
    }
    stretches_join(&stretches);
    return stretches;
}

/* --- The program's own lane --- */

static int by_time(const void *a, const void *b)
{
    const struct stretch *one = a, *other = b;

    return (one->from > other->from) - (one->from < other->from);
}

/* Whether the program gave way between his lines: somebody else has one there. */
static bool works_in_pieces(const struct lane *lane, const struct trace *trace)
{
    size_t first = trace->count, last = 0;

    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i])) {
            first = first < i ? first : i;
            last = i;
        }
    for (size_t i = first; i < last; i++)
        if (!trace->events[i].is_comment && !lane_has(lane, &trace->events[i]))
            return true;
    return false;
}

/* What he works, a piece from each line to the next if the program gave way there. */
static void add_work(struct stretches *work, const struct lane *lane,
                     const struct trace *trace, const struct facts *facts)
{
    struct stretches his = lane_stretches(lane, trace, facts);
    bool in_pieces = works_in_pieces(lane, trace);

    for (size_t k = 0; k < his.count; k++) {
        struct stretch piece = his.all[k];

        for (size_t i = 0; i < trace->count && in_pieces; i++) {
            double at = trace->events[i].at;

            if (lane_has(lane, &trace->events[i]) && at > piece.from && at < piece.to) {
                if (piece.doing == WORKING)
                    stretches_push(work, (struct stretch){WORKING, piece.from, at});
                piece.from = at;
            }
        }
        if (piece.doing == WORKING)
            stretches_push(work, piece);
    }
    stretches_free(&his);
}

/* "~ CPU time: all, 1.7159 s": it has never waited. */
static bool computes_always(const struct trace *trace)
{
    static const char words[] = "CPU time: all";

    for (size_t i = 0; i < trace->count; i++)
        if (trace->events[i].line.kind == MEASURED &&
            strncmp(trace->events[i].line.text, words, strlen(words)) == 0)
            return true;
    return false;
}

/* What the program works for others, and for itself, in the order of time. */
static struct stretches find_work(const struct lanes *lanes, const struct trace *trace,
                                  const struct facts *facts)
{
    struct stretches work = {0};

    if (computes_always(trace))
        stretches_add(&work, WORKING, 0, trace_length(trace));
    for (int i = 0; i < lanes->count; i++)
        if (facts_name(facts->busy, lanes->lane[i].actor, lanes->lane[i].size))
            add_work(&work, &lanes->lane[i], trace, facts);
    for (size_t i = 0; i < trace->count; i++) {
        const struct event *event = &trace->events[i];
        double works =
            event->actor_size == 0
                ? facts_works(facts, trace->program, event->line.text, event->line.size)
                : 0;

        if (works > 0)
            stretches_push(&work,
                           (struct stretch){WORKING, event->at - works, event->at});
    }
    if (work.count > 0)
        qsort(work.all, work.count, sizeof *work.all, by_time);
    return work;
}

/* Until `to` it waits. Who waits for one thing at a time has waited for each line. */
static void add_waits(struct stretches *stretches, const struct trace *trace,
                      bool is_one_at_a_time, double to)
{
    enum doing doing = trace->is_sync ? BLOCKED : FREE;

    for (size_t i = 0; i < trace->count && is_one_at_a_time; i++)
        if (!trace->events[i].is_comment && trace->events[i].at < to)
            stretches_add(stretches, doing, 0, trace->events[i].at);
    stretches_add(stretches, doing, 0, to);
}

struct stretches program_stretches(const struct lanes *lanes, const struct trace *trace,
                                   const struct facts *facts)
{
    struct stretches stretches = {0}, work = find_work(lanes, trace, facts);
    bool one = trace->is_sync ||
               facts_name(facts->pauses, trace->program, strlen(trace->program));

    for (size_t i = 0; i < work.count; i++) {
        add_waits(&stretches, trace, one, work.all[i].from);
        stretches_add(&stretches, WORKING, work.all[i].from, work.all[i].to);
    }
    add_waits(&stretches, trace, one, trace_length(trace));
    stretches_free(&work);
    return stretches;
}
