/* words.h - what is written in a lane: what its lines say, without who says it. */
#ifndef WORDS_H
#define WORDS_H

#include "timeline/lanes.h"

/* All that the lane's lines say at the time of event `i`, which is the first of them:
 * "done, goes home", or what this one says if each is to stand `alone`. To be freed;
 * `next` becomes the lane's next event that is not told, or the trace's count. The
 * program stops when there is no memory. */
char *words_at(const struct lane *lane, const struct trace *trace, size_t i, bool alone,
               size_t *next);

/* All that they say, where there is no room to say it in its place. Lines that differ in
 * their numbers only are said once: "lap 0 to 9, done". To be freed. */
char *words_story(const struct lane *lane, const struct trace *trace);

enum { MOST_WORD_LINES = 5 };

/* A text in lines: where each begins, and its size. */
struct wrapped {
    struct {
        const char *text;
        size_t size;
    } line[MOST_WORD_LINES];
    int count;
    bool is_cut, has_no_word; /* the end is missing; not even the first word fits */
};

/* Break a text, between words only, into at most `most` lines that are no wider than
 * `room`. A word that is wider, or what doesn't fit, is cut, for which "..." has room. */
struct wrapped words_wrap(const char *text, int room, int most,
                          int (*width_of)(const char *text, size_t size));

#endif
