/* words.c - see words.h */

#include "timeline/words.h"
#include "die.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The words of a line --- */

struct words {
    const char *text;
    size_t size;
};

/* What a line says, after one that has been told. Who is the program itself, and has a
 * name, keeps it, but it is told once. */
static struct words words_of(const struct event *event, const struct event *before)
{
    const struct line *line = &event->line;
    size_t skip = event->name_size ? event->name_size + 2 : 0;

    if (event->actor_size == 0 &&
        !(before && before->name_size == event->name_size &&
          memcmp(before->line.text, line->text, event->name_size) == 0))
        skip = 0;
    return (struct words){line->text + skip, line->size - skip};
}

char *words_at(const struct lane *lane, const struct trace *trace, size_t i, bool alone,
               size_t *next)
{
    const struct event *one = &trace->events[i], *last = NULL;
    FILE *to;
    char *said;
    size_t said_size;

    to = open_text(&said, &said_size);
    for (; i < trace->count; i++) {
        const struct event *event = &trace->events[i];
        struct words words = words_of(event, last);

        if (!lane_has(lane, event))
            continue;
        if (last && (alone || event->at > one->at))
            break;
        fprintf(to, "%s%.*s", last ? ", " : "", (int)words.size, words.text);
        last = event;
    }
    *next = i;
    close_text(to, &said);
    return said;
}

/* --- A story: what differs in numbers only is said once --- */

/* The size of the number that begins here, "7" or "0.4", but no part of a word; or 0. */
static size_t number_size(struct words words, size_t i)
{
    size_t size = 0;
    char before = i > 0 ? words.text[i - 1] : ' ';

    if (isdigit((unsigned char)before) || before == '_' || (before | 0x20) >= 'a')
        return 0;
    while (i + size < words.size && isdigit((unsigned char)words.text[i + size]))
        size++;
    if (size > 0 && i + size + 1 < words.size && words.text[i + size] == '.' &&
        isdigit((unsigned char)words.text[i + size + 1]))
        for (size++;
             i + size < words.size && isdigit((unsigned char)words.text[i + size]);)
            size++;
    return size;
}

static bool are_alike(struct words a, struct words b)
{
    size_t i = 0, k = 0;

    while (i < a.size && k < b.size) {
        size_t one = number_size(a, i), other = number_size(b, k);

        if ((one > 0) != (other > 0) || (one == 0 && a.text[i] != b.text[k]))
            return false;
        i += one ? one : 1;
        k += other ? other : 1;
    }
    return i == a.size && k == b.size;
}

/* The number that stands at this place among the numbers of the words. */
static struct words find_number(struct words words, int place)
{
    for (size_t i = 0; i < words.size; i++) {
        size_t size = number_size(words, i);

        if (size > 0 && place-- == 0)
            return (struct words){words.text + i, size};
        i += size ? size - 1 : 0;
    }
    return (struct words){"", 0};
}

enum { MOST_NUMBERS = 10 }; /* of a list; of a longer one, the first and the last */

/* Lines that are alike, as a list. */
struct alike {
    struct words *words;
    size_t count;
};

static void write_numbers(FILE *to, const struct alike *alike, int place)
{
    struct words first = find_number(alike->words[0], place);
    struct words last = find_number(alike->words[alike->count - 1], place);
    bool are_equal = true, count_up = true;

    for (size_t i = 1; i < alike->count; i++) {
        struct words one = find_number(alike->words[i], place);

        are_equal = are_equal && one.size == first.size &&
                    memcmp(one.text, first.text, one.size) == 0;
        count_up = count_up && !memchr(one.text, '.', one.size) &&
                   atol(one.text) == atol(first.text) + (long)i;
    }
    fprintf(to, "%.*s", (int)first.size, first.text);
    if (are_equal)
        return;
    if (count_up && alike->count > 2) {
        fprintf(to, " to %.*s", (int)last.size, last.text);
    } else if (alike->count > MOST_NUMBERS) {
        fprintf(to, " ... %.*s", (int)last.size, last.text);
    } else {
        for (size_t i = 1; i < alike->count; i++) {
            struct words one = find_number(alike->words[i], place);

            fprintf(to, ", %.*s", (int)one.size, one.text);
        }
    }
}

static void write_alike(FILE *to, const struct alike *alike)
{
    struct words words = alike->words[0];
    int place = 0;

    for (size_t i = 0; i < words.size; i++) {
        size_t size = number_size(words, i);

        if (size == 0)
            fputc(words.text[i], to);
        else
            write_numbers(to, alike, place++);
        i += size ? size - 1 : 0;
    }
}

char *words_story(const struct lane *lane, const struct trace *trace)
{
    struct words *all = xcalloc(trace->count, sizeof *all);
    struct words *group = xcalloc(trace->count, sizeof *group);
    const struct event *last = NULL;
    FILE *to;
    char *said;
    size_t said_size;
    size_t count = 0;

    for (size_t i = 0; i < trace->count; i++)
        if (lane_has(lane, &trace->events[i])) {
            all[count++] = words_of(&trace->events[i], last);
            last = &trace->events[i];
        }
    to = open_text(&said, &said_size);
    for (size_t i = 0; i < count; i++) {
        struct alike alike = {.words = group, .count = 0};

        for (size_t k = i; k < count && all[i].text; k++)
            if (all[k].text && are_alike(all[i], all[k]))
                group[alike.count++] = all[k];
        if (alike.count == 0)
            continue;
        for (size_t k = count; k-- > i;)
            if (all[k].text && are_alike(group[0], all[k]))
                all[k].text = NULL;
        fputs(ftell(to) > 0 ? ", " : "", to);
        write_alike(to, &alike);
    }
    free(all);
    free(group);
    close_text(to, &said);
    return said;
}

/* --- In lines --- */

/* As much of it as fits beside "...", whole characters only. */
static size_t cut(const char *text, size_t size, int room,
                  int (*width_of)(const char *text, size_t size))
{
    int dots = width_of("...", 3);

    while (size > 0 && (((unsigned char)text[size] & 0xc0) == 0x80 ||
                        width_of(text, size) + dots > room))
        size--;
    while (size > 0 && text[size - 1] == ' ')
        size--;
    return size;
}

struct wrapped words_wrap(const char *text, int room, int most,
                          int (*width_of)(const char *text, size_t size))
{
    struct wrapped wrapped = {.count = 0};
    size_t first = strcspn(text, " ");

    while (*text) {
        size_t size = 0, next = strcspn(text, " ");
        bool is_last = wrapped.count + 1 == most;

        while (width_of(text, next) <= room && size != next) {
            size = next;
            next += text[next] ? 1 + strcspn(text + next + 1, " ") : 0;
        }
        if (size < strlen(text) && (is_last || size == 0)) {
            size = cut(text, strlen(text), room, width_of);
            wrapped.is_cut = true;
            wrapped.has_no_word = wrapped.count == 0 && size < first;
        }
        wrapped.line[wrapped.count].text = text;
        wrapped.line[wrapped.count++].size = size;
        if (wrapped.is_cut)
            break;
        text += size + strspn(text + size, " ");
    }
    return wrapped;
}
