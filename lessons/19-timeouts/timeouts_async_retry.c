/* timeouts_async_retry.c - a page whose server has a bad day: three attempts fail.
 * You will see that it is asked again after 0.2, 0.4 and 0.8 s, and answers at last.
 * The argument says how many attempts shall fail; with 4 we give up.
 * Order of events: main -> try -> on_answer -> rest -> on_pause_over -> try -> ... */

#include "fetch.h"
#include "lesson.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATTEMPTS = 4, FIRST_PAUSE = 200, DEADLINE = 800 /* ms, for each attempt */ };

struct errand {
    uv_timer_t pause;
    struct fetcher fetcher;
    struct fetch fetch;
    int failing, attempt;
    unsigned next_pause; /* ms */
    bool has_failed;
};

static void try(struct errand *errand);
static void on_answer(struct fetch *fetch);
static bool is_worth_another(const struct fetch *fetch);
static void rest(struct errand *errand);
static void on_pause_over(uv_timer_t *pause);
static void end(struct errand *errand);

int main(int argc, char *argv[])
{
    struct number failing = {.name = "FAILING", .value = 3, .least = 0, .most = ATTEMPTS};
    struct errand errand = {.next_pause = FIRST_PAUSE};

    read_numbers(argc, argv, &failing, 1);
    errand.failing = failing.value;
    must("start curl", fetcher_init(uv_default_loop(), &errand.fetcher, 0));
    must("make pauses", uv_timer_init(uv_default_loop(), &errand.pause));
    errand.fetch.data = errand.pause.data = &errand;
    try(&errand);
    run_and_close();
    return errand.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The server's bad day: it is silent, then overloaded, then somebody restarts it. */
static void try(struct errand *errand)
{
    static const char *const faults[ATTEMPTS] = {"/silent", "/status/503", "/reset",
                                                 "/cut"};
    char url[200];

    snprintf(url, sizeof url, "%s%s", site(),
             errand->attempt < errand->failing ? faults[errand->attempt] : "/page/1");
    say("attempt %d: asked", ++errand->attempt);
    must("ask", fetch_start(&errand->fetcher, &errand->fetch, url, DEADLINE, on_answer));
}

static void on_answer(struct fetch *fetch)
{
    struct errand *errand = fetch->data;

    if (fetch->result == CURLE_OK)
        say("attempt %d: %ld, %zu bytes", errand->attempt, fetch->status, fetch->size);
    else
        say("attempt %d: %s", errand->attempt, fetch->error);
    errand->has_failed = fetch->result != CURLE_OK || fetch->status != 200;
    if (is_worth_another(fetch) && errand->attempt < ATTEMPTS)
        rest(errand);
    else
        end(errand);
}

/* Would the same question get another answer? Not when the answer was 404, or when
 * the mistake is our own. */
static bool is_worth_another(const struct fetch *fetch)
{
    if (fetch->result == CURLE_OK)
        return fetch->status >= 500 || fetch->status == 429;
    return fetch->result != CURLE_URL_MALFORMAT &&
           fetch->result != CURLE_UNSUPPORTED_PROTOCOL &&
           fetch->result != CURLE_FILESIZE_EXCEEDED;
}

/* Each pause is twice as long as the one before: the server may need it. */
static void rest(struct errand *errand)
{
    say("a pause of 0.%u s", errand->next_pause / 100);
    must("make a pause",
         uv_timer_start(&errand->pause, on_pause_over, errand->next_pause, 0));
    errand->next_pause *= 2;
}

static void on_pause_over(uv_timer_t *pause)
{
    struct errand *errand = pause->data;

    fetch_cleanup(&errand->fetch); /* what the last attempt has left */
    try(errand);
}

/* Every way leads here, once. */
static void end(struct errand *errand)
{
    if (errand->has_failed)
        fprintf(stderr, "timeouts_async_retry: no page after attempt %d\n",
                errand->attempt);
    fetch_cleanup(&errand->fetch);
    uv_close((uv_handle_t *)&errand->pause, NULL);
    fetcher_close(&errand->fetcher, NULL);
}
