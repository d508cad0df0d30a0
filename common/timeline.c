/* timeline.c - see timeline.h */

#include "timeline.h"
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LANES = 24, LONGEST_NAME = 26 };

void add_moment(struct story *story, const char *text, size_t size, double seconds,
                bool is_comment)
{
    char *copy = malloc(size + 1);
    struct moment *moment;

    if (story->count == story->room) {
        story->room = story->room * 2 + 64;
        story->moments = realloc(story->moments, story->room * sizeof *story->moments);
    }
    must("remember a line", copy && story->moments ? 0 : UV_ENOMEM);
    memcpy(copy, text, size);
    moment = &story->moments[story->count++];
    *moment = (struct moment){.text = copy, .size = size, .line = read_line(copy, size)};
    moment->is_comment = is_comment;
    moment->at = moment->line.kind == TIMED ? (double)moment->line.stamp / 100 : seconds;
}

double story_length(const struct story *story)
{
    for (size_t i = story->count; i > 0; i--)
        if (!story->moments[i - 1].is_comment)
            return story->moments[i - 1].at;
    return 0;
}

void free_story(struct story *story)
{
    for (size_t i = 0; i < story->count; i++)
        free(story->moments[i].text);
    free(story->moments);
    *story = (struct story){0};
}

/* The picture: names on the left, then the lanes, each `columns` wide. */
struct picture {
    int names, columns;
    double length; /* s, of the longest story */
    bool in_colour;
};

struct lane {
    const char *actor; /* not ended by a 0; no actor at all: the program itself */
    size_t size;
};

static int column_of(const struct picture *picture, double at)
{
    double part = picture->length > 0 ? at / picture->length : 0;

    return (int)((part > 1 ? 1 : part) * (picture->columns - 1) + 0.5);
}

static void draw_axis(const struct picture *picture)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000};
    size_t chosen = 0;
    int drawn = 0;

    while (chosen + 1 < sizeof steps / sizeof *steps &&
           column_of(picture, steps[chosen]) < 7)
        chosen++;
    printf("%*s", picture->names, "");
    for (double at = 0; at <= picture->length + 0.001; at += steps[chosen]) {
        char label[32];

        snprintf(label, sizeof label, "%.*f%s", steps[chosen]<1, at, at> 0 ? "" : " s");
        if (column_of(picture, at) + (int)strlen(label) <= picture->columns + 8)
            drawn += printf("%*s%s", column_of(picture, at) - drawn, "", label);
    }
    putchar('\n');
}

static bool is_of(const struct lane *lane, const struct moment *moment)
{
    return !moment->is_comment && actor_size(&moment->line) == lane->size &&
           (lane->size == 0 || memcmp(moment->line.text, lane->actor, lane->size) == 0);
}

/* A bar from the first line to the last, with a mark for each. */
static void draw_bar(const struct picture *picture, const struct story *story,
                     const struct lane *lane)
{
    char bar[1024];
    int first = -1, last = -1;

    memset(bar, ' ', sizeof bar);
    for (size_t i = 0; i < story->count; i++)
        if (is_of(lane, &story->moments[i])) {
            last = column_of(picture, story->moments[i].at);
            if (first < 0)
                memset(bar, '.', (size_t)(first = last));
            for (int j = last; j > first && bar[j] == ' '; j--)
                bar[j] = '=';
            bar[last] = '|';
        }
    printf("%s%.*s%s", picture->in_colour ? "\033[36m" : "", last + 1, bar,
           picture->in_colour ? "\033[0m" : "");
}

/* The program itself is there from its first line to its last. */
static void draw_program(const struct picture *picture, const struct story *story)
{
    struct lane nobody = {.actor = "", .size = 0};
    char bar[1024];
    int end = column_of(picture, story_length(story));

    memset(bar, '-', sizeof bar);
    bar[0] = bar[end] = '|';
    for (size_t i = 0; i < story->count; i++)
        if (is_of(&nobody, &story->moments[i]))
            bar[column_of(picture, story->moments[i].at)] = '|';
    printf("%s%-*.*s%s%.*s  %.2f s\n", picture->in_colour ? "\033[1m" : "",
           picture->names, picture->names - 1, story->program,
           picture->in_colour ? "\033[0m" : "", end + 1, bar, story_length(story));
}

static int find_lanes(const struct story *story, struct lane lanes[], int *more)
{
    int count = 0;

    *more = 0;
    for (size_t i = 0; i < story->count; i++) {
        const struct moment *moment = &story->moments[i];
        struct lane lane = {moment->line.text, actor_size(&moment->line)};
        bool is_known = moment->is_comment || lane.size == 0;

        for (int j = 0; j < count && !is_known; j++)
            is_known = is_of(&lanes[j], moment);
        if (is_known)
            continue;
        if (count < MOST_LANES)
            lanes[count++] = lane;
        else
            *more = 1;
    }
    return count;
}

static void draw_story(const struct picture *picture, const struct story *story)
{
    struct lane lanes[MOST_LANES];
    int more, count = find_lanes(story, lanes, &more);

    draw_program(picture, story);
    for (int i = 0; i < count; i++) {
        int size =
            (int)(lanes[i].size < LONGEST_NAME - 2 ? lanes[i].size : LONGEST_NAME - 2);

        printf("  %-*.*s", picture->names - 2, size, lanes[i].actor);
        draw_bar(picture, story, &lanes[i]);
        putchar('\n');
    }
    if (more)
        printf("  ... and others\n");
}

void draw_timelines(const struct story *const stories[], int count, int width,
                    bool in_colour)
{
    struct picture picture = {.in_colour = in_colour};

    for (int i = 0; i < count; i++) {
        struct lane lanes[MOST_LANES];
        int more, found = find_lanes(stories[i], lanes, &more);

        if (story_length(stories[i]) > picture.length)
            picture.length = story_length(stories[i]);
        if ((int)strlen(stories[i]->program) + 1 > picture.names)
            picture.names = (int)strlen(stories[i]->program) + 1;
        for (int j = 0; j < found; j++)
            if ((int)lanes[j].size + 3 > picture.names)
                picture.names = (int)lanes[j].size + 3;
    }
    if (picture.names > LONGEST_NAME)
        picture.names = LONGEST_NAME;
    picture.columns = width - picture.names - (int)strlen("  100.00 s");
    if (picture.columns > 100)
        picture.columns = 100;
    if (picture.columns < 10)
        picture.columns = 10;
    draw_axis(&picture);
    for (int i = 0; i < count; i++)
        draw_story(&picture, stories[i]);
}
