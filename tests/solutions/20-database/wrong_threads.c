/* wrong_threads.c - a thread for each connection, which takes the next guest and waits.
 *
 * verdict: a thread or a process is */

#include "lesson.h"

#include <libpq-fe.h>

enum { GUESTS = 6 };

static const char *const guests[GUESTS][2] = {{"Ada", "0.2"},  {"Ben", "1.2"},
                                              {"Cleo", "0.4"}, {"Dan", "0.4"},
                                              {"Eva", "0.4"},  {"Finn", "0.4"}};
static const char question[] =
    "SELECT pg_sleep($2)::text, sum(price) FROM orders JOIN dishes USING (dish)"
    " WHERE guest = $1";

struct connection {
    PGconn *server;
    int guest;
};

static uv_mutex_t lock;
static int asked;

static void ask(struct connection *connection)
{
    connection->guest = asked++;
    if (connection->guest < GUESTS)
        say("%s: the bill, please", guests[connection->guest][0]);
}

static void work(void *argument)
{
    struct connection *connection = argument;

    while (connection->guest < GUESTS) {
        const char *const *guest = guests[connection->guest];
        PGresult *bill =
            PQexecParams(connection->server, question, 2, NULL, guest, NULL, NULL, 0);

        uv_mutex_lock(&lock);
        say("%s: %s euros", guest[0], PQgetvalue(bill, 0, 1));
        PQclear(bill);
        ask(connection);
        uv_mutex_unlock(&lock);
    }
    PQfinish(connection->server);
}

int main(int argc, char *argv[])
{
    struct number size = {"CONNECTIONS", 2, 1, GUESTS};
    struct connection pool[GUESTS];
    uv_thread_t threads[GUESTS];

    read_numbers(argc, argv, &size, 1);
    must("have a lock", uv_mutex_init(&lock));
    for (int i = 0; i < size.value; i++)
        pool[i].server = PQconnectdb("");
    for (int i = 0; i < size.value; i++)
        ask(&pool[i]);
    for (int i = 0; i < size.value; i++)
        must("start a thread", uv_thread_create(&threads[i], work, &pool[i]));
    for (int i = 0; i < size.value; i++)
        must("wait for a thread", uv_thread_join(&threads[i]));
    say("all bills are there");
}
