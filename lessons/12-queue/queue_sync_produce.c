/* queue_sync_produce.c - a producer makes 20 squares, and then a consumer uses them.
 * You will see 3.00 s: 20 times 0.1 s and then 20 times 0.05 s; and squares that have
 * been in the queue for a second or two when they are used. */

#include "lesson.h"

enum { SQUARES = 20 };

struct queue {
    int squares[SQUARES];
    uint64_t made[SQUARES]; /* when, in ns */
    double age[SQUARES];    /* when it was used, in s */
    int put, taken;         /* put - taken of them are in the queue now */
    int checksum;
};

static void put(struct queue *queue);
static void take(struct queue *queue);
static void show_ages(const struct queue *queue);

int main(void)
{
    struct queue queue = {0};

    say("producer: begins");
    while (queue.put < SQUARES) {
        uv_sleep(100); /* makes a square */
        put(&queue);
    }
    say("producer: goes home");
    while (queue.taken < SQUARES) {
        take(&queue);
        uv_sleep(50); /* uses it */
    }
    say("consumer: goes home");
    say("checksum: %d", queue.checksum);
    show_ages(&queue);
}

static void put(struct queue *queue)
{
    int i = queue->put++;

    queue->squares[i] = (i + 1) * (i + 1);
    queue->made[i] = uv_hrtime();
}

static void take(struct queue *queue)
{
    int i = queue->taken++;

    say("consumer: uses %d", queue->squares[i]);
    queue->age[i] = (double)(uv_hrtime() - queue->made[i]) / 1e9;
    queue->checksum += queue->squares[i];
}

static void show_ages(const struct queue *queue)
{
    double sum = 0;

    for (int i = 0; i < SQUARES; i++)
        sum += queue->age[i];
    measure("age of a square: first %.2f s, last %.2f s, mean %.2f s", queue->age[0],
            queue->age[SQUARES - 1], sum / SQUARES);
}
