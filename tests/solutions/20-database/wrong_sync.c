/* wrong_sync.c - the right lines in the right order, one bill after the other.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("Ada: the bill, please");
    say("Ben: the bill, please");
    uv_sleep(200);
    say("Ada: 24 euros");
    say("Cleo: the bill, please");
    uv_sleep(1200);
    say("Cleo: 22 euros");
    say("Dan: the bill, please");
    uv_sleep(400);
    say("Dan: 18 euros");
    say("Eva: the bill, please");
    uv_sleep(400);
    say("Ben: 11 euros");
    say("Finn: the bill, please");
    uv_sleep(400);
    say("Eva: 16 euros");
    uv_sleep(400);
    say("Finn: 6 euros");
    say("all bills are there");
    say("server: has seen 2 connections at once");
}
