/* queue_async_produce.c - a consumer uses the squares while a producer makes them.
 * You will see 2.05 s: the consumer is done 0.05 s after the producer; and squares that
 * are used as soon as they are made.
 * Order of events: main -> on_made -> put, take -> on_used -> on_made -> ... */

#include "lesson.h"

enum { SQUARES = 20 };

struct queue {
    int squares[SQUARES];
    uint64_t made[SQUARES]; /* when, in ns */
    double age[SQUARES];    /* when it was used, in s */
    int put, taken;         /* put - taken of them are in the queue now */
    int checksum;
    uv_timer_t producer;
    uv_timer_t consumer; /* active: it uses a square; not active: it waits for one */
};

static void on_made(uv_timer_t *producer);
static void put(struct queue *queue);
static void take(struct queue *queue);
static void on_used(uv_timer_t *consumer);
static void show_ages(const struct queue *queue);

int main(void)
{
    struct queue queue = {0};

    say("producer: begins");
    must("hire", uv_timer_init(uv_default_loop(), &queue.producer));
    must("hire", uv_timer_init(uv_default_loop(), &queue.consumer));
    queue.producer.data = queue.consumer.data = &queue;
    must("make squares", uv_timer_start(&queue.producer, on_made, 100, 100));
    run_and_close();
    say("checksum: %d", queue.checksum);
    show_ages(&queue);
}

/* The loop calls this every 0.1 s, when a square is made. */
static void on_made(uv_timer_t *producer)
{
    struct queue *queue = producer->data;

    put(queue);
    if (queue->put == SQUARES) {
        say("producer: goes home");
        uv_close((uv_handle_t *)producer, NULL);
    }
    if (!uv_is_active((uv_handle_t *)&queue->consumer))
        take(queue);
}

static void put(struct queue *queue)
{
    int i = queue->put++;

    queue->squares[i] = (i + 1) * (i + 1);
    queue->made[i] = uv_hrtime();
}

/* Called when the consumer is free and the queue isn't empty. */
static void take(struct queue *queue)
{
    int i = queue->taken++;

    say("consumer: uses %d", queue->squares[i]);
    queue->age[i] = (double)(uv_hrtime() - queue->made[i]) / 1e9;
    queue->checksum += queue->squares[i];
    must("use a square", uv_timer_start(&queue->consumer, on_used, 50, 0));
}

/* The loop calls this when the consumer is through with a square. */
static void on_used(uv_timer_t *consumer)
{
    struct queue *queue = consumer->data;

    if (queue->taken < queue->put) {
        take(queue);
    } else if (queue->taken == SQUARES) {
        say("consumer: goes home");
        uv_close((uv_handle_t *)consumer, NULL);
    }
}

static void show_ages(const struct queue *queue)
{
    double sum = 0;

    for (int i = 0; i < SQUARES; i++)
        sum += queue->age[i];
    measure("age of a square: first %.2f s, last %.2f s, mean %.2f s", queue->age[0],
            queue->age[SQUARES - 1], sum / SQUARES);
}
