/* database_async.c - eight guests want their bills, which a PostgreSQL server makes; the
 * waiter has a pool of eight connections to it, and asks for all of them at once.
 * You will see 0.25 s: eight processes of the server sleep at the same time.
 * Order of events: main -> open_connection -> on_step -> go_on, on_step, ... -> on_open
 * -> ask -> on_news -> keep -> answered -> on_closed */

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
    int open, printed;       /* how many connections, and bills */
};

static void open_connection(struct connection *connection);
static void wait_for(struct connection *connection, int events, uv_poll_cb on_event);
static void on_step(uv_poll_t *socket, int status, int events);
static void go_on(uv_handle_t *socket);
static void on_open(struct connection *connection);
static void ask(struct connection *connection);
static void flush(struct connection *connection);
static void on_news(uv_poll_t *socket, int status, int events);
static void keep(struct connection *connection, PGresult *result);
static void answered(struct connection *connection);
static void on_closed(uv_handle_t *socket);

int main(void)
{
    struct restaurant restaurant = {0};

    for (int i = 0; i < GUESTS; i++) {
        restaurant.pool[i].guest = i;
        restaurant.pool[i].restaurant = &restaurant;
        open_connection(&restaurant.pool[i]);
    }
    run_and_close();
}

/* Where the server is, and who we are there, libpq reads from the environment. */
static void open_connection(struct connection *connection)
{
    connection->server = PQconnectStart("");
    if (PQstatus(connection->server) == CONNECTION_BAD)
        fail("connect", connection->server);
    wait_for(connection, UV_WRITABLE, on_step);
}

/* Have the loop watch the socket that libpq uses at present. */
static void wait_for(struct connection *connection, int events, uv_poll_cb on_event)
{
    must("watch a socket", uv_poll_init(uv_default_loop(), &connection->socket,
                                        PQsocket(connection->server)));
    connection->socket.data = connection;
    must("watch a socket", uv_poll_start(&connection->socket, events, on_event));
}

/* The loop calls this when libpq can go on connecting, or if the socket has an error:
 * then libpq will find out what it is. It may also go on with another socket; so this one
 * is let go before. */
static void on_step(uv_poll_t *socket, int status, int events)
{
    (void)status, (void)events;
    uv_close((uv_handle_t *)socket, go_on);
}

static void go_on(uv_handle_t *socket)
{
    struct connection *connection = socket->data;

    switch (PQconnectPoll(connection->server)) {
    case PGRES_POLLING_READING:
        wait_for(connection, UV_READABLE, on_step);
        break;
    case PGRES_POLLING_WRITING:
        wait_for(connection, UV_WRITABLE, on_step);
        break;
    case PGRES_POLLING_OK:
        on_open(connection);
        break;
    default:
        fail("connect", connection->server);
    }
}

/* When the last connection is open, all the guests ask. */
static void on_open(struct connection *connection)
{
    struct restaurant *restaurant = connection->restaurant;

    if (PQsetnonblocking(connection->server, 1) != 0)
        fail("be asynchronous", connection->server);
    wait_for(connection, UV_READABLE, on_news);
    if (++restaurant->open == GUESTS)
        for (int i = 0; i < GUESTS; i++)
            ask(&restaurant->pool[i]);
}

/* Send the question, with the guest in the place of $1, and don't wait for the answer. */
static void ask(struct connection *connection)
{
    const char *guest = guests[connection->guest];

    say("%s: the bill, please", guest);
    if (!PQsendQueryParams(connection->server, question, 1, NULL, &guest, NULL, NULL, 0))
        fail("ask for a bill", connection->server);
    flush(connection);
}

/* What the socket does not take now, libpq keeps until it is writable. (To start a handle
 * that is active changes what it waits for.) */
static void flush(struct connection *connection)
{
    int left = PQflush(connection->server);
    int events = left ? UV_READABLE | UV_WRITABLE : UV_READABLE;

    if (left < 0)
        fail("ask for a bill", connection->server);
    must("watch a socket", uv_poll_start(&connection->socket, events, on_news));
}

/* The socket has something for us, or an error: libpq looks, and says which. */
static void on_news(uv_poll_t *socket, int status, int events)
{
    struct connection *connection = socket->data;

    (void)status, (void)events;
    if (!PQconsumeInput(connection->server))
        fail("hear the answer", connection->server);
    flush(connection);
    while (!PQisBusy(connection->server)) {
        PGresult *result = PQgetResult(connection->server);

        if (result == NULL) { /* the answer is complete */
            answered(connection);
            return;
        }
        keep(connection, result);
    }
}

static void keep(struct connection *connection, PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail("ask for a bill", connection->server);
    connection->restaurant->bills[connection->guest] = result;
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
