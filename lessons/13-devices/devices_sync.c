/* devices_sync.c - ten messages to the devices at home, one after the other.
 * You will see 2.00 s: each message is sent when the one before is answered. */

#include "lesson.h"

/* A day is three programs: connecting, waking up, going to sleep. */
static const struct message {
    int program;
    const char *device, *order;
    const char *answer; /* what the device will say, after 0.2 s */
} day[] = {
    {1, "Hue Light", "connect", "is online"},
    {1, "Smart Speaker", "connect", "is online"},
    {1, "Smart Toilet", "connect", "is online"},
    {2, "Hue Light", "switch on", "is on"},
    {2, "Smart Speaker", "switch on", "is on"},
    {2, "Smart Speaker", "play", "plays Kind of Blue"},
    {3, "Hue Light", "switch off", "is off"},
    {3, "Smart Speaker", "switch off", "is off"},
    {3, "Smart Toilet", "flush", "is flushed"},
    {3, "Smart Toilet", "clean", "is clean"},
};

enum { MESSAGES = sizeof day / sizeof *day };

static const char *tell(const struct message *message);
static void show_replies(const char *const replies[]);

int main(void)
{
    const char *replies[MESSAGES];

    for (int i = 0; i < MESSAGES; i++)
        replies[i] = tell(&day[i]);
    show_replies(replies);
}

/* Returns the reply. */
static const char *tell(const struct message *message)
{
    say("%s: told to %s", message->device, message->order);
    uv_sleep(200); /* nobody else is told anything in the meantime */
    say("%s: %s", message->device, message->answer);
    return message->answer;
}

static void show_replies(const char *const replies[])
{
    for (int i = 0; i < MESSAGES; i++)
        say("home: %s %s", day[i].device, replies[i]);
}
