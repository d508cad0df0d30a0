/* database.h - what the three programs share: the guests, the question that is asked for
 * each of them, how a bill is printed, and the end when something fails. */
#ifndef DATABASE_H
#define DATABASE_H

#include "lesson.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUESTS = 8 };

static const char *const guests[GUESTS] = {"Ada", "Ben",  "Cleo", "Dan",
                                           "Eva", "Finn", "Gina", "Hugo"};

/* All dishes in one text, the cheapest first, and the sum. pg_sleep() plays a question
 * that takes the server long. */
static const char question[] =
    "SELECT string_agg(dish, ' + ' ORDER BY price), sum(price), pg_sleep(0.25)"
    " FROM orders JOIN dishes USING (dish) WHERE guest = $1";

/* Row 0, columns 0 and 1. The bill is not needed any more. */
static void print_bill(const char *guest, PGresult *bill)
{
    say("%s: %s = %s euros", guest, PQgetvalue(bill, 0, 0), PQgetvalue(bill, 0, 1));
    PQclear(bill);
}

/* What libpq says may have several lines; the first says what happened. */
static _Noreturn void fail(const char *what, PGconn *server)
{
    const char *why = PQerrorMessage(server);
    const char *hint = " (start this with build/common/with-postgres)";

    fprintf(stderr, "%s: cannot %s: %.*s%s\n", program_name(), what,
            (int)strcspn(why, "\n"), why, getenv("PGHOST") ? "" : hint);
    exit(EXIT_FAILURE);
}

#endif
