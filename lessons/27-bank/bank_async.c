/* bank_async.c - the workers are threads, and the bank has one lock. Who transfers holds
 * it, and who counts holds it, too.
 *
 * You will see that no count is wrong, and that the money is all there at the end. Order
 * of events: main -> work, in a thread for each worker: lock, transfer, unlock, lock,
 * count, unlock, again and again -> main joins them. */

#include "bank.h"

static void work(void *worker);
static void transfer(const struct transfer *order);
static void lock(struct worker *worker);

static uv_mutex_t bank_lock;

int main(void)
{
    struct worker workers[WORKERS] = {{0}};
    uint64_t start;

    say("bank: opens");
    start = uv_hrtime();
    open_accounts();
    must("make a lock", uv_mutex_init(&bank_lock));
    for (int i = 0; i < WORKERS; i++) {
        workers[i].seed = (unsigned)i;
        must("start a thread", uv_thread_create(&workers[i].thread, work, &workers[i]));
    }
    for (int i = 0; i < WORKERS; i++)
        must("join a thread", uv_thread_join(&workers[i].thread));
    uv_mutex_destroy(&bank_lock);
    show_bank(workers, start);
    say_untimed("checksum: %d", sum_of_accounts());
}

static void work(void *argument)
{
    struct worker *worker = argument;

    for (int i = 0; i < TRANSFERS; i++) {
        struct transfer order = next_transfer(worker);

        lock(worker);
        transfer(&order);
        uv_mutex_unlock(&bank_lock);
        lock(worker);
        worker->wrong += sum_of_accounts() != RIGHT_SUM;
        uv_mutex_unlock(&bank_lock);
    }
}

/* The caller holds the lock: from the look at the balance to the last change. */
static void transfer(const struct transfer *order)
{
    if (order->from->balance < order->amount)
        return; /* not enough money */
    order->from->balance -= order->amount;
    order->to->balance += order->amount;
}

static void lock(struct worker *worker)
{
    uv_mutex_lock(&bank_lock);
    worker->locked++;
}
