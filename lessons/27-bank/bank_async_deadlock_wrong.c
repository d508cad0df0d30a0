/* bank_async_deadlock_wrong.c - a lock for each account, and whoever transfers locks the
 * account that pays first. One worker goes from account 1 to 2, the other from 2 to 1.
 *
 * You will see that each holds a lock and waits for the other's, for ever, and a watchdog
 * that notices it, and says who waits for whom. Order of events: main -> work, in two
 * threads -> transfer, which never ends; main -> watch -> find_circle. */

#include "bank.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLERKS = 2, COINS = 1000, LOOK_EVERY = 200 /* ms */ };

/* A worker and what the watchdog can see of it: numbers of accounts, 0 for none. */
struct clerk {
    int from, to;
    atomic_int holds, wants, done;
    uv_thread_t thread;
};

static void work(void *clerk);
static void transfer(struct clerk *clerk, struct account *from, struct account *to);
static void dawdle(void);
static void watch(void);
static bool find_circle(void);
static int all_done(void);

static struct clerk clerks[CLERKS] = {{.from = 1, .to = 2}, {.from = 2, .to = 1}};

int main(void)
{
    say("bank: opens");
    open_accounts();
    for (int i = 0; i < ACCOUNTS; i++)
        must("make a lock", uv_mutex_init(&accounts[i].lock));
    for (int i = 0; i < CLERKS; i++)
        must("start a thread", uv_thread_create(&clerks[i].thread, work, &clerks[i]));
    watch();
    for (int i = 0; i < CLERKS; i++)
        must("join a thread", uv_thread_join(&clerks[i].thread));
    for (int i = 0; i < ACCOUNTS; i++)
        uv_mutex_destroy(&accounts[i].lock);
    say_untimed("checksum: %d", sum_of_accounts());
}

static void work(void *argument)
{
    struct clerk *clerk = argument;

    for (int i = 0; i < COINS; i++) {
        transfer(clerk, &accounts[clerk->from - 1], &accounts[clerk->to - 1]);
        clerk->done++;
    }
}

/* WRONG: which lock is first depends on the way the money goes. */
static void transfer(struct clerk *clerk, struct account *from, struct account *to)
{
    uv_mutex_lock(&from->lock);
    clerk->holds = clerk->from;
    if (clerk->done == 0)
        dawdle();
    clerk->wants = clerk->to;
    uv_mutex_lock(&to->lock);
    clerk->wants = 0;
    from->balance--;
    to->balance++;
    clerk->holds = 0;
    uv_mutex_unlock(&to->lock);
    uv_mutex_unlock(&from->lock);
}

/* Bad luck, made certain: waits until both hold a lock, but no longer than 1 s. */
static void dawdle(void)
{
    for (int i = 0; i < 1000 && (clerks[0].holds == 0 || clerks[1].holds == 0); i++)
        uv_sleep(1);
}

/* The watchdog needs no lock: whoever asks for one may wait, too. */
static void watch(void)
{
    int before, now = -1;

    do {
        before = now;
        uv_sleep(LOOK_EVERY);
        now = all_done();
        if (now == before && find_circle()) {
            fprintf(stderr, "%s: a deadlock\n", program_name());
            exit(EXIT_FAILURE);
        }
    } while (now < CLERKS * COINS);
}

/* Does each wait for what the other holds? Then neither will ever go on. */
static bool find_circle(void)
{
    const struct clerk *one = &clerks[0], *other = &clerks[1];

    if (one->wants == 0 || one->wants != other->holds || other->wants != one->holds)
        return false;
    say("watchdog: nobody has made a transfer for %.1f s", LOOK_EVERY / 1000.0);
    say("watchdog: worker 1 holds account %d, and waits for account %d", one->holds,
        one->wants);
    say("watchdog: worker 2 holds account %d, and waits for account %d", other->holds,
        other->wants);
    return true;
}

static int all_done(void)
{
    return clerks[0].done + clerks[1].done;
}
