/* exercise.c - six guests want their bills, and there is a pool of two connections to the
 * database, or as many as the argument says. But only the first one is used: ask() waits
 * for the answer, and everybody waits with it. Let the loop wait. */

#include "lesson.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUESTS = 6 };

struct connection {
    PGconn *server; /* libpq's part of it */
    uv_poll_t socket;
    int guest;  /* whose bill it asks for */
    int *asked; /* for how many guests all have asked: guests[*asked] is the next */
};

/* Not all bills take as long as each other. */
static const char *const guests[GUESTS][2] = {{"Ada", "0.2"},  {"Ben", "1.2"},
                                              {"Cleo", "0.4"}, {"Dan", "0.4"},
                                              {"Eva", "0.4"},  {"Finn", "0.4"}};

/* The answer has two rows: the menu, which is long and comes at once; then the sum. */
static const char question[] =
    "SELECT repeat('the menu, ', 1000), 0 UNION ALL SELECT pg_sleep($2)::text, sum(price)"
    " FROM orders JOIN dishes USING (dish) WHERE guest = $1";

static void start(struct connection *connection);
static void take_guest(struct connection *connection);
static void ask(struct connection *connection);
#ifdef SOLUTION
static void flush(struct connection *connection);
static void on_ready(uv_poll_t *socket, int status, int events);
#endif
static void print_bill(struct connection *connection, PGresult *bill);
static void on_closed(uv_handle_t *socket);
static _Noreturn void fail(PGconn *server);

int main(int argc, char *argv[])
{
    struct number size = {"CONNECTIONS", 2, 1, GUESTS};
    struct connection pool[GUESTS];
    int asked = 0;

    read_numbers(argc, argv, &size, 1);
    for (int i = 0; i < size.value; i++) {
        pool[i].asked = &asked;
        start(&pool[i]);
    }
    for (int i = 0; i < size.value; i++)
        take_guest(&pool[i]);
    run_and_close();
    say("all bills are there");
}

static void start(struct connection *connection)
{
    PGconn *server = PQconnectdb("");

    if (PQstatus(server) != CONNECTION_OK || PQsetnonblocking(server, 1) != 0)
        fail(server);
    must("watch a socket",
         uv_poll_init(uv_default_loop(), &connection->socket, PQsocket(server)));
    connection->socket.data = connection;
    connection->server = server;
}

/* The connection is free: it takes the next guest. If there is none, it is closed. */
static void take_guest(struct connection *connection)
{
    if (*connection->asked == GUESTS) {
        uv_close((uv_handle_t *)&connection->socket, on_closed);
        return;
    }
    connection->guest = (*connection->asked)++;
    ask(connection);
}

static void ask(struct connection *connection)
{
    const char *const *words = guests[connection->guest]; /* for $1 and $2 */

    say("%s: the bill, please", words[0]);
    if (!PQsendQueryParams(connection->server, question, 2, NULL, words, NULL, NULL, 0))
        fail(connection->server);
#ifdef SOLUTION
    flush(connection);
}

/* What the socket does not take now, libpq keeps until it is writable. */
static void flush(struct connection *connection)
{
    int left = PQflush(connection->server);
    int events = left ? UV_READABLE | UV_WRITABLE : UV_READABLE;

    if (left < 0)
        fail(connection->server);
    must("watch a socket", uv_poll_start(&connection->socket, events, on_ready));
}

static void on_ready(uv_poll_t *socket, int status, int events)
{
    struct connection *connection = socket->data;

    (void)status, (void)events;
    if (!PQconsumeInput(connection->server))
        fail(connection->server);
    flush(connection);
    while (!PQisBusy(connection->server)) {
        PGresult *bill = PQgetResult(connection->server);

        if (bill == NULL) {
            take_guest(connection);
            return;
        }
        print_bill(connection, bill);
    }
}
#else
    /* TODO: PQgetResult() waits here. Have the loop watch the socket instead, and go on
     * when it is ready. */
    for (PGresult *bill; (bill = PQgetResult(connection->server)) != NULL;)
        print_bill(connection, bill);
    take_guest(connection);
}
#endif

static void print_bill(struct connection *connection, PGresult *bill)
{
    if (PQresultStatus(bill) != PGRES_TUPLES_OK)
        fail(connection->server);
    say("%s: %s euros", guests[connection->guest][0], PQgetvalue(bill, 1, 1));
    PQclear(bill);
}

/* Now nobody watches the socket any more, and libpq may close it. */
static void on_closed(uv_handle_t *socket)
{
    struct connection *connection = socket->data;

    PQfinish(connection->server);
}

/* What libpq says may have several lines; the first says what happened. */
static _Noreturn void fail(PGconn *server)
{
    const char *why = PQerrorMessage(server);

    fprintf(stderr, "exercise: %.*s\n", (int)strcspn(why, "\n"), why);
    exit(EXIT_FAILURE);
}
