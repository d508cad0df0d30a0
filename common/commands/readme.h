/* readme.h - what `make lesson-05` shows of a lesson's README. */
#ifndef README_H
#define README_H

enum { MOST_QUESTIONS = 8192 /* bytes */ };

struct readme {
    char title[1024];
    char questions[MOST_QUESTIONS]; /* to answer first, a line for each */
    char idea[2048];                /* the only paragraph that is bold as a whole */
};

/* What is missing, and all of it where there is no README, is "". */
void readme_read(struct readme *readme, const char *directory);

#endif
