/* coroutine_async.c - the same function cut at its waits: one callback for each.
 * You will see 1.00 s: while Ann counts, Ben counts too.
 * Order of events: main -> create -> start -> on_boxes -> on_apples -> on_answer */

#include "lesson.h"

struct clerk {
    uv_timer_t counting;
    const char *name;
    unsigned ms;  /* for each count */
    int stock[2]; /* what he will find: boxes, and apples in each */
    int counts;   /* how many times he has counted */
    int boxes;    /* was a local variable; here it survives the wait */
};

static void create(struct clerk *clerk);
static void start(struct clerk *clerk);
static void count(struct clerk *clerk, uv_timer_cb on_counted);
static void on_boxes(uv_timer_t *counting);
static void on_apples(uv_timer_t *counting);
static int found(struct clerk *clerk);
static void on_answer(struct clerk *clerk, int answer);

int main(void)
{
    struct clerk ann = {.name = "Ann", .ms = 500, .stock = {6, 7}};
    struct clerk ben = {.name = "Ben", .ms = 200, .stock = {2, 5}};

    say("two clerks come to work");
    create(&ann);
    create(&ben);
    say("both clerks are here");
    say("before await");
    start(&ann);
    start(&ben);
    run_and_close();
}

/* Created, but not started: no line of the function has been run. */
static void create(struct clerk *clerk)
{
    must("count", uv_timer_init(uv_default_loop(), &clerk->counting));
    clerk->counting.data = clerk;
}

/* The function up to its first wait. */
static void start(struct clerk *clerk)
{
    say("%s: start to answer", clerk->name);
    count(clerk, on_boxes);
}

/* A wait: go on in on_counted() when it is over. */
static void count(struct clerk *clerk, uv_timer_cb on_counted)
{
    must("count", uv_timer_start(&clerk->counting, on_counted, clerk->ms, 0));
}

/* From the first wait to the second. */
static void on_boxes(uv_timer_t *counting)
{
    struct clerk *clerk = counting->data;

    clerk->boxes = found(clerk);
    say("%s: %d boxes", clerk->name, clerk->boxes);
    count(clerk, on_apples);
}

/* From the second wait to the end. */
static void on_apples(uv_timer_t *counting)
{
    struct clerk *clerk = counting->data;
    int apples = found(clerk); /* needed here only: it may be local */

    say("%s: %d apples in each", clerk->name, apples);
    on_answer(clerk, clerk->boxes * apples);
}

/* What the wait has brought that is just over. */
static int found(struct clerk *clerk)
{
    return clerk->stock[clerk->counts++];
}

/* What `return` was: whoever asked goes on here. */
static void on_answer(struct clerk *clerk, int answer)
{
    uv_close((uv_handle_t *)&clerk->counting, NULL);
    say("%s: answers %d", clerk->name, answer);
}
