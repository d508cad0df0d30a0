/* database_async.c - eight guests want their bills, which a PostgreSQL server makes; the
 * waiter has a pool of eight connections to it, and asks for all of them at once.
 * You will see 0.25 s: eight processes of the server sleep at the same time.
 * Order of events: main -> start, ask, ... -> on_ready, ... -> answered -> on_closed */

#include "database.h"

struct connection {
    PGconn *server; /* libpq's part of it */
    uv_poll_t socket;
    int guest; /* whose bill it asks for */
    struct restaurant *restaurant;
};

struct restaurant {
    struct connection pool[GUESTS];
    PGresult *bills[GUESTS]; /* as they come */
    int printed;
};

static void start(struct connection *connection);
static void ask(struct connection *connection);
static void flush(struct connection *connection);
static void on_ready(uv_poll_t *socket, int status, int events);
static void answered(struct connection *connection);
static void on_closed(uv_handle_t *socket);

int main(void)
{
    struct restaurant restaurant = {0};

    for (int i = 0; i < GUESTS; i++) {
        restaurant.pool[i].guest = i;
        restaurant.pool[i].restaurant = &restaurant;
        start(&restaurant.pool[i]);
    }
    for (int i = 0; i < GUESTS; i++)
        ask(&restaurant.pool[i]);
    run_and_close();
}

/* While nobody else waits we may connect as database_sync does. From here on libpq
 * doesn't wait, not even when it sends. The socket is libpq's, the handle that watches it
 * ours. */
static void start(struct connection *connection)
{
    PGconn *server = open_connection();

    if (PQsetnonblocking(server, 1) != 0)
        fail("be asynchronous", PQerrorMessage(server));
    must("watch a socket",
         uv_poll_init(uv_default_loop(), &connection->socket, PQsocket(server)));
    connection->socket.data = connection;
    connection->server = server;
}

/* Send the question, with the guest in the place of $1, and don't wait for the answer. */
static void ask(struct connection *connection)
{
    const char *guest = guests[connection->guest];

    say("%s: the bill, please", guest);
    if (!PQsendQueryParams(connection->server, question, 1, NULL, &guest, NULL, NULL, 0))
        fail("ask for a bill", PQerrorMessage(connection->server));
    flush(connection);
}

/* What the socket does not take now, libpq keeps until it is writable. (To start a handle
 * that is active changes what it waits for.) */
static void flush(struct connection *connection)
{
    int left = PQflush(connection->server);
    int events = left ? UV_READABLE | UV_WRITABLE : UV_READABLE;

    if (left < 0)
        fail("ask for a bill", PQerrorMessage(connection->server));
    must("watch a socket", uv_poll_start(&connection->socket, events, on_ready));
}

/* The socket has something for us, or an error: libpq looks, and says which. */
static void on_ready(uv_poll_t *socket, int status, int events)
{
    struct connection *connection = socket->data;

    (void)status, (void)events;
    if (!PQconsumeInput(connection->server))
        fail("hear the answer", PQerrorMessage(connection->server));
    flush(connection);
    while (!PQisBusy(connection->server)) {
        PGresult *result = PQgetResult(connection->server);

        if (result == NULL) { /* the answer is complete */
            answered(connection);
            return;
        }
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
            fail("ask for a bill", PQerrorMessage(connection->server));
        connection->restaurant->bills[connection->guest] = result;
    }
}

/* A bill is printed when all before it are. */
static void answered(struct connection *connection)
{
    struct restaurant *restaurant = connection->restaurant;

    for (int i = restaurant->printed; i < GUESTS && restaurant->bills[i]; i++) {
        print_bill(guests[i], restaurant->bills[i]);
        restaurant->printed++;
    }
    uv_close((uv_handle_t *)&connection->socket, on_closed);
}

/* Now nobody watches the socket any more, and libpq may close it. */
static void on_closed(uv_handle_t *socket)
{
    struct connection *connection = socket->data;

    PQfinish(connection->server);
}
