/* fetch_error.c - what is wrong with a URL, and what went wrong with a fetch or a call of
 * curl, in words: for what is met in practice the same ones whichever version curl has,
 * for the rest curl's own. */

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static char *url_part(const char *url, CURLUPart part);
static void fetch_explain_by_number(struct fetch *fetch);
static void fetch_explain_by_length(struct fetch *fetch);
static bool fetch_is_sent(struct fetch *fetch);
static void fetch_explain_by_url(struct fetch *fetch, const char *url);
static void fetch_explain_by_system(struct fetch *fetch);
static int fetch_find_errno(struct fetch *fetch);
static bool starts_with(const char *text, const char *start);
static void fetch_set_error(struct fetch *fetch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static _Noreturn void stop(const char *error);

enum {
    LONGEST_URL = 1000 * 1000, /* bytes; curl takes a little more */
    TOO_LARGE = 100            /* CURLE_TOO_LARGE; before curl 8.6, CURLE_OUT_OF_MEMORY */
};

/* Curl reads a file in one go: from a FIFO or a terminal it would wait for ever. */
CURLcode fetch_check_url(const char *url)
{
    bool is_file = strncasecmp(url, "file:", 5) == 0;
    char *path = is_file ? url_part(url, CURLUPART_PATH) : NULL;
    struct stat found;
    bool blocks = path && stat(path, &found) == 0 && !S_ISREG(found.st_mode);

    curl_free(path);
    if (strlen(url) > LONGEST_URL)
        return CURLE_URL_MALFORMAT;
    return blocks ? CURLE_FILE_COULDNT_READ_FILE : CURLE_OK;
}

/* NULL: it has none. To be freed by curl_free(). */
static char *url_part(const char *url, CURLUPart part)
{
    unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME;
    CURLU *parts = curl_url();
    char *found = NULL;

    if (parts && !curl_url_set(parts, CURLUPART_URL, url, flags))
        curl_url_get(parts, part, &found, part == CURLUPART_PATH ? CURLU_URLDECODE : 0);
    curl_url_cleanup(parts);
    return found;
}

void fetch_explain(struct fetch *fetch)
{
    static const struct {
        CURLcode result;
        const char *sentence;
    } table[] = {
        {CURLE_OK, ""},
        {CURLE_ABORTED_BY_CALLBACK, "cancelled"},
        {CURLE_GOT_NOTHING, "closed without an answer"},
        {CURLE_TOO_MANY_REDIRECTS, "too many redirects"},
    };
    char *url = fetch->url;

    fetch->error = fetch->error_buffer;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].result == fetch->result)
            fetch->error = table[i].sentence;
    if (fetch->error != fetch->error_buffer)
        return;
    if (fetch->easy) /* the last one, where it was sent on from the first */
        curl_easy_getinfo(fetch->easy, CURLINFO_EFFECTIVE_URL, &url);
    fetch_explain_by_number(fetch);
    fetch_explain_by_length(fetch);
    if (url)
        fetch_explain_by_url(fetch, url);
    fetch_explain_by_system(fetch);
    if (!*fetch->error_buffer) /* curl, which writes there too, has said nothing either */
        fetch_set_error(fetch, "%s", curl_easy_strerror(fetch->result));
}

