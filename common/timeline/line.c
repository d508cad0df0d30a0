/* line.c - see line.h */

#include "timeline/line.h"

#include <ctype.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "[ 0.75] ", as say() prints it: two places or more before the point, two
 * behind it. Returns its length, or 0. */
static size_t read_stamp(const char *text, size_t size, long *hundredths)
{
    size_t i = 1, places;

    if (size < 8 || text[0] != '[')
        return 0;
    if (text[1] == ' ' && is_digit(text[2]))
        i = 2;
    *hundredths = 0;
    for (places = i; i < size && is_digit(text[i]) && i < places + 9; i++)
        *hundredths = *hundredths * 10 + (text[i] - '0');
    if (i < 3 || size < i + 5 || text[i] != '.' || !is_digit(text[i + 1]) ||
        !is_digit(text[i + 2]) || text[i + 3] != ']' || text[i + 4] != ' ')
        return 0;
    *hundredths = *hundredths * 100 + (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
    return i + 5;
}

struct line line_read(const char *text, size_t size)
{
    struct line line = {.kind = OTHER, .text = text, .size = size};
    size_t start = read_stamp(text, size, &line.stamp);

    if (start > 0) {
        line.kind = TIMED;
    } else if (size >= 8 && memcmp(text, "[  -  ] ", 8) == 0) {
        line.kind = UNTIMED;
        start = 8;
    } else if (size >= 2 && memcmp(text, "~ ", 2) == 0) {
        line.kind = MEASURED;
        start = 2;
    }
    line.text += start;
    line.size -= start;
    return line;
}

size_t line_actor_size(const struct line *line)
{
    for (size_t i = 0; i + 1 < line->size; i++)
        if (line->text[i] == ':' && line->text[i + 1] == ' ')
            return i;
    return 0;
}

/* The next piece of a measurement: a character, or a number as one. */
struct piece {
    int what; /* the character, ZERO or NUMBER */
    size_t size;
};

enum { ZERO = 256, NUMBER };

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static size_t count_digits(const char *text, size_t size)
{
    size_t count = 0;

    while (count < size && is_digit(text[count]))
        count++;
    return count;
}

/* The size of the whole number at the start, with the commas of 1,234,567. */
static size_t count_whole(const char *text, size_t size)
{
    size_t count = count_digits(text, size);

    if (count <= 3)
        while (count < size && text[count] == ',' &&
               count_digits(text + count + 1, size - count - 1) == 3)
            count += 4;
    return count;
}

static bool is_zero(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] >= '1' && text[i] <= '9')
            return false;
    return true;
}

static struct piece read_piece(const char *text, size_t size, size_t i)
{
    struct piece piece = {.what = (unsigned char)text[i], .size = 1};
    bool after_word = i > 0 && in_word(text[i - 1]);
    bool sign = text[i] == '-' || text[i] == '+';
    size_t start = sign ? i + 1 : i, end = start, decimals = 0;

    if (after_word || start == size || !is_digit(text[start]))
        return piece;
    end += count_whole(text + end, size - end);
    if (end + 1 < size && text[end] == '.')
        decimals = count_digits(text + end + 1, size - end - 1);
    if (decimals > 0)
        end += 1 + decimals;
    if (end < size && in_word(text[end]))
        return piece; /* digits inside a word, like 8kB, are text */
    piece.size = end - i;
    piece.what = decimals == 0 && is_zero(text + i, end - i) ? ZERO : NUMBER;
    return piece;
}

static int compare_measurements(const struct line *a, const struct line *b)
{
    size_t i = 0, j = 0;

    while (i < a->size && j < b->size) {
        struct piece one = read_piece(a->text, a->size, i);
        struct piece other = read_piece(b->text, b->size, j);

        if (one.what != other.what)
            return one.what - other.what;
        i += one.size;
        j += other.size;
    }
    return (i < a->size) - (j < b->size);
}

int line_compare(const struct line *a, const struct line *b)
{
    int order;

    if (a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    if (a->kind == MEASURED)
        return compare_measurements(a, b);
    order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

bool line_equals(const struct line *a, const struct line *b)
{
    return line_compare(a, b) == 0;
}

void line_write_compared(FILE *to, const struct line *line)
{
    for (size_t i = 0; i < line->size;) {
        struct piece piece = {.what = (unsigned char)line->text[i], .size = 1};

        if (line->kind == MEASURED)
            piece = read_piece(line->text, line->size, i);
        fputc(piece.what == NUMBER ? '#' : piece.what == ZERO ? '0' : piece.what, to);
        i += piece.size;
    }
}
