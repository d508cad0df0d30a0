/* catalog.h - what a lesson is: a directory lessons/NN-slug, of whose files this is the
 * one place in C that knows what they are called. Nothing is taken from the environment,
 * nothing is printed. */
#ifndef CATALOG_H
#define CATALOG_H

#include <stdbool.h>
#include <stddef.h>

enum rank { SYNC, ASYNC, VARIANT, WRONG }; /* wrong on purpose: ..._wrong */

/* A program, with the arguments of one of its recordings. */
struct entry {
    char name[256]; /* queue_async 5 */
    char file[256]; /* queue_async@5.out, or, where nothing is recorded, queue_async.c */
    enum rank rank;
    bool is_sync, is_recorded; /* is_sync: also a variant of the sync program */
};

struct catalog {
    struct entry *entries; /* in the order in which they are shown: by rank, by name */
    size_t count;
};

/* List the programs of a lesson's directory, without the exercise; it must have a slug.
 * Returns 0, or an errno, with nothing then for catalog_free() to free. */
int catalog_read(struct catalog *catalog, const char *directory);

void catalog_free(struct catalog *catalog);

/* "chores" of lessons/05-chores, as a part of it; NULL: it is no lesson's directory. */
const char *lesson_slug(const char *directory);

/* Whether a word of `needs:` in `about` is this one. */
bool lesson_needs(const char *directory, const char *need);

/* Take "DIR/queue_async@5.out" apart, in place: DIR/queue_async and 5 become the words of
 * `argv`, which has room for `room` of them and a NULL. */
void recording_split(char *path, char *argv[], size_t room);

#endif
