/* site-routes.c - the pages of the course's own web site (see site.c, which calls
 * answer_request()). A new page is a function, and a line in routes[].
 *
 * Any of them waits first when its query says ?delay=MS. */

#include "lesson.h"
#include "site.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    LONGEST_WAIT = 60000, /* ms */
    LARGEST = 1 << 30,    /* bytes of /large */
    BLOCK = 64 * 1024     /* bytes that are made at a time */
};

struct route {
    const char *path; /* when it ends with a slash, more follows: */
    long least, most; /* a number between these, or, when both are 0, a text */
    enum MHD_Result (*answer)(struct request *request);
};

static const char html[] = "text/html; charset=utf-8", json[] = "application/json",
                  plain[] = "text/plain; charset=utf-8";

/* --- what is asked for --- */

/* Read a number with nothing before or behind it; -1 when it is none or isn't between. */
static long parse_number(const char *text, long least, long most)
{
    size_t length = strlen(text);
    long long number;

    if (length == 0 || length > 10 || strspn(text, "0123456789") != length)
        return -1;
    number = strtoll(text, NULL, 10);
    return number < least || number > most ? -1 : (long)number;
}

/* ?name=NUMBER, or the default when it isn't given; -1 as above. */
static long query_number(struct request *request, const char *name, long most,
                         long default_value)
{
    const char *text = NULL;
    size_t size;

    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &text, &size) != MHD_YES)
        return default_value;
    return text ? parse_number(text, 0, most) : -1;
}

/* ?name=52.52; NAN when it is missing or no number. */
static double query_coordinate(struct request *request, const char *name)
{
    const char *text =
        MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    size_t length = text ? strlen(text) : 0;

    if (length == 0 || length > 30 || strspn(text, "0123456789.-") != length)
        return (double)NAN;
    return strtod(text, NULL);
}

/* --- answers --- */

/* Of a response, which is NULL when there was no memory for it. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response && MHD_add_response_header(response, name, value) != MHD_YES)
        must("write a header", UV_ENOMEM);
}

/* Takes the response over; where it is NULL, the connection is closed. */
static enum MHD_Result send_response(struct request *request, unsigned status,
                                     struct MHD_Response *response, const char *type)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *text_response(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)text,
                                           MHD_RESPMEM_MUST_COPY);
}

#define HTML_START "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>"
#define HTML_MIDDLE "</title></head>\n<body>\n"
#define HTML_END "</body>\n</html>\n"

/* A page that has only a title, which is repeated in its body. */
static struct MHD_Response *titled_response(const char *title)
{
    char text[1200];

    snprintf(text, sizeof text, HTML_START "%s" HTML_MIDDLE "<h1>%s</h1>\n" HTML_END,
             title, title);
    return text_response(text);
}

/* Up to 511 bytes. As html they are the title of a page that has nothing else. */
__attribute__((format(printf, 4, 5))) static enum MHD_Result
send_text(struct request *request, unsigned status, const char *type, const char *format,
          ...)
{
    char text[512];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (type == html)
        return send_response(request, status, titled_response(text), html);
    return send_response(request, status, text_response(text), type);
}

/* In JSON where that was asked for. */
static enum MHD_Result send_error(struct request *request, unsigned status,
                                  const char *what)
{
    if (strncmp(request->path, "/json/", 6) == 0)
        return send_text(request, status, json, "{\"error\": \"%s\"}\n", what);
    return send_text(request, status, html, "%u: %s", status, what);
}

/* --- the routes --- */

/* The page is 1000 to 1999 bytes, by its number. */
static enum MHD_Result route_page(struct request *request)
{
    char text[2001];
    int head = snprintf(text, sizeof text,
                        HTML_START "Page %ld" HTML_MIDDLE "<h1>Page %ld</h1>\n",
                        request->number, request->number);
    int end = (int)(1000 + request->number * 37 % 1000 - (long)strlen(HTML_END));

    for (int i = head; i < end; i++)
        text[i] = (end - i) % 64 == 1 ? '\n' : '.';
    strcpy(text + end, HTML_END);
    return send_response(request, MHD_HTTP_OK, text_response(text), html);
}

static enum MHD_Result route_delay(struct request *request)
{
    if (request->number > 0 && !request->has_waited) {
        request->has_waited = true;
        return suspend_request(request, request->number);
    }
    return send_text(request, MHD_HTTP_OK, html, "Waited %ld ms", request->number);
}

static enum MHD_Result route_status(struct request *request)
{
    return send_text(request, (unsigned)request->number, html, "Status %ld",
                     request->number);
}

/* From /redirect/3 to /redirect/2, or, when there is no number, in a circle. */
static enum MHD_Result route_redirect(struct request *request)
{
    char place[64] = "/redirect/loop";
    struct MHD_Response *response;

