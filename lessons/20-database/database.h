/* database.h - what the programs share: the guests, the question that is asked for each
 * of them, how a bill is printed, a connection that is waited for, a server that says
 * nothing, and the end when something fails. */
#ifndef DATABASE_H
#define DATABASE_H

#include "lesson.h"

#include <arpa/inet.h>
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
static inline void print_bill(const char *guest, PGresult *bill)
{
    say("%s: %s = %s euros", guest, PQgetvalue(bill, 0, 0), PQgetvalue(bill, 0, 1));
    PQclear(bill);
}

/* What libpq says may have several lines; the first says what happened. */
static _Noreturn void fail(const char *what, const char *why)
{
    const char *hint = " (start this with build/common/with-postgres)";

    fprintf(stderr, "%s: cannot %s: %.*s%s\n", program_name(), what,
            (int)strcspn(why, "\n"), why, getenv("PGHOST") ? "" : hint);
    exit(EXIT_FAILURE);
}

/* Where the server is, and who we are there, libpq reads from the environment. It waits
 * until the connection is open, or for $PGCONNECT_TIMEOUT seconds. */
static inline PGconn *open_connection(void)
{
    PGconn *server = PQconnectdb("");

    if (PQstatus(server) != CONNECTION_OK)
        fail("connect", PQerrorMessage(server));
    return server;
}

static inline void on_client(uv_stream_t *server, int status)
{
    (void)server, (void)status;
}

/* A server that takes connections and says nothing. Returns its port, which the system
 * chooses; the caller closes it. */
static inline int start_silent_server(uv_tcp_t *server)
{
    struct sockaddr_in address;
    int size = sizeof address;

    must("be a server", uv_ip4_addr("127.0.0.1", 0, &address));
    must("be a server", uv_tcp_init(uv_default_loop(), server));
    must("be a server", uv_tcp_bind(server, (const struct sockaddr *)&address, 0));
    must("be a server", uv_listen((uv_stream_t *)server, 1, on_client));
    must("be a server", uv_tcp_getsockname(server, (struct sockaddr *)&address, &size));
    return ntohs(address.sin_port);
}

#endif
