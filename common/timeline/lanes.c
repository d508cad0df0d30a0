/* lanes.c - see lanes.h */

#include "timeline/lanes.h"
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

void trace_add(struct trace *trace, const char *text, size_t size, double seconds,
               bool is_comment)
{
    char *copy = malloc(size + 1);
    struct event *event;

    if (trace->count == trace->room) {
        trace->room = trace->room * 2 + 64;
        trace->events = realloc(trace->events, trace->room * sizeof *trace->events);
    }
    must("remember a line", copy && trace->events ? 0 : UV_ENOMEM);
    memcpy(copy, text, size);
    copy[size] = '\0';
    event = &trace->events[trace->count++];
    *event = (struct event){.text = copy, .size = size, .line = line_read(copy, size)};
    /* A measurement is nobody's, whatever stands before its colon. */
    event->name_size = event->line.kind == MEASURED ? 0 : line_actor_size(&event->line);
    event->actor_size = event->name_size;
    event->is_comment = is_comment;
    event->at = event->line.kind == TIMED ? (double)event->line.stamp / 100 : seconds;
    event->sent = event->at;
}

/* "leaving home (sent at 0.30)" */
static void find_when_sent(struct event *event)
{
    static const char words[] = "(sent at ";
    const char *text = strstr(event->text, words);
    double sent = text ? strtod(text + strlen(words), NULL) : event->at;

    if (sent >= 0 && sent < event->at)
        event->sent = sent;
}

/* What takes `takes` s, and was begun without a line, has been under way since then: if
 * that is several at once, each has a place, which the next takes when it is done. */
static void find_places(struct trace *trace, const struct lane *lane, double takes)
{
    double until[MOST_PLACES] = {0};

    for (size_t i = 0; i < trace->count; i++) {
        struct event *event = &trace->events[i];
        int place = 0;

        if (!lane_has(lane, event) || event->at == 0)
            continue;
        while (place < MOST_PLACES - 1 && until[place] > event->at - takes / 2)
            place++;
        until[place] = event->at;
        event->place = place;
    }
}

void trace_explain(struct trace *trace, const struct facts *facts)
{
    struct lanes lanes = {.count = 0};

    for (size_t i = 0; i < trace->count; i++) {
        struct event *event = &trace->events[i];
        const char *words = event->line.text + event->name_size;

        if (facts_name(facts->program, event->line.text, event->name_size))
            event->actor_size = 0;
        event->starts = facts_starts(
            facts, words, (size_t)(event->line.text + event->line.size - words));
        find_when_sent(event);
    }
    lanes_add(&lanes, trace, MOST_LANES);
    for (int i = 0; i < lanes.count; i++) {
        const struct lane *lane = &lanes.lane[i];
        double takes = facts_takes(facts, lane->actor, lane->size);

        if (takes > 0 && !lane_starts(lane, trace))
            find_places(trace, lane, takes);
    }
}

double trace_length(const struct trace *trace)
{
    double length = trace->end;

    for (size_t i = 0; i < trace->count; i++)
        if (!trace->events[i].is_comment && trace->events[i].at > length)
            length = trace->events[i].at;
    return length;
}

void trace_free(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        free(trace->events[i].text);
    free(trace->events);
    *trace = (struct trace){0};
}

bool lane_has(const struct lane *lane, const struct event *event)
{
    return !event->is_comment && event->actor_size == lane->size &&
           event->place == lane->place &&
           memcmp(event->line.text, lane->actor, lane->size) == 0;
}

bool lane_is_in(const struct lane *lane, const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i]))
            return true;
    return false;
}

bool lane_starts(const struct lane *lane, const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i]) && trace->events[i].starts)
            return true;
    return false;
}

/* Whether it is in one of them, or in none. */
static bool has_place(const struct lanes *lanes, const struct event *event)
{
    for (int i = 0; i < lanes->count; i++)
        if (lane_has(&lanes->lane[i], event))
            return true;
    return event->is_comment || event->actor_size == 0;
}

/* Behind those of the same actor, if there are any. */
static void lanes_insert(struct lanes *lanes, struct lane lane)
{
    int place = lanes->count;

    for (int i = 0; i < lanes->count && lane.place > 0; i++)
        if (lanes->lane[i].size == lane.size &&
            memcmp(lanes->lane[i].actor, lane.actor, lane.size) == 0)
            place = i + 1;
    memmove(&lanes->lane[place + 1], &lanes->lane[place],
            (size_t)(lanes->count - place) * sizeof lane);
    lanes->lane[place] = lane;
    lanes->count++;
}

void lanes_add(struct lanes *lanes, const struct trace *trace, int most)
{
    for (size_t i = 0; i < trace->count && lanes->count < most; i++) {
        const struct event *event = &trace->events[i];

        if (!has_place(lanes, event))
            lanes_insert(lanes, (struct lane){.actor = event->line.text,
                                              .size = event->actor_size,
                                              .place = event->place});
    }
}

bool lanes_suffice(const struct lanes *lanes, const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        if (!has_place(lanes, &trace->events[i]))
            return false;
    return true;
}

long axis_step(double length, int room, int gap)
{
    long step = 1;

    for (int i = 0; (double)(step * room) + 0.001 < gap * length; i++)
        step = i % 3 == 1 ? step * 5 / 2 : step * 2;
    return step;
}

int axis_places(long step)
{
    return step % 100 == 0 ? 0 : step % 10 == 0 ? 1 : 2;
}