    if (*request->rest != '\0' && request->number == 0)
        return send_text(request, MHD_HTTP_OK, html, "No redirect is left");
    if (*request->rest != '\0')
        snprintf(place, sizeof place, "/redirect/%ld", request->number - 1);
    response = titled_response("It is elsewhere");
    add_header(response, MHD_HTTP_HEADER_LOCATION, place);
    return send_response(request, MHD_HTTP_FOUND, response, html);
}

static enum MHD_Result route_stats(struct request *request)
{
    unsigned requests, most;

    read_stats(&requests, &most);
    return send_text(request, MHD_HTTP_OK, plain, "requests: %u\nmost at once: %u\n",
                     requests, most);
}

/* Lines of 64 characters: what is missing in the middle can be seen. */
static void fill(uint64_t position, char *buffer, size_t size)
{
    while (size > 0) {
        size_t column = position % 64, part = column == 63 ? 1 : 63 - column;

        if (part > size)
            part = size;
        memset(buffer, column == 63 ? '\n' : 'a' + (int)(position / 64 % 26), part);
        position += part;
        buffer += part;
        size -= part;
    }
}

/* As much of these lines, and then what libmicrohttpd is told. */
struct body {
    uint64_t size;
    ssize_t end;
};

static ssize_t read_body(void *data, uint64_t position, char *buffer, size_t most)
{
    const struct body *body = data;

    if (position >= body->size)
        return body->end;
    if (most > body->size - position)
        most = (size_t)(body->size - position);
    fill(position, buffer, most);
    return (ssize_t)most;
}

static struct MHD_Response *body_response(uint64_t content_length, struct body *body)
{
    return MHD_create_response_from_callback(content_length, BLOCK, read_body, body,
                                             NULL);
}

static enum MHD_Result route_large(struct request *request)
{
    static struct body body = {LARGEST, MHD_CONTENT_READER_END_OF_STREAM};

    return send_response(request, MHD_HTTP_OK,
                         body_response((uint64_t)request->number, &body), plain);
}

static enum MHD_Result route_cut(struct request *request)
{
    static struct body body = {500, MHD_CONTENT_READER_END_WITH_ERROR};

    return send_response(request, MHD_HTTP_OK, body_response(1000, &body), plain);
}

/* Twice as much as it says. libmicrohttpd adds its own Content-Length, except where it
 * does not know the size. Then it would send chunks, except by the rules of HTTP/1.0. */
static enum MHD_Result route_wrong_length(struct request *request)
{
    static struct body body = {1000, MHD_CONTENT_READER_END_OF_STREAM};
    struct MHD_Response *response = body_response(MHD_SIZE_UNKNOWN, &body);
    enum MHD_ResponseFlags flags =
        MHD_RF_INSANITY_HEADER_CONTENT_LENGTH | MHD_RF_HTTP_1_0_COMPATIBLE_STRICT;

    if (!response || MHD_set_response_options(response, flags, MHD_RO_END) != MHD_YES)
        return MHD_NO;
    add_header(response, MHD_HTTP_HEADER_CONTENT_LENGTH, "500");
    return send_response(request, MHD_HTTP_OK, response, plain);
}

/* With a linger time of 0, close() sends a reset. */
static enum MHD_Result route_reset(struct request *request)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    setsockopt(request->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    return MHD_NO;
}

/* Until the client disconnects. */
static enum MHD_Result route_silent(struct request *request)
{
    return suspend_request(request, FOREVER);
}

/* Until so many wait here: then they have been here at once, however slow the machine. */
static enum MHD_Result route_together(struct request *request)
{
    if (!request->has_waited) {
        request->has_waited = true;
        return suspend_at_barrier(request, request->number);
    }
    return send_text(request, MHD_HTTP_OK, html, "%ld together", request->number);
}

/* A wait before each byte: called twice for it. */
static ssize_t read_drip(void *data, uint64_t position, char *buffer, size_t most)
{
    struct request *request = data;

    (void)most;
    if (request->is_disconnected)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (position >= (uint64_t)request->bytes)
        return MHD_CONTENT_READER_END_OF_STREAM;
    request->has_waited = !request->has_waited;
    if (!request->has_waited || request->every == 0) {
        fill(position, buffer, 1);
        return 1;
    }
    return suspend_request(request, request->every) == MHD_YES
               ? 0
               : MHD_CONTENT_READER_END_WITH_ERROR;
}

static enum MHD_Result route_drip(struct request *request)
{
    request->bytes = query_number(request, "bytes", LARGEST, 10);
    request->every = query_number(request, "every", LONGEST_WAIT, 100);
    if (request->bytes < 0 || request->every < 0)
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad number");
    return send_response(request, MHD_HTTP_OK,
                         MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024,
                                                           read_drip, request, NULL),
                         plain);
}

/* --- the routes that answer in JSON --- */

