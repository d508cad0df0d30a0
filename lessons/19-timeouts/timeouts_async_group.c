/* timeouts_async_group.c - a group of four pages that has 1 s.
 * You will see that after 1 s those under way are cancelled, that the group ends when
 * the callback of each has come, and not before, and that of a late page nothing has
 * been read. (The argument gives the group another time, in milliseconds.)
 * Order of events: main -> start_group -> on_child_over, ... -> on_time_up
 * -> on_child_over, ... -> end_group -> on_group_closed */

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHILDREN = 4 };

struct child {
    const char *name, *path;
    struct fetch fetch;
    struct group *group;
};

struct group {
    uv_timer_t time;
    struct fetcher fetcher;
    struct child children[CHILDREN];
    int under_way, callbacks, good, cancelled;
};

static void start_group(struct group *group, unsigned ms);
static void start_child(struct group *group, struct child *child);
static void on_child_over(struct fetch *fetch);
static void on_time_up(uv_timer_t *time);
static void end_group(struct group *group);
static void on_group_closed(struct fetcher *fetcher);

int main(int argc, char *argv[])
{
    struct number ms = {.name = "MS", .value = 1000, .least = 1, .most = 60000};
    struct group group = {
        .children = {{.name = "news", .path = "/page/1?delay=200"},
                     {.name = "weather", .path = "/page/2?delay=500"},
                     {.name = "sports", .path = "/page/3?delay=1600"},
                     {.name = "letters", .path = "/page/4?delay=2000"}}};

    read_numbers(argc, argv, &ms, 1);
    start_group(&group, (unsigned)ms.value);
    run_and_close();
    return group.good + group.cancelled < CHILDREN ? EXIT_FAILURE : 0;
}

static void start_group(struct group *group, unsigned ms)
{
    say("the group starts, with %u ms", ms);
    must("start curl", fetcher_init(uv_default_loop(), &group->fetcher, 0));
    uv_update_time(uv_default_loop()); /* starting curl took some of it (lesson 06) */
    must("start the time", uv_timer_init(uv_default_loop(), &group->time));
    group->fetcher.data = group->time.data = group;
    must("start the time", uv_timer_start(&group->time, on_time_up, ms, 0));
    for (int i = 0; i < CHILDREN; i++)
        start_child(group, &group->children[i]);
}

/* (Without a deadline of its own: the group has one for all.) */
static void start_child(struct group *group, struct child *child)
{
    char url[200];

    snprintf(url, sizeof url, "%s%s", site(), child->path);
    say("%s: asked", child->name);
    child->group = group;
    child->fetch.data = child;
    must("ask", fetch_start(&group->fetcher, &child->fetch, url, 0, on_child_over));
    group->under_way++;
}

/* The loop calls this once for each child. The last one ends the group. */
static void on_child_over(struct fetch *fetch)
{
    struct child *child = fetch->data;
    struct group *group = child->group;

    if (fetch->result == CURLE_OK)
        say("%s: %ld, bytes read: %zu", child->name, fetch->status, fetch->size);
    else
        say("%s: %s, bytes read: %zu", child->name, fetch->error, fetch->size);
    group->good += fetch->result == CURLE_OK && fetch->status == 200;
    group->cancelled += fetch->result == CURLE_ABORTED_BY_CALLBACK;
    fetch_cleanup(fetch);
    group->callbacks++;
    if (--group->under_way == 0)
        end_group(group);
}

/* We wait no longer for the answers, but still for the callbacks. */
static void on_time_up(uv_timer_t *time)
{
    struct group *group = time->data;

    say("time is up, %d are under way", group->under_way);
    for (int i = 0; i < CHILDREN; i++)
        fetch_cancel(&group->children[i].fetch); /* those that are over take no notice */
    say("they are cancelled, %d are under way", group->under_way);
}

static void end_group(struct group *group)
{
    uv_close((uv_handle_t *)&group->time, NULL); /* perhaps before it was up */
    fetcher_close(&group->fetcher, on_group_closed);
}

/* Nothing of the group is left, neither a callback to come nor an open handle. */
static void on_group_closed(struct fetcher *fetcher)
{
    struct group *group = fetcher->data;

    say("the group ends, %d of %d callbacks have come, %d pages", group->callbacks,
        CHILDREN, group->good);
}
