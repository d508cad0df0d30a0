/* database_async_pipeline.c - one connection in pipeline mode: all eight questions are
 * sent before the first answer is read. The argument says after how many questions the
 * server is told to send the answers that it has.
 * You will see that all bills take 2.00 s, as one after the other, and that the first
 * one, too, comes at 2.00; with the argument 1 it comes at 0.25. Order of events: main ->
 * start, ask, ... -> on_ready -> heard, ... -> on_closed */

#include "database.h"

struct pipeline {
    PGconn *server; /* libpq's part of it */
    uv_poll_t socket;
    int answers;
};

static void start(struct pipeline *pipeline);
static void ask(struct pipeline *pipeline, const char *guest);
static void flush(struct pipeline *pipeline);
static void on_ready(uv_poll_t *socket, int status, int events);
static void heard(struct pipeline *pipeline, PGresult *result);
static void on_closed(uv_handle_t *socket);

int main(int argc, char *argv[])
{
    struct number at_a_time = {"QUESTIONS", GUESTS, 1, GUESTS};
    struct pipeline pipeline = {0};

    read_numbers(argc, argv, &at_a_time, 1);
    start(&pipeline);
    for (int i = 0; i < GUESTS; i++) {
        ask(&pipeline, guests[i]);
        if ((i + 1) % at_a_time.value == 0 && !PQsendFlushRequest(pipeline.server))
            fail("ask for the answers", PQerrorMessage(pipeline.server));
    }
    if (!PQpipelineSync(pipeline.server))
        fail("ask for a mark", PQerrorMessage(pipeline.server));
    flush(&pipeline);
    run_and_close();
}

static void start(struct pipeline *pipeline)
{
    PGconn *server = open_connection();

    if (!PQenterPipelineMode(server) || PQsetnonblocking(server, 1) != 0)
        fail("make a pipeline", PQerrorMessage(server));
    must("watch a socket",
         uv_poll_init(uv_default_loop(), &pipeline->socket, PQsocket(server)));
    pipeline->socket.data = pipeline;
    pipeline->server = server;
}

static void ask(struct pipeline *pipeline, const char *guest)
{
    say("%s: the bill, please", guest);
    if (!PQsendQueryParams(pipeline->server, question, 1, NULL, &guest, NULL, NULL, 0))
        fail("ask for a bill", PQerrorMessage(pipeline->server));
}

/* What the socket does not take now, libpq keeps until it is writable. */
static void flush(struct pipeline *pipeline)
{
    int left = PQflush(pipeline->server);
    int events = left ? UV_READABLE | UV_WRITABLE : UV_READABLE;

    if (left < 0)
        fail("ask for a bill", PQerrorMessage(pipeline->server));
    must("watch the socket", uv_poll_start(&pipeline->socket, events, on_ready));
}

/* Here PQgetResult() returns NULL after each answer, and goes on with the next one. The
 * mark comes behind the last. */
static void on_ready(uv_poll_t *socket, int status, int events)
{
    struct pipeline *pipeline = socket->data;

    (void)status, (void)events;
    if (!PQconsumeInput(pipeline->server))
        fail("hear the answers", PQerrorMessage(pipeline->server));
    flush(pipeline);
    while (!PQisBusy(pipeline->server)) {
        PGresult *result = PQgetResult(pipeline->server);

        if (result == NULL)
            continue;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            uv_close((uv_handle_t *)&pipeline->socket, on_closed);
            return;
        }
        heard(pipeline, result);
    }
}

/* The answers come in the order of the questions. */
static void heard(struct pipeline *pipeline, PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail("ask for a bill", PQerrorMessage(pipeline->server));
    print_bill(guests[pipeline->answers++], result);
}

/* Now nobody watches the socket any more, and libpq may close it. */
static void on_closed(uv_handle_t *socket)
{
    struct pipeline *pipeline = socket->data;

    PQfinish(pipeline->server);
}