static const struct city {
    const char *name, *country, *latitude, *longitude, *sky;
    int temperature;
    const char *sunrise, *sunset;
} cities[] = {
    {"Berlin", "Germany", "52.52", "13.41", "cloudy", 21, "05:12", "21:03"},
    {"Cape Town", "South Africa", "-33.93", "18.42", "windy", 16, "07:48", "17:46"},
    {"Lima", "Peru", "-12.05", "-77.04", "foggy", 18, "06:27", "17:53"},
    {"Oslo", "Norway", "59.91", "10.75", "rainy", 14, "04:02", "22:41"},
    {"Tokyo", "Japan", "35.68", "139.69", "sunny", 28, "04:29", "18:59"},
};

enum { CITIES = sizeof cities / sizeof cities[0] };

static enum MHD_Result route_location(struct request *request)
{
    for (const struct city *city = cities; city < cities + CITIES; city++)
        if (strcmp(city->name, request->rest) == 0)
            return send_text(request, MHD_HTTP_OK, json,
                             "{\"city\": \"%s\", \"country\": \"%s\", "
                             "\"latitude\": %s, \"longitude\": %s}\n",
                             city->name, city->country, city->latitude, city->longitude);
    return send_error(request, MHD_HTTP_NOT_FOUND, "Unknown city");
}

/* /json/weather and /json/sun, of the city at ?latitude=52.52&longitude=13.41. */
static enum MHD_Result route_forecast(struct request *request)
{
    double latitude = query_coordinate(request, "latitude");
    double longitude = query_coordinate(request, "longitude");
    const struct city *city = cities;

    if (isnan(latitude) || isnan(longitude))
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad coordinates");
    while (city < cities + CITIES &&
           (fabs(strtod(city->latitude, NULL) - latitude) > 0.001 ||
            fabs(strtod(city->longitude, NULL) - longitude) > 0.001))
        city++;
    if (city == cities + CITIES)
        return send_error(request, MHD_HTTP_NOT_FOUND, "Unknown coordinates");
    if (strcmp(request->path, "/json/sun") == 0)
        return send_text(request, MHD_HTTP_OK, json,
                         "{\"sunrise\": \"%s\", \"sunset\": \"%s\"}\n", city->sunrise,
                         city->sunset);
    return send_text(
        request, MHD_HTTP_OK, json,
        "{\"city\": \"%s\", \"sky\": \"%s\", \"temperature\": %d, \"unit\": \"C\"}\n",
        city->name, city->sky, city->temperature);
}

/* A weather that breaks off in its third line. */
static enum MHD_Result route_malformed(struct request *request)
{
    return send_text(request, MHD_HTTP_OK, json,
                     "{\n    \"city\": \"Berlin\",\n    \"sky\": \"clo");
}

/* Where is the latitude? */
static enum MHD_Result route_incomplete(struct request *request)
{
    return send_text(request, MHD_HTTP_OK, json,
                     "{\"city\": \"Berlin\", \"country\": \"Germany\", "
                     "\"longitude\": 13.41}\n");
}

static const struct route routes[] = {
    {"/page/", 1, 999999, route_page},
    {"/delay/", 0, LONGEST_WAIT, route_delay},
    {"/json/location/", 0, 0, route_location},
    {"/json/weather", 0, 0, route_forecast},
    {"/json/sun", 0, 0, route_forecast},
    {"/json/malformed", 0, 0, route_malformed},
    {"/json/incomplete", 0, 0, route_incomplete},
    {"/status/", 200, 599, route_status},
    {"/redirect/loop", 0, 0, route_redirect},
    {"/redirect/", 0, 999999, route_redirect},
    {"/cut", 0, 0, route_cut},
    {"/reset", 0, 0, route_reset},
    {"/silent", 0, 0, route_silent},
    {"/together/", 1, MOST_CONNECTIONS, route_together},
    {"/drip", 0, 0, route_drip},
    {"/large/", 0, LARGEST, route_large},
    {"/wrong-length", 0, 0, route_wrong_length},
    {"/stats", 0, 0, route_stats},
};

/* Sets request->rest, too. */
static const struct route *find_route(struct request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t length = strlen(routes[i].path);

        if (strncmp(request->path, routes[i].path, length) != 0)
            continue;
        request->rest = request->path + length;
        if (*request->rest == '\0' || routes[i].path[length - 1] == '/')
            return &routes[i];
    }
    return NULL;
}

static enum MHD_Result refuse_method(struct request *request)
{
    struct MHD_Response *response = titled_response("405: Method not allowed");

    add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return send_response(request, MHD_HTTP_METHOD_NOT_ALLOWED, response, html);
}

enum MHD_Result answer_request(struct request *request, const char *method)
{
    const struct route *route = find_route(request);
    long delay = query_number(request, "delay", LONGEST_WAIT, 0);

    if (delay > 0 && !request->was_delayed) {
        request->was_delayed = true;
        return suspend_request(request, delay);
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse_method(request);
    if (!route)
        return send_error(request, MHD_HTTP_NOT_FOUND, "Not found");
    if (route->most > 0)
        request->number = parse_number(request->rest, route->least, route->most);
    if (request->number < 0 || delay < 0)
        return send_error(request, MHD_HTTP_BAD_REQUEST, "Bad number");
    return route->answer(request);
}
