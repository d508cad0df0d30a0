/* bank.h - the bank of this lesson: six accounts, five workers, and what each worker is
 * to transfer. How a transfer is made, and how the money is counted, is each program's
 * own matter. */
#ifndef BANK_H
#define BANK_H

#include "lesson.h"

enum { ACCOUNTS = 6, WORKERS = 5, TRANSFERS = 9999, RIGHT_SUM = 44500 };

struct account {
    int balance;
    uv_mutex_t lock; /* where there is a lock for each */
};

struct transfer {
    struct account *from, *to; /* never the same */
    int amount;
};

struct worker {
    unsigned seed;     /* what it is to transfer next */
    int wrong, locked; /* how many of its counts were wrong; locks it has taken */
    uv_thread_t thread;
};

static struct account accounts[ACCOUNTS];

static inline void open_accounts(void)
{
    static const int opening[ACCOUNTS] = {5000, 10000, 7500, 7000, 6000, 9000};

    for (int i = 0; i < ACCOUNTS; i++)
        accounts[i].balance = opening[i];
}

/* Numbers without a visible order, the same in every run. From 0 to below `end`. */
static inline int draw(unsigned *seed, int end)
{
    *seed = *seed * 1103515245 + 12345;
    return (int)(*seed >> 16) % end;
}

static inline struct transfer next_transfer(struct worker *worker)
{
    int from = draw(&worker->seed, ACCOUNTS);
    int to = (from + 1 + draw(&worker->seed, ACCOUNTS - 1)) % ACCOUNTS;

    return (struct transfer){&accounts[from], &accounts[to],
                             1 + draw(&worker->seed, 100)};
}

/* All that is in the bank: what a transfer never changes. */
static inline int sum_of_accounts(void)
{
    int sum = 0;

    for (int i = 0; i < ACCOUNTS; i++)
        sum += accounts[i].balance;
    return sum;
}

/* After the last transfer. `start`: uv_hrtime() before the first. */
static inline void show_bank(const struct worker *workers, uint64_t start)
{
    double ms = (double)(uv_hrtime() - start) / 1e6;
    int wrong = 0, locked = 0;

    for (int i = 0; i < WORKERS; i++) {
        wrong += workers[i].wrong;
        locked += workers[i].locked;
    }
    measure("wrong counts: %d of %d", wrong, WORKERS * TRANSFERS);
    say_untimed("bank: %d locks were taken", locked);
    measure("it took %.1f ms", ms);
}

#endif
