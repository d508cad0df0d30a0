/* upper_bound.h - the order of this lesson: its four parts, and which of them can be
 * divided. A piece of a part takes a worker 1 ms, or so long as it takes to compute. */
#ifndef UPPER_BOUND_H
#define UPPER_BOUND_H

#include "lesson.h"

#include <stdbool.h>

enum { CARD, PARCELS, SALE, MAILS, PARTS };

struct part {
    const char *name, *done;
    int first, end; /* its pieces: first, ..., end - 1 */
    bool is_divisible;
};

/* 1000 pieces. 15 % and 5 % of them can be divided among workers. */
static const struct part parts[PARTS] = {
    {"card", "charged", 0, 500, false},
    {"parcels", "packed", 500, 650, true},
    {"sale", "recorded", 650, 950, false},
    {"mails", "sent", 950, 1000, true},
};

enum { MOST_WORKERS = 1000 };

/* The share of the time, 0 to 1, that so many workers save. Only what can be
 * divided takes less, and not less than nothing. (This is Amdahl's law.) */
static inline double saved_by(int workers)
{
    double serial = 0, divisible = 0;

    for (int i = 0; i < PARTS; i++)
        if (parts[i].is_divisible)
            divisible += parts[i].end - parts[i].first;
        else
            serial += parts[i].end - parts[i].first;
    return 1 - (serial + divisible / workers) / (serial + divisible);
}

#endif
