/* wrong_sync.c - the right lines in the right order, and a wait for each reply.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(void)
{
    say("prediction: 1200 ms");
    say("Hue Light: told to connect");
    say("Smart Speaker: told to connect");
    say("Smart Toilet: told to connect");
    say("Coffee Machine: told to connect");
    uv_sleep(200);
    say("Hue Light: is online");
    uv_sleep(200);
    say("Smart Speaker: is online");
    uv_sleep(200);
    say("Smart Toilet: is online");
    uv_sleep(200);
    say("Coffee Machine: is online");
    say("Hue Light: told to switch on");
    say("Coffee Machine: told to heat");
    say("Smart Speaker: told to play a song");
    say("Smart Toilet: told to warm up");
    uv_sleep(200);
    say("Hue Light: is on");
    say("Coffee Machine: told to grind");
    uv_sleep(200);
    say("Coffee Machine: has hot water");
    uv_sleep(200);
    say("Smart Speaker: plays a song");
    uv_sleep(200);
    say("Smart Toilet: is warm");
    uv_sleep(200);
    say("Coffee Machine: has ground beans");
    say("Coffee Machine: told to brew");
    uv_sleep(200);
    say("Coffee Machine: has made coffee");
    say("Hue Light: told to switch off");
    say("Smart Speaker: told to switch off");
    say("Coffee Machine: told to switch off");
    say("Smart Toilet: told to flush");
    uv_sleep(200);
    say("Hue Light: is off");
    uv_sleep(200);
    say("Smart Speaker: is off");
    uv_sleep(200);
    say("Coffee Machine: is off");
    uv_sleep(200);
    say("Smart Toilet: is flushed");
    say("Smart Toilet: told to clean");
    uv_sleep(200);
    say("Smart Toilet: is clean");
    say("home: all done");
}
