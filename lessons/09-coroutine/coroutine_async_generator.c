/* coroutine_async_generator.c - a function that stops after each number, and makes
 * the next when it is asked for it.
 * You will see the Fibonacci numbers, one every 0.2 s, because the reader asks for
 * one every 0.2 s: each is made when it is asked for, and not before.
 * Order of events: main -> create -> on_time -> resume, on_time -> resume, ... */

#include "lesson.h"

struct fibonacci {
    enum { CREATED, GAVE_FIRST, GAVE_LATER } place; /* where it stopped */
    long long before, last; /* the two numbers that it gave last */
    int made;
};

struct reader {
    uv_timer_t watch;
    struct fibonacci numbers;
    int wanted, read;
};

static void on_time(uv_timer_t *watch);
static long long resume(struct fibonacci *numbers);
static long long give(struct fibonacci *numbers, long long number);

int main(int argc, char *argv[])
{
    struct number count = {.name = "NUMBERS", .value = 8, .least = 1, .most = 90};
    struct reader reader = {.numbers = {.place = CREATED}}; /* this computes nothing */

    read_numbers(argc, argv, &count, 1);
    reader.wanted = count.value;
    say("the generator is made");
    must("start a watch", uv_timer_init(uv_default_loop(), &reader.watch));
    reader.watch.data = &reader;
    must("start a watch", uv_timer_start(&reader.watch, on_time, 200, 200));
    run_and_close();
    say("%d numbers read, %d made", reader.read, reader.numbers.made);
}

/* The loop calls this every 0.2 s. */
static void on_time(uv_timer_t *watch)
{
    struct reader *reader = watch->data;
    long long number;

    say("reader: asks for a number");
    number = resume(&reader->numbers);
    say("reader: reads %lld", number);
    if (++reader->read == reader->wanted)
        uv_close((uv_handle_t *)watch, NULL);
}

/* 0, 1, then for ever the sum of the last two. A function without an end, and
 * yet each call comes back: it stops at each number that it gives. */
static long long resume(struct fibonacci *numbers)
{
    switch (numbers->place) {
    case CREATED:
        numbers->place = GAVE_FIRST;
        return give(numbers, 0);
    case GAVE_FIRST:
        numbers->place = GAVE_LATER;
        return give(numbers, 1);
    case GAVE_LATER:
        break; /* and so on from here, each time */
    }
    return give(numbers, numbers->before + numbers->last);
}

/* What the next call will need has to be in the struct when we leave. */
static long long give(struct fibonacci *numbers, long long number)
{
    numbers->before = numbers->last;
    numbers->last = number;
    numbers->made++;
    say("generator: makes %lld", number);
    return number;
}
