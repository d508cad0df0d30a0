// code.mjs - finds a definition in C, and colours it.

import { load } from './packages.mjs';

const highlight = load('highlight.js/lib/core');
highlight.registerLanguage('c', load('highlight.js/lib/languages/c'));

// The lines of the definition of a name, with the comment above it where there are
// at most `most` lines of both; nothing if there is none. The code is laid out by
// clang-format: what begins a definition, and what ends it, stands in the first column.
export function definition(source, name, most) {
    const all = source.trimEnd().split('\n');
    const lineFrom = (i, test) => all.findIndex((line, j) => j >= i && test(line));
    const isHead = new RegExp(`^\\w[^;]*\\b${name}\\([^;]*\\)$`);
    const isType = new RegExp(`^(?:typedef )?(?:struct|enum|union) ${name} \\{$`);
    const isVariable = new RegExp(`^\\w[^=(]*\\b${name}\\b[^(]*?(?: =|;|\\[)`);
    const isMacro = new RegExp(`^#define ${name}\\b`);
    // For each kind: the last line of the definition that begins in line i, or -1.
    const kinds = [
        i => {
            // a function; its head may take several lines, and hold a comment
            const brace = lineFrom(i, line => line === '{');
            const head = all.slice(i, Math.max(brace, i)).join(' ');
            return isHead.test(head.replace(/ *\/\*.*?\*\//g, ''))
                ? lineFrom(brace, line => line === '}')
                : -1;
        },
        i => (isType.test(all[i]) ? lineFrom(i, line => line.startsWith('}')) : -1),
        i => (isVariable.test(all[i]) ? lineFrom(i, line => line.endsWith(';')) : -1),
        i => (isMacro.test(all[i]) ? lineFrom(i, line => !line.endsWith('\\')) : -1),
    ];
    for (const end of kinds) {
        const first = all.findIndex((line, i) => /^[a-z#]/i.test(line) && end(i) >= 0);
        if (first < 0) continue;
        const last = end(first);
        let comment = first;
        if (all[first - 1]?.endsWith('*/'))
            do comment--;
            while (comment > 0 && !all[comment].startsWith('/*'));
        return all.slice(last - comment < most ? comment : first, last + 1);
    }
    return undefined;
}

// Lines of C as HTML, each of which stands by itself: a colour that spans several
// lines ends with the line and begins again in the next.
export function coloured(lines) {
    let open = [];
    return highlight
        .highlight(lines.join('\n'), { language: 'c' })
        .value.split('\n')
        .map(line => {
            const before = open.join('');
            for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g))
                open = tag === '</span>' ? open.slice(0, -1) : [...open, tag];
            return before + line + '</span>'.repeat(open.length);
        });
}
