/* readme.c - see readme.h */

#include "commands/readme.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void append(char *text, size_t room, const char *line)
{
    size_t size = strlen(text);

    snprintf(text + size, room - size, "%s", line);
}

/* A line of the questions: a number begins the next one, spaces go on with it. */
static void read_question(char *questions, const char *line)
{
    if (isdigit((unsigned char)*line)) {
        append(questions, MOST_QUESTIONS, *questions ? "\n" : "");
        append(questions, MOST_QUESTIONS, line);
    } else if (*line == ' ' && *questions) {
        append(questions, MOST_QUESTIONS, line + strspn(line, " ") - 1);
    }
}

static bool is_bold(const char *text)
{
    size_t size = strlen(text);

    return size > 4 && strncmp(text, "**", 2) == 0 &&
           strstr(text + 2, "**") == text + size - 2;
}

void readme_read(struct readme *readme, const char *directory)
{
    char path[1200], line[1024], paragraph[2048] = "";
    bool asks = false;
    FILE *file;

    *readme = (struct readme){.title = ""};
    snprintf(path, sizeof path, "%s/README.md", directory);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "# ", 2) == 0 && !*readme->title)
            append(readme->title, sizeof readme->title, line + 2);
        asks = strncmp(line, "## ", 3) == 0 ? strcmp(line, "## Before you run it") == 0
                                            : asks && strncmp(line, "<details>", 9) != 0;
        if (asks)
            read_question(readme->questions, line);
        append(paragraph, sizeof paragraph, *paragraph && *line ? " " : "");
        append(paragraph, sizeof paragraph, line);
        if (*line == '\0') {
            if (is_bold(paragraph))
                append(readme->idea, sizeof readme->idea, paragraph);
            *paragraph = '\0';
        }
    }
    if (file)
        fclose(file);
}
