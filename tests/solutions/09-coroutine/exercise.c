/* exercise.c - two clerks count apples, and forget the rotten ones. Give them a
 * third step: "1 rotten", after one more wait, and the answer without those. The program
 * takes the number of rotten apples that Ann will find; the check tries it with 5, too.
 */

#include "lesson.h"

/* Where a clerk has stopped. */
#ifdef SOLUTION
enum place { CREATED, COUNTING_BOXES, COUNTING_APPLES, COUNTING_ROTTEN };
#else
enum place { CREATED, COUNTING_BOXES, COUNTING_APPLES };
#endif

struct clerk {
    uv_timer_t counting;
    const char *name;
    unsigned ms;  /* for each count */
    int stock[3]; /* what he will find: boxes, apples in each, rotten apples */
    int counts;   /* how many times he has counted */
    int boxes;    /* was a local variable; here it survives the waits */
#ifdef SOLUTION
    int apples; /* and so was this */
#endif
    enum place place;
};

static void create(struct clerk *clerk);
static void resume(struct clerk *clerk);
static void count(struct clerk *clerk, enum place place);
static void on_counted(uv_timer_t *counting);
static int found(struct clerk *clerk);
static void on_answer(struct clerk *clerk, int answer);

int main(int argc, char *argv[])
{
    struct number rotten = {.name = "ROTTEN", .value = 2, .least = 0, .most = 42};
    struct clerk ann = {.name = "Ann", .ms = 400, .stock = {6, 7}};
    struct clerk ben = {.name = "Ben", .ms = 300, .stock = {2, 5, 1}};

    read_numbers(argc, argv, &rotten, 1);
    ann.stock[2] = rotten.value;
    say("two clerks come to work");
    create(&ann);
    create(&ben);
    say("before await");
    resume(&ann);
    resume(&ben);
    run_and_close();
}

/* Created, but not started: no line of the function has been run. */
static void create(struct clerk *clerk)
{
    must("count", uv_timer_init(uv_default_loop(), &clerk->counting));
    clerk->counting.data = clerk;
    clerk->place = CREATED;
}

/* The whole function. Each `case` is a place where it has stopped: after count()
 * we leave, and the next call comes in at the place that was passed to it. */
static void resume(struct clerk *clerk)
{
    switch (clerk->place) {
    case CREATED:
        say("%s: start to answer", clerk->name);
        count(clerk, COUNTING_BOXES);
        break;
    case COUNTING_BOXES:
        clerk->boxes = found(clerk);
        say("%s: %d boxes", clerk->name, clerk->boxes);
        count(clerk, COUNTING_APPLES);
        break;
#ifdef SOLUTION
    case COUNTING_APPLES:
        clerk->apples = found(clerk);
        say("%s: %d apples in each", clerk->name, clerk->apples);
        count(clerk, COUNTING_ROTTEN);
        break;
    case COUNTING_ROTTEN: {
        int rotten = found(clerk); /* needed here only: it may be local */
        say("%s: %d rotten", clerk->name, rotten);
        on_answer(clerk, clerk->boxes * clerk->apples - rotten);
        break;
    }
#else
    case COUNTING_APPLES: {
        int apples = found(clerk); /* needed here only: it may be local */
        say("%s: %d apples in each", clerk->name, apples);
        on_answer(clerk, clerk->boxes * apples); /* TODO: not yet */
        break;
    }
#endif
    }
}

/* A wait: go on at that place when it is over. */
static void count(struct clerk *clerk, enum place place)
{
    clerk->place = place;
    must("count", uv_timer_start(&clerk->counting, on_counted, clerk->ms, 0));
}

/* The loop calls this after each wait, and need not know which one it was. */
static void on_counted(uv_timer_t *counting)
{
    resume(counting->data);
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