static void fetch_explain_by_number(struct fetch *fetch)
{
    bool is_late = fetch->deadline && 1000 * fetch->took + 1 >= fetch->deadline;
    curl_off_t length = -1;
    long proxy = 0;

    if (fetch->easy)
        curl_easy_getinfo(fetch->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
    if (fetch->easy)
        curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (fetch->result == CURLE_FILESIZE_EXCEEDED)
        fetch_set_error(fetch, "larger than %zu bytes", fetch->largest);
    if (fetch->result == CURLE_OPERATION_TIMEDOUT && is_late)
        fetch_set_error(fetch, "%s within %u ms",
                        fetch->first_byte == 0 ? "no answer" : "not whole",
                        fetch->deadline);
    else if (fetch->result ==
             CURLE_OPERATION_TIMEDOUT) /* the system doesn't try longer */
        fetch_set_error(fetch, "%s", uv_strerror(UV_ETIMEDOUT));
    if (fetch->result == CURLE_RECV_ERROR && proxy >= 300)
        fetch_set_error(fetch, "the proxy refuses: %ld", proxy);
    if (fetch->result == CURLE_WEIRD_SERVER_REPLY)
        fetch_set_error(fetch, "the answer is not HTTP");
    if (fetch->result == CURLE_PARTIAL_FILE && length >= 0)
        fetch_set_error(fetch, "cut short after %zu of %lld bytes", fetch->size,
                        (long long)length);
    if (fetch->result == CURLE_PARTIAL_FILE && length < 0)
        fetch_set_error(fetch, "cut short after %zu bytes", fetch->size);
}

/* What curl has no room for is mostly too long. (What there was no memory for in fetch.c
 * is a system_error.) */
static void fetch_explain_by_length(struct fetch *fetch)
{
    bool has_no_room =
        fetch->result == CURLE_OUT_OF_MEMORY || (int)fetch->result == TOO_LARGE;

    if ((has_no_room && fetch_is_sent(fetch) && !fetch->system_error) ||
        starts_with(fetch->error_buffer, "Too large response headers"))
        fetch_set_error(fetch, "a header of the answer is too long");
    else if (has_no_room)
        fetch_set_error(fetch, "out of memory");
}

/* Whether a request was: then what is wrong is the answer, not the URL. */
static bool fetch_is_sent(struct fetch *fetch)
{
    long size = 0;

    if (fetch->easy)
        curl_easy_getinfo(fetch->easy, CURLINFO_REQUEST_SIZE, &size);
    return size > 0;
}

static void fetch_explain_by_url(struct fetch *fetch, const char *url)
{
    char *scheme = url_part(url, CURLUPART_SCHEME);
    char *host = url_part(url, CURLUPART_HOST);
    char *path = url_part(url, CURLUPART_PATH);
    const char *certificates = getenv("SSL_CERT_FILE");
    bool is_web = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    if (fetch->result == CURLE_URL_MALFORMAT && fetch_is_sent(fetch))
        fetch_set_error(fetch, "redirected to what is not a URL");
    else if (fetch->result == CURLE_URL_MALFORMAT && strlen(fetch->url) > LONGEST_URL)
        fetch_set_error(fetch, "the URL is too long");
    else if (fetch->result == CURLE_URL_MALFORMAT)
        fetch_set_error(fetch, "not a URL: %s", fetch->url);
    if (fetch->result == CURLE_UNSUPPORTED_PROTOCOL && is_web && fetch_is_sent(fetch))
        fetch_set_error(fetch, "the answer is not HTTP");
    else if (fetch->result == CURLE_UNSUPPORTED_PROTOCOL && fetch_is_sent(fetch))
        fetch_set_error(fetch, "redirected to what is not http or https");
    else if (fetch->result == CURLE_UNSUPPORTED_PROTOCOL && !is_web)
        fetch_set_error(fetch, "only http, https and file are fetched");
    if (fetch->result == CURLE_COULDNT_RESOLVE_HOST && host)
        fetch_set_error(fetch, "cannot find the host %s", host);
    if (fetch->result == CURLE_PEER_FAILED_VERIFICATION && host)
        fetch_set_error(fetch, "cannot trust the certificate of %s", host);
    if (fetch->result == CURLE_SSL_CONNECT_ERROR && host)
        fetch_set_error(fetch, "no TLS with %s", host);
    if (fetch->result == CURLE_SSL_CACERT_BADFILE && certificates && *certificates)
        fetch_set_error(fetch, "cannot read the certificates in %s", certificates);
    if (fetch->result == CURLE_FILE_COULDNT_READ_FILE && path)
        fetch_set_error(fetch, "cannot read %s", path);
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
}

/* What the system has said to us, or to curl. */
static void fetch_explain_by_system(struct fetch *fetch)
{
    int error = 0;

    if (fetch->result == CURLE_COULDNT_CONNECT && fetch->system_error)
        error = fetch->system_error;
    else if (fetch->result == CURLE_COULDNT_CONNECT ||
             fetch->result == CURLE_RECV_ERROR || fetch->result == CURLE_SEND_ERROR)
        error = fetch_find_errno(fetch);
    else if ((fetch->result == CURLE_COULDNT_RESOLVE_HOST ||
              fetch->result == CURLE_COULDNT_RESOLVE_PROXY ||
              fetch->result == CURLE_SSL_CACERT_BADFILE ||
              fetch->result == CURLE_FILE_COULDNT_READ_FILE) &&
             fetch_files_are_lacking())
        error = UV_EMFILE;
    if (error == UV_ECONNRESET || error == UV_EPIPE)
        fetch_set_error(fetch, "connection reset");
    else if (error)
        fetch_set_error(fetch, "%s", uv_strerror(error));
}

/* The number that curl has kept may be that of another address, or of an earlier fetch.
 * It counts where curl's words are about it, or where nothing else can be wrong. */
static int fetch_find_errno(struct fetch *fetch)
{
    const char *words = fetch->error_buffer;
    long number = 0;

    if (fetch->easy &&
        (starts_with(words, "Recv failure") || starts_with(words, "Send failure") ||
         starts_with(words, "Failed to connect") ||
         (fetch->has_lost_words && fetch->first_byte == 0)))
        curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &number);
    return number ? uv_translate_sys_error((int)number) : 0;
}

/* To look up a name, curl and the C library need some files. */
bool fetch_files_are_lacking(void)
{
    enum { SOME = 4 };
    int files[SOME], count = 0;
    bool are_lacking;

    while (count < SOME && (files[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) != -1)
        count++;
    are_lacking = count < SOME && (errno == EMFILE || errno == ENFILE);
    while (count > 0)
        close(files[--count]);
    return are_lacking;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
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
