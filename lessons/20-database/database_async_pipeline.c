/* database_async_pipeline.c - one connection in pipeline mode: many questions are sent
 * before the first answer is read.
 * You will see that eight slow bills are no faster than one after the other, 2.00 s. Then
 * 200 small questions, first one at a time and then in one go: we wait 200 times, and
 * then only a few. Order of events: main -> begin -> send_some -> on_news -> keep, ...
 * -> on_round -> send_some or begin; at the end on_closed */

#include "database.h"

enum { DISHES = 4, SMALL = 200 };

/* One of three: eight bills; 200 prices one at a time; 200 prices in one go. */
struct act {
    const char *question;
    const char *const *words; /* one of them stands for $1 */
    int word_count;
    int questions, at_a_time;
};

struct pipeline {
    PGconn *server; /* libpq's part of it */
    uv_poll_t socket;
    int act, sent, heard; /* how many questions, and answers, of the present act */
    int wakings;          /* how often the loop has told us that something came */
    int euros;
};

static const char *const dishes[DISHES] = {"soup", "pasta", "fish", "cake"};
static const char price[] = "SELECT price FROM dishes WHERE dish = $1";

static const struct act acts[] = {
    {question, guests, GUESTS, GUESTS, GUESTS},
    {price, dishes, DISHES, SMALL, 1},
    {price, dishes, DISHES, SMALL, SMALL},
};

enum { ACTS = sizeof acts / sizeof *acts };

static void open_connection(struct pipeline *pipeline);
static void begin(struct pipeline *pipeline);
static void send_some(struct pipeline *pipeline);
static void flush(struct pipeline *pipeline);
static void on_news(uv_poll_t *socket, int status, int events);
static void keep(struct pipeline *pipeline, PGresult *result);
static void on_round(struct pipeline *pipeline);
static void on_closed(uv_handle_t *socket);

int main(void)
{
    struct pipeline pipeline = {0};

    open_connection(&pipeline);
    begin(&pipeline);
    run_and_close();
}

/* While nobody else waits we may connect as database_sync does. */
static void open_connection(struct pipeline *pipeline)
{
    PGconn *server = PQconnectdb("");

    if (PQstatus(server) != CONNECTION_OK)
        fail("connect", server);
    if (!PQenterPipelineMode(server) || PQsetnonblocking(server, 1) != 0)
        fail("make a pipeline", server);
    must("watch a socket",
         uv_poll_init(uv_default_loop(), &pipeline->socket, PQsocket(server)));
    pipeline->socket.data = pipeline;
    pipeline->server = server;
}

static void begin(struct pipeline *pipeline)
{
    const struct act *act = &acts[pipeline->act];

    pipeline->sent = pipeline->heard = pipeline->wakings = pipeline->euros = 0;
    if (act->question == price)
        say("prices: %d questions, %d at a time", act->questions, act->at_a_time);
    send_some(pipeline);
}

/* PQpipelineSync() asks for a mark behind the answers: when it comes, they are complete.
 */
static void send_some(struct pipeline *pipeline)
{
    const struct act *act = &acts[pipeline->act];
    PGconn *server = pipeline->server;

    for (int i = 0; i < act->at_a_time; i++) {
        const char *word = act->words[pipeline->sent++ % act->word_count];

        if (act->question == question)
            say("%s: the bill, please", word);
        if (!PQsendQueryParams(server, act->question, 1, NULL, &word, NULL, NULL, 0))
            fail("ask", server);
    }
    if (!PQpipelineSync(server))
        fail("ask", server);
    flush(pipeline);
}

/* What the socket does not take now, libpq keeps until it is writable. */
static void flush(struct pipeline *pipeline)
{
    int left = PQflush(pipeline->server);
    int events = left ? UV_READABLE | UV_WRITABLE : UV_READABLE;

    if (left < 0)
        fail("ask", pipeline->server);
    must("watch the socket", uv_poll_start(&pipeline->socket, events, on_news));
}

/* The loop calls this when the socket has something for us, or an error: then, too,
 * libpq has a look, and says what it is. Each answer is followed by a NULL (whose status
 * is an error), the mark is not. */
static void on_news(uv_poll_t *socket, int status, int events)
{
    struct pipeline *pipeline = socket->data;

    (void)status, (void)events;
    pipeline->wakings++;
    if (!PQconsumeInput(pipeline->server))
        fail("hear the answers", pipeline->server);
    flush(pipeline);
    while (!PQisBusy(pipeline->server)) {
        PGresult *result = PQgetResult(pipeline->server);

        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            on_round(pipeline);
            return;
        }
        if (result)
            keep(pipeline, result);
    }
}

static void keep(struct pipeline *pipeline, PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail("ask", pipeline->server);
    if (acts[pipeline->act].question == question) {
        print_bill(guests[pipeline->heard], result);
    } else {
        pipeline->euros += atoi(PQgetvalue(result, 0, 0));
        PQclear(result);
    }
    pipeline->heard++;
}

/* All that was sent is answered. */
static void on_round(struct pipeline *pipeline)
{
    const struct act *act = &acts[pipeline->act];

    if (pipeline->sent < act->questions) {
        send_some(pipeline);
        return;
    }
    if (act->question == price) {
        say("prices: %d answers, %d euros in all", pipeline->heard, pipeline->euros);
        measure("prices: woken up %d times", pipeline->wakings);
    }
    if (++pipeline->act < ACTS)
        begin(pipeline);
    else
        uv_close((uv_handle_t *)&pipeline->socket, on_closed);
}

static void on_closed(uv_handle_t *socket)
{
    struct pipeline *pipeline = socket->data;

    PQfinish(pipeline->server);
}
