/* facts.c - see facts.h */

#define _GNU_SOURCE /* memmem() */

#include "timeline/facts.h"
#include "catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where each key's value goes. */
static const struct {
    const char *key;
    size_t offset;
} keys[] = {
    {"program", offsetof(struct facts, program)},
    {"busy", offsetof(struct facts, busy)},
    {"waits", offsetof(struct facts, waits)},
    {"starts", offsetof(struct facts, starts)},
    {"takes", offsetof(struct facts, takes)},
    {"turns", offsetof(struct facts, turns)},
    {"pauses", offsetof(struct facts, pauses)},
    {"works", offsetof(struct facts, works)},
    {"undrawn", offsetof(struct facts, undrawn)},
    {"order", offsetof(struct facts, order)},
};
enum { KEYS = sizeof keys / sizeof *keys };

static char **value_of(struct facts *facts, size_t key)
{
    return (char **)(void *)((char *)facts + keys[key].offset);
}

int facts_read(struct facts *facts, const char *directory)
{
    *facts = (struct facts){0};
    for (size_t i = 0; i < KEYS; i++) {
        char **value = value_of(facts, i);

        *value = lesson_about(directory, keys[i].key);
        if (*value == NULL)
            return errno;
    }
    return 0;
}

void facts_free(struct facts *facts)
{
    for (size_t i = 0; i < KEYS; i++)
        free(*value_of(facts, i));
    *facts = (struct facts){0};
}

/* The next item of "a, b": its start, and its size; NULL at the end. `at` moves on. */
static const char *next_item(const char **at, size_t *size)
{
    const char *item = *at + strspn(*at, ", ");

    *size = strcspn(item, ",");
    *at = item + *size;
    while (*size > 0 && item[*size - 1] == ' ')
        --*size;
    return *size > 0 ? item : NULL;
}

bool facts_name(const char *list, const char *name, size_t size)
{
    const char *item;
    size_t length;

    while (list && (item = next_item(&list, &length)) != NULL)
        if (length == size && memcmp(item, name, size) == 0)
            return true;
    return false;
}

/* The number at the end of "washing machine 0.75", and the size of what is before it; -1:
 * there is none. */
static double split_number(const char *item, size_t *size)
{
    const char *last = item + *size;
    char *end;
    double number;

    while (last > item && last[-1] != ' ')
        last--;
    number = strtod(last, &end);
    if (end != item + *size || end == last || number < 0)
        return -1;
    for (*size = (size_t)(last - item); *size > 0 && item[*size - 1] == ' ';)
        --*size;
    return number;
}

double facts_takes(const struct facts *facts, const char *name, size_t size)
{
    const char *list = facts->takes, *item;
    size_t length;

    while (list && (item = next_item(&list, &length)) != NULL) {
        double number = split_number(item, &length);

        if (number > 0 && length == size && memcmp(item, name, size) == 0)
            return number;
    }
    return 0;
}

/* Take "PROGRAM 0.05 WORDS" apart; the result is the number, or -1. */
static double read_work(const char *item, size_t size, size_t *program,
                        const char **words)
{
    char *end;
    double number;

    *program = strcspn(item, " ");
    number = strtod(item + *program, &end);
    *words = end + 1;
    return number > 0 && *end == ' ' && *words < item + size ? number : -1;
}

double facts_works(const struct facts *facts, const char *program, const char *text,
                   size_t size)
{
    const char *list = facts->works, *item, *words;
    size_t length, name;

    while (list && (item = next_item(&list, &length)) != NULL) {
        double number = read_work(item, length, &name, &words);

        if (number > 0 && name == strlen(program) && memcmp(item, program, name) == 0 &&
            memmem(text, size, words, (size_t)(item + length - words)))
            return number;
    }
    return 0;
}

bool facts_starts(const struct facts *facts, const char *text, size_t size)
{
    const char *list = facts->starts, *item;
    size_t length;

    while (list && (item = next_item(&list, &length)) != NULL)
        if (memmem(text, size, item, length))
            return true;
    return memmem(text, size, "start", 5) || memmem(text, size, "asked", 5);
}

const char *facts_find_fault(const struct facts *facts)
{
    const char *list = facts->takes, *item, *words;
    size_t size, name;

    while (list && (item = next_item(&list, &size)) != NULL)
        if (split_number(item, &size) <= 0 || size == 0)
            return "takes";
    list = facts->works;
    while (list && (item = next_item(&list, &size)) != NULL)
        if (read_work(item, size, &name, &words) <= 0)
            return "works";
    return facts->order && *facts->order && strcmp(facts->order, "shown") != 0 ? "order"
                                                                               : NULL;
}
