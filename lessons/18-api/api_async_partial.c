/* api_async_partial.c - the report on Berlin, when one of the three calls fails.
 * You will see that the rest is reported nevertheless, and what is missing is named,
 * with the reason; the exit status tells it, too. The argument says what goes wrong:
 * 0 nothing, 1 the server, 2 malformed JSON, 3 a missing field, 4 an unknown city,
 * 5 the sun is silent.
 * Order of events: main -> on_location -> on_weather, on_sun (in any order) */

#include "api.h"

#include <stdbool.h>

enum { LOCATION, WEATHER, SUN, CALLS, FAULTS = 5 };

static const char *const names[CALLS] = {"location", "weather", "sun"};

/* What is asked for; what goes wrong in place of what we want. */
static const char *const paths[FAULTS + 1][CALLS] = {
    {"/json/location/Berlin", "/json/weather", "/json/sun"},
    {"/json/location/Berlin", "/status/500", "/json/sun"},
    {"/json/location/Berlin", "/json/malformed", "/json/sun"},
    {"/json/incomplete", "/json/weather", "/json/sun"},
    {"/json/location/Atlantis", "/json/weather", "/json/sun"},
    {"/json/location/Berlin", "/json/weather", "/silent"},
};

struct call {
    struct fetch fetch;
    const char *name, *path;
    bool is_good;
    char text[200]; /* what the report says, or why it can't */
    struct report *report;
};

struct report {
    struct fetcher fetcher;
    struct call calls[CALLS];
    int to_come; /* calls that haven't ended */
    double latitude, longitude;
};

static void ask(struct call *call, int ms, fetch_cb on_answer);
static void on_location(struct fetch *fetch);
static void on_weather(struct fetch *fetch);
static void on_sun(struct fetch *fetch);
static void end(struct call *call, bool is_good, const char *text);

int main(int argc, char *argv[])
{
    struct number fault = {.name = "FAULT", .value = 2, .least = 0, .most = FAULTS};
    struct report report = {.to_come = CALLS};
    int missing = 0;

    read_numbers(argc, argv, &fault, 1);
    for (int i = 0; i < CALLS; i++)
        report.calls[i] = (struct call){
            .name = names[i], .path = paths[fault.value][i], .report = &report};
    must("start curl", fetcher_init(uv_default_loop(), &report.fetcher, 0));
    ask(&report.calls[LOCATION], 400, on_location);
    run_and_close();
    for (struct call *call = report.calls; call < report.calls + CALLS; call++) {
        say("report: %s%s: %s", call->is_good ? "" : "no ", call->name, call->text);
        missing += !call->is_good;
    }
    return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* (The first call doesn't need the coordinates, which aren't known then.) */
static void ask(struct call *call, int ms, fetch_cb on_answer)
{
    struct report *report = call->report;
    char url[400];

    snprintf(url, sizeof url, "%s%s?latitude=%.2f&longitude=%.2f&delay=%d", site(),
             call->path, report->latitude, report->longitude, ms);
    say("%s: asked", call->name);
    call->fetch.data = call;
    must("ask", fetch_start(&report->fetcher, &call->fetch, url, DEADLINE, on_answer));
}

static void on_location(struct fetch *fetch)
{
    struct call *call = fetch->data;
    struct report *report = call->report;
    json_error_t why;
    json_t *answer = read_json(fetch, &why);
    char text[50];

    if (answer &&
        json_unpack_ex(answer, &why, 0, "{s:F, s:F}", "latitude", &report->latitude,
                       "longitude", &report->longitude) == 0) {
        snprintf(text, sizeof text, "%.2f, %.2f", report->latitude, report->longitude);
        end(call, true, text);
        ask(&report->calls[WEATHER], 600, on_weather);
        ask(&report->calls[SUN], 1000, on_sun);
    } else {
        end(call, false, why.text);
        end(&report->calls[WEATHER], false, "it needs the location");
        end(&report->calls[SUN], false, "it needs the location");
    }
    json_decref(answer);
}

static void on_weather(struct fetch *fetch)
{
    json_error_t why; /* or else, in its place, what the answer says */
    json_t *answer = read_json(fetch, &why);
    const char *sky;
    int degrees;
    bool is_good = answer && json_unpack_ex(answer, &why, 0, "{s:s, s:i}", "sky", &sky,
                                            "temperature", &degrees) == 0;
    if (is_good)
        snprintf(why.text, sizeof why.text, "%s, %d degrees", sky, degrees);
    end(fetch->data, is_good, why.text);
    json_decref(answer);
}

static void on_sun(struct fetch *fetch)
{
    json_error_t why;
    json_t *answer = read_json(fetch, &why);
    const char *from, *to;
    bool is_good = answer && json_unpack_ex(answer, &why, 0, "{s:s, s:s}", "sunrise",
                                            &from, "sunset", &to) == 0;
    if (is_good)
        snprintf(why.text, sizeof why.text, "from %s to %s", from, to);
    end(fetch->data, is_good, why.text);
    json_decref(answer);
}

/* Good or not, each call comes here once; the last one closes the fetcher. */
static void end(struct call *call, bool is_good, const char *text)
{
    call->is_good = is_good;
    snprintf(call->text, sizeof call->text, "%s", text);
    fetch_cleanup(&call->fetch);
    say("%s: %s%s", call->name, is_good ? "" : "failed, ", call->text);
    if (--call->report->to_come == 0)
        fetcher_close(&call->report->fetcher, NULL);
}
