/* upper_bound_async.c - the same order, and as many workers as you like (the argument).
 * All of them pack parcels and send mails at the same time; the card and the sale are one
 * thing each, and with these the others can't help.
 *
 * You will see 0.90 s with 2 workers, 0.85 s with 4, 0.82 s with 12, and 0.80 s with
 * 1000. Order of events: main -> start_part -> start_share, for each worker ->
 * on_share_done, for each worker -> start_part, the next one, ... -> dismiss. */

#include "upper_bound.h"

struct order;

struct worker {
    uv_timer_t timer; /* when it is done with its share of a part */
    int part, first, end;
    struct order *order;
};

struct order {
    struct worker workers[MOST_WORKERS];
    int count;       /* of workers */
    int left[PARTS]; /* how many pieces of each part are not done */
    int checksum;
};

static void hire(struct order *order, int count);
static void start_part(struct order *order, int part);
static void start_share(struct worker *worker, int part, int first, int end);
static void on_share_done(uv_timer_t *timer);
static void dismiss(struct order *order);

int main(int argc, char *argv[])
{
    struct number asked = {"WORKERS", 4, 1, MOST_WORKERS};
    struct order order;

    read_numbers(argc, argv, &asked, 1);
    say("an order for %d workers", asked.value);
    hire(&order, asked.value);
    start_part(&order, CARD);
    run_and_close();
    say("checksum: %d", order.checksum);
    say("formula: %.1f %% saved, %.2f times as fast", 100 * saved_by(order.count),
        1 / (1 - saved_by(order.count)));
}

static void hire(struct order *order, int count)
{
    order->count = count;
    order->checksum = 0;
    for (int i = 0; i < count; i++) {
        struct worker *worker = &order->workers[i];

        worker->order = order;
        must("hire a worker", uv_timer_init(uv_default_loop(), &worker->timer));
        worker->timer.data = worker;
    }
}

/* What can't be divided is for one worker, and the others wait. */
static void start_part(struct order *order, int part)
{
    int first = parts[part].first, pieces = parts[part].end - first;
    int count = parts[part].is_divisible ? order->count : 1;

    say("%s: being %s", parts[part].name, parts[part].done);
    order->left[part] = pieces;
    for (int i = 0; i < count; i++)
        start_share(&order->workers[i], part, first + pieces * i / count,
                    first + pieces * (i + 1) / count);
}

/* There may be more workers than pieces. */
static void start_share(struct worker *worker, int part, int first, int end)
{
    worker->part = part;
    worker->first = first;
    worker->end = end;
    if (first < end)
        must("start a share",
             uv_timer_start(&worker->timer, on_share_done, (uint64_t)(end - first), 0));
}

/* The loop calls this for each share. The last one ends the part, and starts the next. */
static void on_share_done(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    struct order *order = worker->order;
    int part = worker->part;

    for (int piece = worker->first; piece < worker->end; piece++)
        order->checksum += piece;
    order->left[part] -= worker->end - worker->first;
    if (order->left[part] > 0)
        return;
    say("%s: %s", parts[part].name, parts[part].done);
    if (part + 1 < PARTS)
        start_part(order, part + 1);
    else
        dismiss(order);
}

static void dismiss(struct order *order)
{
    for (int i = 0; i < order->count; i++)
        uv_close((uv_handle_t *)&order->workers[i].timer, NULL);
}
