/* database_sync.c - eight guests want their bills, which a PostgreSQL server makes; the
 * waiter asks it for one after the other.
 * You will see 2.00 s: the server takes 0.25 s for a bill, and we wait for each. */

#include "lesson.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUESTS = 8 };

static const char *const guests[GUESTS] = {"Ada", "Ben",  "Cleo", "Dan",
                                           "Eva", "Finn", "Gina", "Hugo"};
static const char question[] =
    "SELECT string_agg(dish, ' + ' ORDER BY price), sum(price), pg_sleep(0.25)"
    " FROM orders JOIN dishes USING (dish) WHERE guest = $1";

static PGconn *open_connection(void);
static PGresult *ask(PGconn *server, const char *guest);
static void print_bill(const char *guest, PGresult *bill);
static _Noreturn void fail(const char *what, PGconn *server);

int main(void)
{
    PGconn *server = open_connection();

    for (int i = 0; i < GUESTS; i++)
        print_bill(guests[i], ask(server, guests[i]));
    PQfinish(server);
}

/* Where the server is, and who we are there, libpq reads from the environment. */
static PGconn *open_connection(void)
{
    PGconn *server = PQconnectdb("");

    if (PQstatus(server) != CONNECTION_OK)
        fail("connect", server);
    return server;
}

/* Send the question, with the guest in the place of $1, and wait for the answer. */
static PGresult *ask(PGconn *server, const char *guest)
{
    PGresult *bill;

    say("%s: the bill, please", guest);
    bill = PQexecParams(server, question, 1, NULL, &guest, NULL, NULL, 0);
    if (PQresultStatus(bill) != PGRES_TUPLES_OK)
        fail("ask for a bill", server);
    return bill;
}

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

    fprintf(stderr, "database_sync: cannot %s: %.*s%s\n", what, (int)strcspn(why, "\n"),
            why, getenv("PGHOST") ? "" : hint);
    exit(EXIT_FAILURE);
}
