/* database_sync.c - eight guests want their bills, which a PostgreSQL server makes; the
 * waiter asks it for one after the other.
 * You will see 2.00 s: the server takes 0.25 s for a bill, and we wait for each. */

#include "database.h"

static PGresult *ask(PGconn *server, const char *guest);

int main(void)
{
    PGconn *server = open_connection();

    for (int i = 0; i < GUESTS; i++)
        print_bill(guests[i], ask(server, guests[i]));
    PQfinish(server);
}

/* Send the question, with the guest in the place of $1, and wait for the answer. */
static PGresult *ask(PGconn *server, const char *guest)
{
    PGresult *bill;

    say("%s: the bill, please", guest);
    bill = PQexecParams(server, question, 1, NULL, &guest, NULL, NULL, 0);
    if (PQresultStatus(bill) != PGRES_TUPLES_OK)
        fail("ask for a bill", PQerrorMessage(server));
    return bill;
}
