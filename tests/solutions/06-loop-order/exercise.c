/* exercise.c - orders are collected, and the kitchen gets all those of a round at once,
 * before the loop sleeps. As it stands the kitchen gets them after the loop has slept.
 * The program takes the ms when somebody comes to the window; the check tries it with
 * 300, too.
 * Order of events: main -> on_door, on_window, on_phone, on_hand_over, in which order? */

#include "lesson.h"

#include <unistd.h>

#ifdef SOLUTION
static const char prediction[] =
    "door kitchen door window kitchen phone kitchen door kitchen";
#else
/* TODO 1: who is heard, in which order, once TODO 2 is done, without an argument? There
 * are nine words, each of them is door, window, phone or kitchen. */
static const char prediction[] = "door ? ? ? ? ? ? ? ?";
#endif

struct restaurant {
    uv_timer_t door;   /* it opens at 0.00, 0.50, 1.00 */
    uv_timer_t window; /* somebody knocks at 0.50 */
    uv_poll_t phone;   /* rings when there is a byte in its line */
#ifdef SOLUTION
    uv_prepare_t hand_over;
#else
    /* TODO 2: another kind of handle, here and below */
    uv_check_t hand_over;
#endif
    int line[2]; /* what is written to 1 can be read from 0 */
    int visits, orders, round, window_ms;
};

static void open_restaurant(struct restaurant *restaurant);
static void on_door(uv_timer_t *door);
static void on_window(uv_timer_t *window);
static void on_phone(uv_poll_t *phone, int status, int events);
#ifdef SOLUTION
static void on_hand_over(uv_prepare_t *hand_over);
#else
static void on_hand_over(uv_check_t *hand_over);
#endif

int main(int argc, char *argv[])
{
    struct number ms = {.name = "MS", .value = 500, .least = 1, .most = 900};
    struct restaurant restaurant = {.visits = 0};

    read_numbers(argc, argv, &ms, 1);
    restaurant.window_ms = ms.value;
    say("prediction: %s", prediction);
    open_restaurant(&restaurant);
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    uv_close((uv_handle_t *)&restaurant.hand_over, NULL);
    run_and_close();
    must("close", close(restaurant.line[0]) | close(restaurant.line[1]));
    say("the restaurant is closed");
}

static void open_restaurant(struct restaurant *restaurant)
{
    uv_loop_t *loop = uv_default_loop();

    must("lay a line", uv_pipe(restaurant->line, 0, 0));
    must("open the door", uv_timer_init(loop, &restaurant->door));
    must("open the door", uv_timer_start(&restaurant->door, on_door, 0, 500));
    must("open the window", uv_timer_init(loop, &restaurant->window));
    must("listen", uv_poll_init(loop, &restaurant->phone, restaurant->line[0]));
    must("listen", uv_poll_start(&restaurant->phone, UV_READABLE, on_phone));
#ifdef SOLUTION
    must("hand over", uv_prepare_init(loop, &restaurant->hand_over));
    must("hand over", uv_prepare_start(&restaurant->hand_over, on_hand_over));
#else
    must("hand over", uv_check_init(loop, &restaurant->hand_over));
    must("hand over", uv_check_start(&restaurant->hand_over, on_hand_over));
#endif
    uv_unref((uv_handle_t *)&restaurant->hand_over);
    restaurant->door.data = restaurant->window.data = restaurant;
    restaurant->phone.data = restaurant->hand_over.data = restaurant;
}

/* A timer: two guests, then one, then three, the last. */
static void on_door(uv_timer_t *door)
{
    static const int guests[] = {2, 1, 3};
    struct restaurant *restaurant = door->data;
    int visit = restaurant->visits++;

    restaurant->orders += guests[visit];
    say("door: %d more, orders: %d", guests[visit], restaurant->orders);
    if (visit == 0)
        must("open the window", uv_timer_start(&restaurant->window, on_window,
                                               (uint64_t)restaurant->window_ms, 0));
    if (visit == 2) {
        uv_close((uv_handle_t *)&restaurant->door, NULL);
        uv_close((uv_handle_t *)&restaurant->phone, NULL);
    }
}

/* The other timer: two guests at the window, who let the phone ring, too. */
static void on_window(uv_timer_t *window)
{
    struct restaurant *restaurant = window->data;

    restaurant->orders += 2;
    say("window: 2 more, orders: %d", restaurant->orders);
    must("call", write(restaurant->line[1], "!", 1) == 1 ? 0 : UV_EIO);
    uv_close((uv_handle_t *)window, NULL);
}

/* One more order, by phone. */
static void on_phone(uv_poll_t *phone, int status, int events)
{
    struct restaurant *restaurant = phone->data;
    char byte;

    must("listen", status < 0 ? status : events & UV_READABLE ? 0 : UV_EIO);
    must("listen", read(restaurant->line[0], &byte, 1) == 1 ? 0 : UV_EIO);
    say("phone: 1 more, orders: %d", ++restaurant->orders);
}

/* Called once in every round of the loop. */
#ifdef SOLUTION
static void on_hand_over(uv_prepare_t *hand_over)
#else
static void on_hand_over(uv_check_t *hand_over)
#endif
{
    struct restaurant *restaurant = hand_over->data;

    restaurant->round++;
    if (restaurant->orders > 0)
        say("kitchen: gets %d in round %d", restaurant->orders, restaurant->round);
    restaurant->orders = 0;
}
