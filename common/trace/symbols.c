/* symbols.c - see symbols.h */

#include "symbols.h"

#include "../die.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct function {
    uint64_t low, high; /* in its file */
};

struct module {
    struct trace_module part;
    bool fixed;                 /* it was linked for the addresses at which it is */
    struct function *functions; /* NULL: it is stripped, and nothing is known of it */
    size_t function_count;
    struct function main;
};

static struct module modules[4 * TRACE_MODULES];
static size_t module_count;

static int compare_functions(const void *a, const void *b)
{
    uint64_t one = ((const struct function *)a)->low,
             two = ((const struct function *)b)->low;

    return (one > two) - (one < two);
}

/* The functions of a table of symbols; `text` is their names, of `size` bytes. */
static void read_symbols(struct module *module, const Elf64_Sym *symbols, size_t count,
                         const char *text, size_t size)
{
    module->functions = xcalloc(count + 1, sizeof *module->functions);
    for (size_t i = 0; i < count; i++) {
        struct function found = {symbols[i].st_value,
                                 symbols[i].st_value + symbols[i].st_size};

        if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FUNC || symbols[i].st_size == 0)
            continue;
        module->functions[module->function_count++] = found;
        if (symbols[i].st_name < size && strcmp(text + symbols[i].st_name, "main") == 0)
            module->main = found;
    }
    qsort(module->functions, module->function_count, sizeof *module->functions,
          compare_functions);
}

/* A part of a file, or NULL. free() frees it. */
static void *read_part(FILE *file, uint64_t offset, uint64_t size)
{
    char *part = size < UINT32_MAX ? xcalloc(1, size + 1) : NULL;

    if (part && fseek(file, (long)offset, SEEK_SET) == 0 &&
        fread(part, size, 1, file) == 1)
        return part;
    free(part);
    return NULL;
}

/* A stripped file must not be asked for functions: the nearest that it exports is another
 * one. */
static void look_into(struct module *module)
{
    FILE *file = fopen(module->part.path, "rb");
    Elf64_Ehdr *head = file ? read_part(file, 0, sizeof *head) : NULL;
    Elf64_Shdr *sections = NULL;

    if (head && memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
        head->e_ident[EI_CLASS] == ELFCLASS64 && head->e_shentsize == sizeof *sections)
        sections = read_part(file, head->e_shoff, head->e_shnum * sizeof *sections);
    for (int i = 0; sections && i < head->e_shnum; i++) {
        const Elf64_Shdr *table = &sections[i], *text = &sections[table->sh_link];
        Elf64_Sym *symbols;
        char *strings;

        if (table->sh_type != SHT_SYMTAB || table->sh_link >= head->e_shnum)
            continue;
        symbols = read_part(file, table->sh_offset, table->sh_size);
        strings = read_part(file, text->sh_offset, text->sh_size);
        if (symbols && strings && module->functions == NULL)
            read_symbols(module, symbols, table->sh_size / sizeof *symbols, strings,
                         text->sh_size);
        free(symbols);
        free(strings);
    }
    if (head)
        module->fixed = head->e_type == ET_EXEC;
    free(sections);
    free(head);
    if (file)
        fclose(file);
}
static void add_module(const struct trace_module *part)
{
    for (size_t i = 0; i < module_count; i++)
        if (part->low >= modules[i].part.low && part->low < modules[i].part.high)
            return;
    if (module_count == sizeof modules / sizeof *modules)
        return;
    modules[module_count].part = *part;
    look_into(&modules[module_count++]);
}

void symbols_take_modules(const struct trace_record *record)
{
    for (uint32_t i = 0; i < record->modules && i < TRACE_MODULES; i++)
        add_module(&record->module[i]);
}

void symbols_read_maps(int pid)
{
    char path[64], line[1024], bits[8];
    uint64_t low, high, offset, first = 0;
    struct trace_module part = {0};
    FILE *maps;
    int at;

    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    maps = fopen(path, "r");
    if (maps == NULL)
        return;
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &low,
                   &high, bits, &offset, &at) < 4 ||
            line[at] != '/')
            continue;
        if (offset == 0)
            first = low;
        if (bits[2] != 'x')
            continue;
        part.low = low;
        part.high = high;
        part.bias = first;
        snprintf(part.path, sizeof part.path, "%.*s", (int)strcspn(line + at, "\n"),
                 line + at);
        add_module(&part);
    }
    fclose(maps);
}

static struct module *module_of(uint64_t address)
{
    for (size_t i = 0; i < module_count; i++)
        if (address >= modules[i].part.low && address < modules[i].part.high)
            return &modules[i];
    return NULL;
}

static uint64_t bias_of(const struct module *module)
{
    return module->fixed ? 0 : module->part.bias;
}

bool symbols_find_function(uint64_t address, uint64_t *low, uint64_t *high)
{
    const struct module *module = module_of(address);
    size_t from = 0, to = module ? module->function_count : 0;

    if (to == 0)
        return false;
    address -= bias_of(module);
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;

        if (module->functions[middle].low <= address)
            from = middle;
        else
            to = middle;
    }
    *low = module->functions[from].low + bias_of(module);
    *high = module->functions[from].high + bias_of(module);
    return address >= module->functions[from].low &&
           address < module->functions[from].high;
}

bool symbols_find_main(uint64_t *low, uint64_t *high)
{
    for (size_t i = 0; i < module_count; i++)
        if (modules[i].main.high != 0) {
            *low = modules[i].main.low + bias_of(&modules[i]);
            *high = modules[i].main.high + bias_of(&modules[i]);
            return true;
        }
    return false;
}

void symbols_write_modules(FILE *to)
{
    for (size_t i = 0; i < module_count; i++)
        fprintf(to, "module\t0x%" PRIx64 "\t0x%" PRIx64 "\t0x%" PRIx64 "\t%d\t%s\n",
                modules[i].part.low, modules[i].part.high, bias_of(&modules[i]),
                modules[i].functions == NULL, modules[i].part.path);
}
