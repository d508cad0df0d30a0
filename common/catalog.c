/* catalog.c - see catalog.h */

#include "catalog.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lesson_slug(const char *directory)
{
    const char *name = strrchr(directory, '/');

    name = name ? strchr(name, '-') : NULL;
    return name ? name + 1 : NULL;
}

bool lesson_needs(const char *directory, const char *need)
{
    char path[4096], *line = NULL, *rest;
    size_t room = 0;
    bool found = false;
    FILE *file;

    snprintf(path, sizeof path, "%s/about", directory);
    file = fopen(path, "r");
    while (file && getline(&line, &room, file) > 0)
        if (strncmp(line, "needs:", 6) == 0)
            for (char *word = strtok_r(line + 6, " \n", &rest); word && !found;
                 word = strtok_r(NULL, " \n", &rest))
                found = strcmp(word, need) == 0;
    free(line);
    if (file)
        fclose(file);
    return found;
}

void recording_split(char *path, char *argv[], size_t room)
{
    char *next = strrchr(path, '/'); /* a directory may have an @ in its name, too */
    char *end = strrchr(next, '.');
    size_t count = 0;

    if (end)
        *end = '\0';
    argv[count++] = path;
    while (count < room && (next = strchr(next, '@')) != NULL) {
        *next++ = '\0';
        argv[count++] = next;
    }
    argv[count] = NULL;
}

/* Whether it is a program or a recording of the lesson, as the Makefile knows them: not
 * one of the student's (exercise.c, exercise_old.c), and none whose name make can't hold.
 */
static int is_of_lesson(const struct dirent *file)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_@.-";
    const char *name = file->d_name, *end = strrchr(name, '.');

    return end && (strcmp(end, ".c") == 0 || strcmp(end, ".out") == 0) &&
           strncmp(name, "exercise", 8) != 0 && name[0] != '-' &&
           name[strspn(name, letters)] == '\0';
}

/* name@5.out belongs to name.c */
static bool has_recording(const char *source, struct dirent *const files[], int count)
{
    size_t size = strlen(source) - strlen(".c");

    for (int i = 0; i < count; i++) {
        const char *name = files[i]->d_name;

        if (strncmp(name, source, size) == 0 &&
            (name[size] == '@' || strcmp(name + size, ".out") == 0))
            return true;
    }
    return false;
}

static void entry_describe(struct entry *entry, const char *file, const char *slug)
{
    const char *kind = file + (strlen(slug) < strlen(file) ? strlen(slug) : 0);

    *entry = (struct entry){.is_recorded = strcmp(strrchr(file, '.'), ".out") == 0};
    snprintf(entry->file, sizeof entry->file, "%s", file);
    snprintf(entry->name, sizeof entry->name, "%.*s", (int)(strrchr(file, '.') - file),
             file);
    for (char *at = entry->name; (at = strchr(at, '@')) != NULL;)
        *at = ' ';
    entry->is_sync = strncmp(kind, "_sync", 5) == 0;
    if (strstr(entry->name, "_wrong"))
        entry->rank = WRONG;
    else if (entry->is_sync && strchr(".@", kind[5]))
        entry->rank = SYNC;
    else if (strncmp(kind, "_async", 6) == 0 && strchr(".@", kind[6]))
        entry->rank = ASYNC;
    else
        entry->rank = VARIANT;
}

/* An order of names for people: "queue_async 5" before "queue_async 10". */
static int compare_names(const char *a, const char *b)
{
    while (*a && *a == *b && !(isdigit((unsigned char)*a)))
        a++, b++;
    if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
        char *a_end, *b_end;
        unsigned long one = strtoul(a, &a_end, 10), other = strtoul(b, &b_end, 10);

        return one != other ? (one > other) - (one < other) : compare_names(a_end, b_end);
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;

    return one->rank != other->rank ? (int)one->rank - (int)other->rank
                                    : compare_names(one->name, other->name);
}

int catalog_read(struct catalog *catalog, const char *directory)
{
    const char *slug = lesson_slug(directory);
    struct dirent **files;
    int count = scandir(directory, &files, is_of_lesson, NULL), error = 0;

    if (count < 0)
        return errno;
    *catalog = (struct catalog){calloc((size_t)count + 1, sizeof *catalog->entries), 0};
    if (catalog->entries == NULL)
        error = ENOMEM;
    for (int i = 0; i < count && !error; i++)
        if (strcmp(strrchr(files[i]->d_name, '.'), ".out") == 0 ||
            !has_recording(files[i]->d_name, files, count))
            entry_describe(&catalog->entries[catalog->count++], files[i]->d_name, slug);
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
    if (!error)
        qsort(catalog->entries, catalog->count, sizeof *catalog->entries,
              compare_entries);
    return error;
}

void catalog_free(struct catalog *catalog)
{
    free(catalog->entries);
    *catalog = (struct catalog){0};
}
