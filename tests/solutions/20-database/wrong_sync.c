/* wrong_sync.c - one bill after the other, and the right lines in the right order.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

#include <libpq-fe.h>

static PGconn *server;

static void ask(const char *seconds)
{
    PQclear(
        PQexecParams(server, "SELECT pg_sleep($1)", 1, NULL, &seconds, NULL, NULL, 0));
}

int main(void)
{
    server = PQconnectdb("");
    say("Ada: the bill, please");
    say("Ben: the bill, please");
    ask("0.2");
    say("Ada: 24 euros");
    say("Cleo: the bill, please");
    ask("0.4");
    say("Cleo: 22 euros");
    say("Dan: the bill, please");
    ask("0.4");
    say("Dan: 18 euros");
    say("Eva: the bill, please");
    ask("1.2");
    say("Ben: 11 euros");
    say("Finn: the bill, please");
    ask("0.4");
    say("Eva: 16 euros");
    ask("0.4");
    say("Finn: 6 euros");
    say("all bills are there");
    PQfinish(server);
}
