/* bank_async_wrong.c - five threads, first without a lock, and then with a lock around
 * each single look and each single change. Now and then a worker stops for a moment, as
 * the system may make it do anywhere.
 *
 * You will see two faults. Without a lock money is lost for good. With a lock around each
 * change the sum at the end is right, and still most counts are wrong. Order of events:
 * main -> run -> work, in a thread for each worker -> run joins them; and once more. */

#include "bank.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { OFTEN = 500 }; /* one transfer of so many is interrupted */

static void run(void);
static void work(void *worker);
static void transfer(const struct transfer *order, bool interrupted);
static int look(const struct account *account);
static void change(struct account *account, int by, bool interrupted);
static void lock(void);
static void unlock(void);

static bool has_lock;
static uv_mutex_t bank_lock;
static uv_barrier_t all_here;
static atomic_int overwritten; /* changes */

int main(void)
{
    say("bank: opens, without a lock");
    run();
    measure("sum at the end: %d of %d", sum_of_accounts(), RIGHT_SUM);
    say_untimed("bank: opens, and each look and each change is locked");
    has_lock = true;
    run();
    say_untimed("checksum: %d", sum_of_accounts());
}

static void run(void)
{
    struct worker workers[WORKERS] = {{0}};
    int wrong = 0;

    open_accounts();
    overwritten = 0;
    must("make a lock", uv_mutex_init(&bank_lock));
    must("make a barrier", uv_barrier_init(&all_here, WORKERS));
    for (int i = 0; i < WORKERS; i++) {
        workers[i].seed = (unsigned)i;
        must("start a thread", uv_thread_create(&workers[i].thread, work, &workers[i]));
    }
    for (int i = 0; i < WORKERS; i++) {
        must("join a thread", uv_thread_join(&workers[i].thread));
        wrong += workers[i].wrong;
    }
    uv_barrier_destroy(&all_here);
    uv_mutex_destroy(&bank_lock);
    measure("wrong counts: %d of %d", wrong, WORKERS * TRANSFERS);
    measure("changes overwritten: %d", overwritten);
}

static void work(void *argument)
{
    struct worker *worker = argument;

    must("meet", uv_barrier_wait(&all_here));
    for (int i = 0; i < TRANSFERS; i++) {
        struct transfer order = next_transfer(worker);
        int sum = 0;

        transfer(&order, i % OFTEN == 0);
        for (int j = 0; j < ACCOUNTS; j++)
            sum += look(&accounts[j]);
        worker->wrong += sum != RIGHT_SUM;
    }
}

/* WRONG: each step is locked, and what lies between the steps is not. */
static void transfer(const struct transfer *order, bool interrupted)
{
    if (look(order->from) < order->amount)
        return; /* not enough money */
    change(order->from, -order->amount, interrupted);
    if (interrupted)
        uv_sleep(1); /* now the money is in no account */
    change(order->to, order->amount, interrupted);
}

static int look(const struct account *account)
{
    lock();
    int balance = account->balance;
    unlock();
    return balance;
}

static void change(struct account *account, int by, bool interrupted)
{
    lock();
    int before = account->balance;
    if (interrupted)
        uv_sleep(1); /* what another thread writes now will be overwritten */
    overwritten += account->balance != before;
    account->balance = before + by;
    unlock();
}

static void lock(void)
{
    if (has_lock)
        uv_mutex_lock(&bank_lock);
}

static void unlock(void)
{
    if (has_lock)
        uv_mutex_unlock(&bank_lock);
}
