/* messages.h - what the programs of this lesson share: the box into which a scale puts
 * the weight of each crate, and the book into which the office writes it. How the office
 * learns that there is something in the box is each program's own matter. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "lesson.h"

#include <stdbool.h>
#include <string.h>

enum { CRATES = 1000, SHIP = 100 }; /* so many crates are in a ship */

struct box {
    uv_mutex_t lock; /* for all that follows */
    int weights[CRATES];
    int put, taken;
};

struct book {
    int crates;
    long kg;
    bool in_order; /* each crate once, none before another */
};

/* Of crate 0, 1, ... */
static inline int weight_of(int crate)
{
    return 100 + crate * 37 % 401;
}

static inline void put(struct box *box, int weight)
{
    uv_mutex_lock(&box->lock);
    box->weights[box->put++] = weight;
    uv_mutex_unlock(&box->lock);
}

/* Take all that is there, however much it is. Returns how many. */
static inline int take_all(struct box *box, int weights[CRATES])
{
    int count;

    uv_mutex_lock(&box->lock);
    count = box->put - box->taken;
    memcpy(weights, box->weights + box->taken, (size_t)count * sizeof *weights);
    box->taken = box->put;
    uv_mutex_unlock(&box->lock);
    return count;
}

static inline void write_down(struct book *book, int weight)
{
    book->in_order =
        (book->in_order || book->crates == 0) && weight == weight_of(book->crates);
    book->kg += weight;
    if (++book->crates % SHIP == 0)
        say("office: %d crates", book->crates);
}

static inline void close_book(const struct book *book)
{
    say("office: each crate once, and in order: %s",
        book->crates == CRATES && book->in_order ? "yes" : "no");
    say("checksum: %ld", book->kg);
}

#endif
