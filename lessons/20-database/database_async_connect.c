/* database_async_connect.c - connecting without waiting, with a time limit of our own:
 * libpq has none here. The first of two servers takes connections and says nothing.
 * You will see the first server given up at 1.00, and the second let us in. Order of
 * events: main -> connect_to_server -> on_step -> take_step -> on_step, ... -> on_late
 * -> take_step -> give_up -> connect_to_server, ... -> finish */

#include "database.h"

enum { SERVERS = 2 };

struct attempt {
    const char *where[SERVERS];
    int number;       /* of the server that is tried */
    PGconn *server;   /* libpq's part of it */
    uv_poll_t socket; /* that libpq uses at present */
    uv_timer_t timer;
    uv_tcp_t silent_server;
};

static const char *const names[SERVERS] = {"first server", "second server"};
static const unsigned limits[SERVERS] = {1000, 5000}; /* ms; the last is the last hope */

static void connect_to_server(struct attempt *attempt);
static void wait_for(struct attempt *attempt, int events);
static void on_step(uv_poll_t *socket, int status, int events);
static void on_late(uv_timer_t *timer);
static void take_step(uv_handle_t *socket);
static void give_up(struct attempt *attempt, const char *why);
static void finish(struct attempt *attempt);

int main(void)
{
    char silent[64];
    struct attempt attempt = {.where = {silent, ""}}; /* "": as the environment says */
    int port = start_silent_server(&attempt.silent_server);

    snprintf(silent, sizeof silent, "host=127.0.0.1 port=%d", port);
    must("set a limit", uv_timer_init(uv_default_loop(), &attempt.timer));
    attempt.timer.data = &attempt;
    connect_to_server(&attempt);
    run_and_close();
}

/* Only starts it. (The loop's clock has stood still since its last round: lesson 06.) */
static void connect_to_server(struct attempt *attempt)
{
    say("%s: connecting", names[attempt->number]);
    attempt->server = PQconnectStart(attempt->where[attempt->number]);
    uv_update_time(uv_default_loop());
    must("wait", uv_timer_start(&attempt->timer, on_late, limits[attempt->number], 0));
    if (PQstatus(attempt->server) == CONNECTION_BAD)
        give_up(attempt, PQerrorMessage(attempt->server));
    else
        wait_for(attempt, UV_WRITABLE);
}

static void wait_for(struct attempt *attempt, int events)
{
    must("watch a socket",
         uv_poll_init(uv_default_loop(), &attempt->socket, PQsocket(attempt->server)));
    attempt->socket.data = attempt;
    must("watch a socket", uv_poll_start(&attempt->socket, events, on_step));
}

/* libpq can go on, or the socket has an error: then libpq will find out which. It may
 * also go on with another socket; so this one is let go first. */
static void on_step(uv_poll_t *socket, int status, int events)
{
    (void)status, (void)events;
    uv_close((uv_handle_t *)socket, take_step);
}

static void on_late(uv_timer_t *timer)
{
    struct attempt *attempt = timer->data;

    if (!uv_is_closing((uv_handle_t *)&attempt->socket))
        uv_close((uv_handle_t *)&attempt->socket, take_step);
}

/* Nobody watches the socket now. After its step libpq says what to wait for. */
static void take_step(uv_handle_t *socket)
{
    struct attempt *attempt = socket->data;
    PGconn *server = attempt->server;
    int is_late = !uv_is_active((uv_handle_t *)&attempt->timer);

    switch (is_late ? PGRES_POLLING_FAILED : PQconnectPoll(server)) {
    case PGRES_POLLING_READING:
        wait_for(attempt, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        wait_for(attempt, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        finish(attempt);
        break;
    default:
        give_up(attempt, is_late ? "no answer in time" : PQerrorMessage(server));
    }
}

/* The next server is tried; the last one's failure is the program's. */
static void give_up(struct attempt *attempt, const char *why)
{
    if (attempt->number == SERVERS - 1)
        fail("connect", why);
    say("%s: %.*s", names[attempt->number], (int)strcspn(why, "\n"), why);
    PQfinish(attempt->server);
    attempt->number++;
    connect_to_server(attempt);
}

static void finish(struct attempt *attempt)
{
    say_untimed("%s: connected", names[attempt->number]);
    PQfinish(attempt->server);
    uv_close((uv_handle_t *)&attempt->timer, NULL);
    uv_close((uv_handle_t *)&attempt->silent_server, NULL);
}
