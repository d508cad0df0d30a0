/* symbols.h - where the code of a watched process is: modules, and functions in them. */
#ifndef TRACE_SYMBOLS_H
#define TRACE_SYMBOLS_H

#include "record.h"

#include <stdbool.h>
#include <stdio.h>

/* The modules that the recorder has noted, and those of /proc/PID/maps, which only can be
 * read while it runs. */
void symbols_take_modules(const struct trace_record *record);
void symbols_read_maps(int pid);

/* The function in which an address is, as [*low, *high); false where it isn't known: its
 * module is stripped. */
bool symbols_find_function(uint64_t address, uint64_t *low, uint64_t *high);

/* The same for main. */
bool symbols_find_main(uint64_t *low, uint64_t *high);

/* As lines of a trace. */
void symbols_write_modules(FILE *to);

#endif
