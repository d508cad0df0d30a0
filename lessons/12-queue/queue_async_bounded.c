/* queue_async_bounded.c - two quick producers of squares and a slow consumer share
 * a queue with room for four (or for as many as the argument says).
 * You will see producers that wait while it is full; 4.10 s, which the consumer
 * needs; and the same checksum: no square is lost, and none comes twice.
 * Order of events: main -> on_made -> put -> take, on_made, ... -> on_used -> take */

#include "lesson.h"

enum { LAST = 10 };

struct queue {
    int squares[LAST];
    int put, taken, room; /* put - taken of them are in the queue now */
    struct producer *line[LAST];
    int came, let_in; /* line[let_in] has waited longest */
    struct consumer *consumer;
};

struct producer {
    uv_timer_t work;
    int name, number; /* makes the square of this number */
    struct queue *queue;
};

struct consumer {
    uv_timer_t work; /* active: it uses a square; not active: it waits for one */
    int square, checksum;
    struct queue *queue;
};

static void make_square(struct producer *producer);
static void on_made(uv_timer_t *work);
static void put(struct producer *producer);
static void take(struct consumer *consumer);
static void on_used(uv_timer_t *work);

int main(int argc, char *argv[])
{
    struct number asked = {"ROOM", 4, 1, LAST};
    struct queue queue = {0};
    struct consumer consumer = {.queue = &queue};
    struct producer producers[] = {{.name = 1, .number = 1, .queue = &queue},
                                   {.name = 2, .number = 2, .queue = &queue}};

    read_numbers(argc, argv, &asked, 1);
    queue.room = asked.value;
    queue.consumer = &consumer;
    say("consumer: waits, the queue is empty");
    must("hire", uv_timer_init(uv_default_loop(), &consumer.work));
    consumer.work.data = &consumer;
    for (int i = 0; i < 2; i++) {
        must("hire", uv_timer_init(uv_default_loop(), &producers[i].work));
        producers[i].work.data = &producers[i];
        make_square(&producers[i]);
    }
    run_and_close();
}

static void make_square(struct producer *producer)
{
    if (producer->number > LAST) {
        say("producer %d: goes home", producer->name);
        uv_close((uv_handle_t *)&producer->work, NULL);
    } else {
        must("make a square", uv_timer_start(&producer->work, on_made, 100, 0));
    }
}

static void on_made(uv_timer_t *work)
{
    put(work->data);
}

/* While there is no room a producer keeps its square, and makes no other. */
static void put(struct producer *producer)
{
    struct queue *queue = producer->queue;
    int square = producer->number * producer->number;

    if (queue->put - queue->taken == queue->room) {
        say("producer %d: waits with %d, no room", producer->name, square);
        queue->line[queue->came++] = producer;
        return;
    }
    queue->squares[queue->put++] = square;
    say("producer %d: puts %d (in the queue: %d)", producer->name, square,
        queue->put - queue->taken);
    if (!uv_is_active((uv_handle_t *)&queue->consumer->work))
        take(queue->consumer);
    producer->number += 2;
    make_square(producer);
}

/* Called when the consumer is free and the queue isn't empty. */
static void take(struct consumer *consumer)
{
    struct queue *queue = consumer->queue;

    consumer->square = queue->squares[queue->taken++];
    say("consumer: takes %d", consumer->square);
    must("use a square", uv_timer_start(&consumer->work, on_used, 400, 0));
    if (queue->let_in < queue->came) /* there is room for one who waits */
        put(queue->line[queue->let_in++]);
}

/* The loop calls this when the consumer is through with a square. */
static void on_used(uv_timer_t *work)
{
    struct consumer *consumer = work->data;
    struct queue *queue = consumer->queue;

    consumer->checksum += consumer->square;
    if (queue->taken < queue->put) {
        take(consumer);
    } else if (queue->taken < LAST) {
        say("consumer: waits, the queue is empty");
    } else {
        say("consumer: goes home, checksum %d", consumer->checksum);
        uv_close((uv_handle_t *)work, NULL);
    }
}
