/* fetch_error.c - what went wrong with a fetch or a call of curl, in words: for what is
 * met in practice the same ones whichever version curl has, for the rest curl's own. */

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fetch_explain_by_number(struct fetch *fetch, CURL *easy);
static void fetch_explain_by_name(struct fetch *fetch, CURL *easy);
static char *url_part(CURL *easy, CURLUPart part);
static void fetch_explain_by_system(struct fetch *fetch, CURL *easy);
static void fetch_set_error(struct fetch *fetch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static _Noreturn void stop(const char *error);

void fetch_explain(struct fetch *fetch, CURL *easy)
{
    static const struct {
        CURLcode result;
        const char *sentence;
    } table[] = {
        {CURLE_OK, ""},
        {CURLE_ABORTED_BY_CALLBACK, "cancelled"},
        {CURLE_OUT_OF_MEMORY, "out of memory"},
        {CURLE_GOT_NOTHING, "closed without an answer"},
        {CURLE_TOO_MANY_REDIRECTS, "too many redirects"},
    };

    fetch->error = fetch->error_buffer;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].result == fetch->result)
            fetch->error = table[i].sentence;
    if (fetch->error != fetch->error_buffer || !easy)
        return;
    fetch_explain_by_number(fetch, easy);
    fetch_explain_by_name(fetch, easy);
    fetch_explain_by_system(fetch, easy);
    if (!*fetch->error_buffer) /* curl, which writes there too, has said nothing either */
        fetch_set_error(fetch, "%s", curl_easy_strerror(fetch->result));
}

static void fetch_explain_by_number(struct fetch *fetch, CURL *easy)
{
    curl_off_t length = -1;

    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (fetch->result == CURLE_FILESIZE_EXCEEDED)
        fetch_set_error(fetch, "larger than %zu bytes", fetch->largest);
    if (fetch->result == CURLE_OPERATION_TIMEDOUT && fetch->deadline)
        fetch_set_error(fetch, "%s within %u ms",
                        fetch->first_byte == 0 ? "no answer" : "not whole",
                        fetch->deadline);
    if (fetch->result == CURLE_PARTIAL_FILE && length >= 0)
        fetch_set_error(fetch, "cut short after %zu of %lld bytes", fetch->size,
                        (long long)length);
    if (fetch->result == CURLE_PARTIAL_FILE && length < 0)
        fetch_set_error(fetch, "cut short after %zu bytes", fetch->size);
}

static void fetch_explain_by_name(struct fetch *fetch, CURL *easy)
{
    char *scheme = url_part(easy, CURLUPART_SCHEME);
    char *host = url_part(easy, CURLUPART_HOST);
    char *path = url_part(easy, CURLUPART_PATH);
    const char *certificates = getenv("SSL_CERT_FILE");
    bool is_web = scheme && strncmp(scheme, "http", 4) == 0;

    if (fetch->result == CURLE_URL_MALFORMAT)
        fetch_set_error(fetch, "not a URL: %s", fetch->url);
    if (fetch->result == CURLE_UNSUPPORTED_PROTOCOL)
        fetch_set_error(fetch, is_web ? "the answer is not HTTP"
                                      : "only http, https and file are fetched");
    if (fetch->result == CURLE_COULDNT_RESOLVE_HOST && host)
        fetch_set_error(fetch, "cannot find the host %s", host);
    if (fetch->result == CURLE_PEER_FAILED_VERIFICATION && host)
        fetch_set_error(fetch, "cannot trust the certificate of %s", host);
    if (fetch->result == CURLE_SSL_CONNECT_ERROR && host)
        fetch_set_error(fetch, "no TLS with %s", host);
    if (fetch->result == CURLE_SSL_CACERT_BADFILE && certificates)
        fetch_set_error(fetch, "cannot read the certificates in %s", certificates);
    if (fetch->result == CURLE_FILE_COULDNT_READ_FILE && path)
        fetch_set_error(fetch, "cannot read %s", path);
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
}

/* Of the last URL, where it was sent on from the first. NULL: it has none. */
static char *url_part(CURL *easy, CURLUPart part)
{
    unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME;
    CURLU *url = curl_url();
    char *words = NULL, *found = NULL;

    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &words);
    if (url && words && !curl_url_set(url, CURLUPART_URL, words, flags))
        curl_url_get(url, part, &found, 0);
    curl_url_cleanup(url);
    return found;
}

/* What the system has said to curl. */
static void fetch_explain_by_system(struct fetch *fetch, CURL *easy)
{
    CURLcode result = fetch->result;
    long error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    if (result != CURLE_COULDNT_CONNECT && result != CURLE_RECV_ERROR &&
        result != CURLE_SEND_ERROR)
        return;
    if (error == ECONNRESET || error == EPIPE)
        fetch_set_error(fetch, "connection reset");
    else if (error)
        fetch_set_error(fetch, "%s", uv_strerror(uv_translate_sys_error((int)error)));
}

static void fetch_set_error(struct fetch *fetch, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(fetch->error_buffer, sizeof fetch->error_buffer, format, values);
    va_end(values);
}

void must_curl(CURLcode result)
{
    if (result != CURLE_OK)
        stop(curl_easy_strerror(result));
}

void must_curl_multi(CURLMcode result)
{
    if (result != CURLM_OK)
        stop(curl_multi_strerror(result));
}

static _Noreturn void stop(const char *error)
{
    fprintf(stderr, "%s: cannot use curl: %s\n", program_name(), error);
    exit(EXIT_FAILURE);
}
