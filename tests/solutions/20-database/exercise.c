/* exercise.c - six guests want their bills, and each gets a connection to the database of
 * its own. Do it with a pool of connections that is smaller: 2 of them, or as many as the
 * argument says. Whichever is free takes the next guest. */

#include "lesson.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUESTS = 6 };

struct connection {
    PGconn *server; /* libpq's part of it */
    uv_poll_t socket;
    int guest; /* whose bill it asks for */
    struct restaurant *restaurant;
};

struct restaurant {
    int most; /* connections at the same time, as the server has counted them */
    struct connection pool[GUESTS];
    int size, open; /* how many connections shall be there, and are */
#ifdef SOLUTION
    int asked; /* for how many guests; the next one is guests[asked] */
#endif
};

/* Not all bills take as long as each other. */
static const struct {
    const char *name, *seconds;
} guests[GUESTS] = {{"Ada", "0.2"}, {"Ben", "1.2"}, {"Cleo", "0.4"},
                    {"Dan", "0.4"}, {"Eva", "0.4"}, {"Finn", "0.4"}};

static const char question[] =
    "SELECT sum(price), pg_sleep($2), (SELECT count(*) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend')"
    " FROM orders JOIN dishes USING (dish) WHERE guest = $1";

static void open_connection(struct connection *connection);
static void wait_for(struct connection *connection, int events, uv_poll_cb on_event);
static void on_step(uv_poll_t *socket, int status, int events);
static void go_on(uv_handle_t *socket);
static void on_open(struct connection *connection);
#ifdef SOLUTION
static void take_guest(struct connection *connection);
#endif
static void ask(struct connection *connection);
static void flush(struct connection *connection);
static void on_news(uv_poll_t *socket, int status, int events);
static void keep(struct connection *connection, PGresult *result);
static void answered(struct connection *connection);
static void on_closed(uv_handle_t *socket);
static _Noreturn void fail(const char *what, PGconn *server);

int main(int argc, char *argv[])
{
    struct number size = {"CONNECTIONS", 2, 1, GUESTS};
    struct restaurant restaurant = {0};

    read_numbers(argc, argv, &size, 1);
#ifdef SOLUTION
    restaurant.size = size.value;
#else
    restaurant.size = GUESTS; /* TODO 1: no more than size.value */
#endif
    for (int i = 0; i < restaurant.size; i++) {
        restaurant.pool[i].restaurant = &restaurant;
        open_connection(&restaurant.pool[i]);
    }
    run_and_close();
    say("all bills are there");
    say("server: has seen %d connections at once", restaurant.most);
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

/* When the last connection is open, the guests ask. */
static void on_open(struct connection *connection)
{
    struct restaurant *restaurant = connection->restaurant;

    if (PQsetnonblocking(connection->server, 1) != 0)
        fail("be asynchronous", connection->server);
    wait_for(connection, UV_READABLE, on_news);
    if (++restaurant->open == restaurant->size)
#ifdef SOLUTION
        for (int i = 0; i < restaurant->size; i++)
            take_guest(&restaurant->pool[i]);
}

/* Take the next guest, whoever it is; called when a connection is free. */
static void take_guest(struct connection *connection)
{
    struct restaurant *restaurant = connection->restaurant;

    if (restaurant->asked == GUESTS) {
        uv_close((uv_handle_t *)&connection->socket, on_closed);
        return;
    }
    connection->guest = restaurant->asked++;
    ask(connection);
}
#else
        for (int i = 0; i < restaurant->size; i++) {
            restaurant->pool[i].guest = i;
            ask(&restaurant->pool[i]);
        }
}
#endif

/* Send the question, with the guest in the place of $1, and don't wait for the answer. */
static void ask(struct connection *connection)
{
    const char *words[] = {guests[connection->guest].name,
                           guests[connection->guest].seconds};

    say("%s: the bill, please", words[0]);
    if (!PQsendQueryParams(connection->server, question, 2, NULL, words, NULL, NULL, 0))
        fail("ask for a bill", connection->server);
    flush(connection);
}

/* What the socket does not take now, libpq keeps until it is writable. */
static void flush(struct connection *connection)
{
    int left = PQflush(connection->server);
    int events = left ? UV_READABLE | UV_WRITABLE : UV_READABLE;

    if (left < 0)
        fail("ask for a bill", connection->server);
    must("watch a socket", uv_poll_start(&connection->socket, events, on_news));
}

/* The loop calls this when the socket has something for us, or an error: then, too,
 * libpq has a look, and says what it is. */
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
    struct restaurant *restaurant = connection->restaurant;
    int count;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail("ask for a bill", connection->server);
    count = atoi(PQgetvalue(result, 0, 2));
    restaurant->most = count > restaurant->most ? count : restaurant->most;
    say("%s: %s euros", guests[connection->guest].name, PQgetvalue(result, 0, 0));
    PQclear(result);
}

/* The connection is free. */
static void answered(struct connection *connection)
{
#ifdef SOLUTION
    take_guest(connection);
#else
    /* TODO 2: is there another guest who waits? */
    uv_close((uv_handle_t *)&connection->socket, on_closed);
#endif
}

/* Now nobody watches the socket any more, and libpq may close it. */
static void on_closed(uv_handle_t *socket)
{
    struct connection *connection = socket->data;

    PQfinish(connection->server);
}

/* What libpq says may have several lines; the first says what happened. */
static _Noreturn void fail(const char *what, PGconn *server)
{
    const char *why = PQerrorMessage(server);
    const char *hint = " (start this with build/common/with-postgres)";

    fprintf(stderr, "exercise: cannot %s: %.*s%s\n", what, (int)strcspn(why, "\n"), why,
            getenv("PGHOST") ? "" : hint);
    exit(EXIT_FAILURE);
}
