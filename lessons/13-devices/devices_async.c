/* devices_async.c - all messages of a program are sent at once.
 * You will see 0.60 s, three programs of 0.2 s; and a toilet that is cleaned
 * while it flushes: nobody has said that the one comes after the other.
 * Order of events: main -> run_next -> on_reply, ... -> run_next -> on_reply, ... */

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

struct call {
    uv_timer_t timer;
    const struct message *message;
    const char *reply; /* what the device has said, or NULL */
    struct home *home;
};

struct home {
    struct call calls[MESSAGES];
    int program; /* that is under way */
    int to_come; /* replies to its messages */
};

static void run_next(struct home *home);
static void tell(struct call *call, const struct message *message);
static void on_reply(uv_timer_t *timer);
static void show_replies(const struct home *home);

int main(void)
{
    struct home home = {0};

    run_next(&home);
    run_and_close();
    show_replies(&home);
}

/* All messages of the next program at once, if there is one. */
static void run_next(struct home *home)
{
    home->program++;
    for (int i = 0; i < MESSAGES; i++) {
        if (day[i].program == home->program) {
            home->calls[i].home = home;
            home->to_come++;
            tell(&home->calls[i], &day[i]);
        }
    }
}

static void tell(struct call *call, const struct message *message)
{
    say("%s: told to %s", message->device, message->order);
    call->message = message;
    must("tell a device", uv_timer_init(uv_default_loop(), &call->timer));
    call->timer.data = call;
    must("tell a device", uv_timer_start(&call->timer, on_reply, 200, 0));
}

/* The loop calls this for each message. The last reply starts what comes next. */
static void on_reply(uv_timer_t *timer)
{
    struct call *call = timer->data;

    call->reply = call->message->answer;
    say("%s: %s", call->message->device, call->reply);
    uv_close((uv_handle_t *)timer, NULL);
    if (--call->home->to_come == 0)
        run_next(call->home);
}

static void show_replies(const struct home *home)
{
    for (int i = 0; i < MESSAGES; i++) {
        const char *reply = home->calls[i].reply;

        say("home: %s %s", day[i].device, reply ? reply : "is silent");
    }
}
