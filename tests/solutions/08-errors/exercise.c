/* exercise.c - two breakfasts of three steps; Ben's fails in the second, since his
 * recipe is missing. As it stands, nobody hears of it. Pass the failure on: the
 * table is cleared, then the waiter is told, and the exit status says it too. The
 * program takes the number of Ben's recipe (0: there is one; 2: another error), and
 * after how many ms his table is laid; the check tries others, too. */

#include "lesson.h"

#include <stdlib.h>

struct waiter {
    int failures;
};

struct breakfast {
    uv_timer_t work; /* what takes time: laying, cooking, clearing */
    uv_fs_t req;
    const char *guest, *recipe;
    unsigned ms; /* to lay the table */
#ifdef SOLUTION
    int error; /* of the step that failed, or 0 */
#endif
    struct waiter *waiter;
};

static void serve(struct breakfast *breakfast);
static void on_laid(uv_timer_t *work);
static void on_recipe(uv_fs_t *req);
static void on_cooked(uv_timer_t *work);
static void clear_table(struct breakfast *breakfast);
static void on_cleared(uv_timer_t *work);
static void on_end(struct breakfast *breakfast, int error);

int main(int argc, char *argv[])
{
    static const char *const recipes[] = {"/dev/null", "missing", "/dev/null/missing"};
    struct number asked[] = {{"RECIPE", 1, 0, 2}, {"MS", 800, 0, 60000}};
    struct waiter waiter = {0};
    struct breakfast ann = {
        .guest = "Ann", .recipe = "/dev/null", .ms = 200, .waiter = &waiter};
    struct breakfast ben = {.guest = "Ben", .waiter = &waiter};

    read_numbers(argc, argv, asked, 2);
    ben.recipe = recipes[asked[0].value];
    ben.ms = (unsigned)asked[1].value;
    serve(&ann);
    serve(&ben);
    run_and_close();
#ifdef SOLUTION
    return waiter.failures ? EXIT_FAILURE : EXIT_SUCCESS;
#else
    return EXIT_SUCCESS; /* TODO 3: always? */
#endif
}

/* Step 1: lay the table. */
static void serve(struct breakfast *breakfast)
{
    say("%s: sits down", breakfast->guest);
    must("serve", uv_timer_init(uv_default_loop(), &breakfast->work));
    breakfast->work.data = breakfast->req.data = breakfast;
    must("serve", uv_timer_start(&breakfast->work, on_laid, breakfast->ms, 0));
}

/* Step 2: look for the recipe, a file. (No need to open it: is it there?) */
static void on_laid(uv_timer_t *work)
{
    struct breakfast *breakfast = work->data;

    say("%s: the table is laid", breakfast->guest);
    must("look for a recipe",
         uv_fs_stat(uv_default_loop(), &breakfast->req, breakfast->recipe, on_recipe));
}

/* Step 3: cook. */
static void on_recipe(uv_fs_t *req)
{
    struct breakfast *breakfast = req->data;
    int error = req->result < 0 ? (int)req->result : 0;

    uv_fs_req_cleanup(req);
    if (error) {
        say("%s: no recipe", breakfast->guest);
#ifdef SOLUTION
        breakfast->error = error;
        clear_table(breakfast);
#else
        /* TODO 1: the table stays laid, and nobody is told */
#endif
        return;
    }
    say("%s: the recipe is here", breakfast->guest);
    must("cook", uv_timer_start(&breakfast->work, on_cooked, 1200, 0));
}

static void on_cooked(uv_timer_t *work)
{
    struct breakfast *breakfast = work->data;

    say("%s: the egg is cooked", breakfast->guest);
    clear_table(breakfast);
}

/* After step 1 this has to be done, whatever happens in the others. */
static void clear_table(struct breakfast *breakfast)
{
    must("clear the table", uv_timer_start(&breakfast->work, on_cleared, 200, 0));
}

static void on_cleared(uv_timer_t *work)
{
    struct breakfast *breakfast = work->data;

    say("%s: the table is cleared", breakfast->guest);
    uv_close((uv_handle_t *)work, NULL);
#ifdef SOLUTION
    on_end(breakfast, breakfast->error);
#else
    on_end(breakfast, 0); /* TODO 2: always 0? */
#endif
}

/* The caller's side: called once for each breakfast, with an error or 0. */
static void on_end(struct breakfast *breakfast, int error)
{
    if (error) {
        say("waiter: no breakfast for %s, %s", breakfast->guest, uv_err_name(error));
        breakfast->waiter->failures++;
    } else {
        say("waiter: %s has had breakfast", breakfast->guest);
    }
}
