/* bank_sync.c - 49,995 transfers between six accounts, one after the other. After each
 * the whole bank is counted.
 *
 * You will see that no count is wrong, and that the money is all there at the end. Order
 * of events: main -> work, for each worker -> transfer, count, again and again. */

#include "bank.h"

static void work(struct worker *worker);
static void transfer(const struct transfer *order);

int main(void)
{
    struct worker workers[WORKERS] = {{0}};
    uint64_t start;

    say("bank: opens");
    start = uv_hrtime();
    open_accounts();
    for (int i = 0; i < WORKERS; i++) {
        workers[i].seed = (unsigned)i;
        work(&workers[i]);
    }
    show_bank(workers, start);
    say_untimed("checksum: %d", sum_of_accounts());
}

static void work(struct worker *worker)
{
    for (int i = 0; i < TRANSFERS; i++) {
        struct transfer order = next_transfer(worker);

        transfer(&order);
        worker->wrong += sum_of_accounts() != RIGHT_SUM;
    }
}

static void transfer(const struct transfer *order)
{
    if (order->from->balance < order->amount)
        return; /* not enough money */
    order->from->balance -= order->amount;
    order->to->balance += order->amount;
}
