/* text.c - see text.h */

#define _XOPEN_SOURCE 700 /* wcwidth() */

#include "timeline/text.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Whatever locale our user has, programs print UTF-8. Returns false if there is no such
 * locale here; what isn't ASCII is no character then. */
static bool use_utf8(void)
{
    return MB_CUR_MAX > 1 || setlocale(LC_CTYPE, "C.UTF-8") ||
           setlocale(LC_CTYPE, "en_US.UTF-8");
}

/* What turns the direction of the text, which wcwidth() takes for nothing special. */
static bool turns_text(wchar_t code)
{
    return (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f);
}

/* The size of the character at the start of a text, and its width; -1: it is not to be
 * printed, since it steers the terminal, turns the text, or is a byte of no character. */
static size_t text_read_character(const char *text, size_t size, int *width)
{
    mbstate_t start = {0};
    wchar_t code;
    size_t length;

    *width = 1;
    if (*text >= ' ' && *text <= '~')
        return 1;
    length = use_utf8() ? mbrtowc(&code, text, size, &start) : 0;
    *width = -1;
    if (length == 0 || length > size)
        return 1;
    if (!turns_text(code))
        *width = wcwidth(code);
    return length;
}

size_t text_print(const char *text, size_t size, int room, int *shown)
{
    size_t i = 0;

    *shown = 0;
    while (i < size) {
        int wide;
        size_t length = text_read_character(text + i, size - i, &wide);

        if (*shown + abs(wide) > room)
            break;
        if (wide >= 0)
            fwrite(text + i, 1, length, stdout);
        else
            putchar(text[i] == '\t' ? ' ' : '?');
        *shown += abs(wide);
        i += length;
    }
    return i;
}

size_t text_fit(const char *text, size_t size, int room)
{
    size_t i = 0, fits = 0;
    int shown = 0;

    while (i < size) {
        int wide;
        size_t length = text_read_character(text + i, size - i, &wide);

        if (text[i] == ' ')
            fits = i;
        if (shown + abs(wide) > room)
            return fits > 0 ? fits : i;
        shown += abs(wide);
        i += length;
    }
    return size;
}

void text_print_wrapped(const char *text, int indent, int width)
{
    int column = 0;

    while (*text) {
        size_t size = strcspn(text, " \n");
        int shown = 0;

        for (size_t i = 0; i < size; i++)
            shown += text[i] != '*' && text[i] != '`';
        if (column > 0 && column + 1 + shown > width) {
            column = indent;
            printf("\n%*s", indent, "");
        } else if (column > 0) {
            column += printf(" ");
        }
        for (size_t i = 0; i < size; i++)
            if (text[i] != '*' && text[i] != '`')
                putchar(text[i]);
        column += shown;
        text += size + strspn(text + size, " \n");
    }
    putchar('\n');
}
