/* facts.h - what a lesson's `about` says of its actors: what happened, and no line tells.
 * Lists are separated by commas; a key that is missing says nothing. */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>

struct facts {
    char *program; /* actors that are the program itself: "Techie, home" */
    char *busy;    /* actors that keep the program at work: "potatoes" */
    char *waits;   /* actors that wait while nothing of theirs is under way: "caller" */
    char *starts;  /* words of lines that start something: "told, takes" */
    char *takes;  /* how long that takes, in s, whenever its end is heard: "kettle 1.0" */
    char *turns;  /* programs in which one is served after the other */
    char *pauses; /* programs that wait for nobody: each wait is a pause of their own */
    char *works;  /* how long, in s, a program itself worked before one of its lines:
                     "invitations_async 0.05 all 100 friends" */
    char *undrawn; /* programs for which the picture has no room: "queue_async 2" */
    char *order;   /* "shown": the lines of an instant stand one after the other */
};

/* Returns 0, or an errno. */
int facts_read(struct facts *facts, const char *directory);

/* The name of the first key whose numbers are none; NULL: all is well. */
const char *facts_find_fault(const struct facts *facts);

void facts_free(struct facts *facts);

/* Whether a list names it. */
bool facts_name(const char *list, const char *name, size_t size);

/* s that it takes; 0: nothing is said of it. */
double facts_takes(const struct facts *facts, const char *name, size_t size);

/* s that a program worked before a line of its own; 0: nothing is said of it. */
double facts_works(const struct facts *facts, const char *program, const char *text,
                   size_t size);

/* Whether a line with this text starts something: it has one of the words, or "start" or
 * "asked". */
bool facts_starts(const struct facts *facts, const char *text, size_t size);

#endif
