/* exercise.c - five tellers pay out money from six accounts. The payment is locked, and
 * still accounts are overdrawn. The argument is what each customer wants; the check tries
 * others, too. */

#include "lesson.h"

enum {
    ACCOUNTS = 6,
    TELLERS = 5,
    STAIRS = 10, /* ms: the ledger is in the cellar */
    SIGNING = 20 /* ms: a customer writes slowly */
};

struct account {
    int opening, balance, paid; /* paid: how many customers */
};

static struct account accounts[ACCOUNTS] = {{.opening = 500}, {.opening = 1000},
                                            {.opening = 750}, {.opening = 700},
                                            {.opening = 600}, {.opening = 900}};
static uv_mutex_t ledger_lock;
static uv_barrier_t next_customers;

static void serve_customers(void *amount);
static void pay(struct account *account, int amount);
static int look_up(const struct account *account);
static void write_down(struct account *account, int amount);

int main(int argc, char *argv[])
{
    struct number amount = {"AMOUNT", 300, 1, 1000};
    uv_thread_t tellers[TELLERS];
    int overdrawn = 0;

    read_numbers(argc, argv, &amount, 1);
    must("make a lock", uv_mutex_init(&ledger_lock));
    must("make a barrier", uv_barrier_init(&next_customers, TELLERS));
    say("bank: opens, each customer wants %d", amount.value);
    for (int i = 0; i < ACCOUNTS; i++)
        accounts[i].balance = accounts[i].opening;
    for (int i = 0; i < TELLERS; i++)
        must("start a thread",
             uv_thread_create(&tellers[i], serve_customers, &amount.value));
    for (int i = 0; i < TELLERS; i++)
        must("join a thread", uv_thread_join(&tellers[i]));
    for (int i = 0; i < ACCOUNTS; i++) {
        say_untimed("account %d: had %d, %d of %d customers paid, has %d", i + 1,
                    accounts[i].opening, accounts[i].paid, TELLERS, accounts[i].balance);
        overdrawn += accounts[i].balance < 0;
    }
    say_untimed("bank: %d accounts are overdrawn", overdrawn);
    uv_barrier_destroy(&next_customers);
    uv_mutex_destroy(&ledger_lock);
}

/* Each teller is a thread that runs this: a customer for each account. */
static void serve_customers(void *amount)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        must("meet", uv_barrier_wait(&next_customers)); /* all five at the same time */
        pay(&accounts[i], *(int *)amount);
    }
}

/* Pays one customer, if there is enough money in the account. */
static void pay(struct account *account, int amount)
{
#ifdef SOLUTION
    uv_mutex_lock(&ledger_lock);
    if (look_up(account) >= amount) {
        uv_sleep(SIGNING);
        write_down(account, amount);
    }
    uv_mutex_unlock(&ledger_lock);
#else
    if (look_up(account) < amount) /* TODO: is that still so when the money is taken? */
        return;
    uv_sleep(SIGNING);
    uv_mutex_lock(&ledger_lock);
    write_down(account, amount);
    uv_mutex_unlock(&ledger_lock);
#endif
}

/* What is in the account. When you are back from the cellar, that was a moment ago. */
static int look_up(const struct account *account)
{
    int balance = account->balance;

    uv_sleep(STAIRS);
    return balance;
}

/* Writes a payment into the ledger: down the stairs once more. */
static void write_down(struct account *account, int amount)
{
    uv_sleep(STAIRS);
    account->balance -= amount;
    account->paid++;
}
