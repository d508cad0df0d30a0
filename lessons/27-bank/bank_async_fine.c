/* bank_async_fine.c - a lock for each account, so that two transfers between different
 * accounts can be made at the same time. Locks are taken in one order, that of the
 * accounts in memory; a count needs all six.
 *
 * You will see that no count is wrong, and four times as many locks as in bank_async.
 * Order of events: main -> work, in a thread for each worker: lock two, transfer, unlock
 * two, lock six, count, unlock six, again and again -> main joins them. */

#include "bank.h"

static void work(void *worker);
static void transfer(struct worker *worker, const struct transfer *order);
static int count(struct worker *worker);
static void lock(struct worker *worker, struct account *account);

int main(void)
{
    struct worker workers[WORKERS] = {{0}};
    uint64_t start;

    say("bank: opens");
    start = uv_hrtime();
    open_accounts();
    for (int i = 0; i < ACCOUNTS; i++)
        must("make a lock", uv_mutex_init(&accounts[i].lock));
    for (int i = 0; i < WORKERS; i++) {
        workers[i].seed = (unsigned)i;
        must("start a thread", uv_thread_create(&workers[i].thread, work, &workers[i]));
    }
    for (int i = 0; i < WORKERS; i++)
        must("join a thread", uv_thread_join(&workers[i].thread));
    for (int i = 0; i < ACCOUNTS; i++)
        uv_mutex_destroy(&accounts[i].lock);
    show_bank(workers, start);
    say_untimed("checksum: %d", sum_of_accounts());
}

static void work(void *argument)
{
    struct worker *worker = argument;

    for (int i = 0; i < TRANSFERS; i++) {
        struct transfer order = next_transfer(worker);

        transfer(worker, &order);
        worker->wrong += count(worker) != RIGHT_SUM;
    }
}

/* Whichever way the money goes, the lower address is locked first. */
static void transfer(struct worker *worker, const struct transfer *order)
{
    struct account *first = order->from < order->to ? order->from : order->to;
    struct account *second = order->from < order->to ? order->to : order->from;

    lock(worker, first);
    lock(worker, second);
    if (order->from->balance >= order->amount) {
        order->from->balance -= order->amount;
        order->to->balance += order->amount;
    }
    uv_mutex_unlock(&second->lock);
    uv_mutex_unlock(&first->lock);
}

/* Nobody may be in the middle of a transfer, so all six are locked, in the same order. */
static int count(struct worker *worker)
{
    int sum;

    for (int i = 0; i < ACCOUNTS; i++)
        lock(worker, &accounts[i]);
    sum = sum_of_accounts();
    for (int i = 0; i < ACCOUNTS; i++)
        uv_mutex_unlock(&accounts[i].lock);
    return sum;
}

static void lock(struct worker *worker, struct account *account)
{
    uv_mutex_lock(&account->lock);
    worker->locked++;
}
