/* api_sync.c - a report on a city, from three calls, one after the other.
 * You will see 2.00 s, the sum of the three: 0.4 s for the location, 0.6 for the
 * weather, 1.0 for the sun. (An argument asks for another city.) */

#include "api.h"

struct report {
    const char *city;
    CURL *easy;
    struct fetch location, weather, sun;
    json_t *answers; /* an array; all the strings below are theirs */
    const char *country, *sky, *sunrise, *sunset;
    double latitude, longitude;
    int degrees;
};

static void ask_location(struct report *report);
static void on_location(struct fetch *fetch);
static void ask_there(struct report *report, struct fetch *fetch, const char *call,
                      int ms, fetch_cb on_answer);
static void on_weather(struct fetch *fetch);
static void on_sun(struct fetch *fetch);
static void keep(struct fetch *fetch, json_t *answer);

int main(int argc, char *argv[])
{
    struct report report = {.city = read_city(argc, argv)};

    report.answers = json_array();
    report.easy = curl_easy_init();
    must("start curl", report.easy ? 0 : UV_ENOMEM);
    ask_location(&report);
    ask_there(&report, &report.weather, "weather", 600, on_weather);
    ask_there(&report, &report.sun, "sun", 1000, on_sun);
    curl_easy_cleanup(report.easy);
    say("report: %s, %s: %s, %d degrees, sun from %s to %s", report.city, report.country,
        report.sky, report.degrees, report.sunrise, report.sunset);
    json_decref(report.answers);
}

static void ask_location(struct report *report)
{
    char url[400], *city = curl_easy_escape(NULL, report->city, 0); /* "Cape%20Town" */

    must("write a URL", city ? 0 : UV_ENOMEM);
    snprintf(url, sizeof url, "%s/json/location/%s?delay=400", site(), city);
    curl_free(city);
    say("location: asked");
    report->location.data = report;
    fetch_and_wait(report->easy, &report->location, url, DEADLINE);
    on_location(&report->location);
}

static void on_location(struct fetch *fetch)
{
    struct report *report = fetch->data;
    json_error_t why;
    json_t *answer = read_json(fetch, &why);

    if (!answer || json_unpack_ex(answer, &why, 0, "{s:s, s:F, s:F}", "country",
                                  &report->country, "latitude", &report->latitude,
                                  "longitude", &report->longitude) != 0)
        fail("location", &why);
    keep(fetch, answer);
    say("location: %.2f, %.2f", report->latitude, report->longitude);
}

/* The calls that need the coordinates. */
static void ask_there(struct report *report, struct fetch *fetch, const char *call,
                      int ms, fetch_cb on_answer)
{
    char url[400];

    snprintf(url, sizeof url, "%s/json/%s?latitude=%.2f&longitude=%.2f&delay=%d", site(),
             call, report->latitude, report->longitude, ms);
    say("%s: asked", call);
    fetch->data = report;
    fetch_and_wait(report->easy, fetch, url, DEADLINE);
    on_answer(fetch);
}

static void on_weather(struct fetch *fetch)
{
    struct report *report = fetch->data;
    json_error_t why;
    json_t *answer = read_json(fetch, &why);

    if (!answer || json_unpack_ex(answer, &why, 0, "{s:s, s:i}", "sky", &report->sky,
                                  "temperature", &report->degrees) != 0)
        fail("weather", &why);
    keep(fetch, answer);
    say("weather: %s, %d degrees", report->sky, report->degrees);
}

static void on_sun(struct fetch *fetch)
{
    struct report *report = fetch->data;
    json_error_t why;
    json_t *answer = read_json(fetch, &why);

    if (!answer || json_unpack_ex(answer, &why, 0, "{s:s, s:s}", "sunrise",
                                  &report->sunrise, "sunset", &report->sunset) != 0)
        fail("sun", &why);
    keep(fetch, answer);
    say("sun: from %s to %s", report->sunrise, report->sunset);
}

/* The report's strings are the answer's. */
static void keep(struct fetch *fetch, json_t *answer)
{
    struct report *report = fetch->data;

    must("keep an answer",
         json_array_append_new(report->answers, answer) == 0 ? 0 : UV_ENOMEM);
    fetch_cleanup(fetch);
}
