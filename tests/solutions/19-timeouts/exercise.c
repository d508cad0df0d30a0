/* exercise.c - one page, and two servers (mirrors) that have it. As it stands, only the
 * first is asked, however slow it is. Make it a hedged request: when the first has
 * not answered after 0.6 s, ask the second as well; the first good answer wins, and the
 * other fetch is cancelled. (The arguments say how many milliseconds each of the two
 * takes to answer; with 0 it has an error at once, with 1 after 0.8 s. The check tries
 * several.) */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE = 600 /* ms */ };

struct mirror {
    const char *name;
    int ms; /* that it needs; 0: it has an error */
    struct fetch fetch;
    struct race *race;
};

struct race {
    uv_timer_t patience;
    struct fetcher fetcher;
    struct mirror first, second;
    struct mirror *winner; /* NULL as long as there is none */
    int asked, callbacks;  /* mirrors that were asked, callbacks that have come */
};

static void ask(struct mirror *mirror, struct race *race);
static void on_patience_over(uv_timer_t *patience);
static void on_answer(struct fetch *fetch);
#ifdef SOLUTION
static void win(struct mirror *mirror);
#endif
static void end(struct race *race);

int main(int argc, char *argv[])
{
    struct number ms[] = {{"FIRST", 1500, 0, 5000}, {"SECOND", 500, 0, 5000}};
    struct race race = {.first = {.name = "first"}, .second = {.name = "second"}};

    read_numbers(argc, argv, ms, 2);
    race.first.ms = ms[0].value;
    race.second.ms = ms[1].value;
    say("race: FIRST is %d, SECOND is %d", race.first.ms, race.second.ms);
    must("start curl", fetcher_init(uv_default_loop(), &race.fetcher, 0));
    must("be patient", uv_timer_init(uv_default_loop(), &race.patience));
    race.patience.data = &race;
    ask(&race.first, &race);
    uv_update_time(uv_default_loop()); /* starting curl took some of it (lesson 06) */
    must("be patient", uv_timer_start(&race.patience, on_patience_over, PATIENCE, 0));
    run_and_close();
    return race.winner ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void ask(struct mirror *mirror, struct race *race)
{
    char url[200];

    if (mirror->ms > 1)
        snprintf(url, sizeof url, "%s/page/1?delay=%d", site(), mirror->ms);
    else
        snprintf(url, sizeof url, "%s/status/503?delay=%d", site(), 800 * mirror->ms);
    say("%s: asked", mirror->name);
    mirror->race = race;
    mirror->fetch.data = mirror;
    must("ask", fetch_start(&race->fetcher, &mirror->fetch, url, 0, on_answer));
    race->asked++;
}

static void on_patience_over(uv_timer_t *patience)
{
#ifdef SOLUTION
    struct race *race = patience->data;

    say("race: nobody has won yet");
    ask(&race->second, race);
#else
    (void)patience;
    say("race: nobody has won yet"); /* TODO 1: and the second? */
#endif
}

/* The loop calls this once for each mirror that was asked: it has answered, has failed,
 * or was cancelled. */
static void on_answer(struct fetch *fetch)
{
    struct mirror *mirror = fetch->data;
    struct race *race = mirror->race;

    race->callbacks++;
    if (fetch->result == CURLE_OK)
        say("%s: %ld, %zu bytes", mirror->name, fetch->status, fetch->size);
    else
        say("%s: %s", mirror->name, fetch->error);
#ifdef SOLUTION
    if (fetch->result == CURLE_OK && fetch->status == 200 && !race->winner)
        win(mirror);
    fetch_cleanup(fetch);
    if (race->callbacks == race->asked && !uv_is_active((uv_handle_t *)&race->patience))
        end(race);
#else
    /* TODO 2: the first good answer wins, and then nobody waits for the other */
    if (fetch->result == CURLE_OK && fetch->status == 200)
        race->winner = mirror;
    fetch_cleanup(fetch);
    /* TODO 3: is the race over with every callback? */
    end(race);
#endif
}

#ifdef SOLUTION
/* Nobody else shall be asked, and who was asked is cancelled. */
static void win(struct mirror *mirror)
{
    struct race *race = mirror->race;
    struct mirror *other = mirror == &race->first ? &race->second : &race->first;

    race->winner = mirror;
    must("stop being patient", uv_timer_stop(&race->patience));
    fetch_cancel(&other->fetch); /* if it is over, or was never asked: nothing happens */
}

#endif
/* Once, when nothing is under way any more, and nothing will be. */
static void end(struct race *race)
{
    say("race: %s, %d of %d callbacks", race->winner ? race->winner->name : "nobody",
        race->callbacks, race->asked);
    uv_close((uv_handle_t *)&race->patience, NULL);
    fetcher_close(&race->fetcher, NULL);
}
