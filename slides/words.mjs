// words.mjs - what is wrong with the words of a slide or its notes: Markdown that was meant
// for a link but is none, a command that doesn't exist.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from './fault.mjs';
import { load } from './packages.mjs';

const { Marked } = load('marked');

// "make lesson-05" in the Makefile's help stands for each lesson.
function isCommand(word, course, lessons) {
    const number = word.match(/-(\d+)$/)?.[1];
    if (number && !lessons.some(lesson => lesson.number === number)) return false;
    const help = readFileSync(join(course, 'Makefile'), 'utf8').match(/^#: make .*/gm);
    const name = number ? word.replace(/\d+$/, '\\d+') : word;
    return help.some(line => new RegExp(`^#: make ${name}\\b(?!-)`).test(line));
}

function isProgram(path, course) {
    const [, built] = path.match(/^build\/(.*)/) ?? [];
    const source = join(course, built ?? path);
    if (existsSync(source) || existsSync(`${source}.c`)) return true;
    const [, name] = path.match(/^build\/common\/([\w-]+)$/) ?? [];
    return name && readFileSync(join(course, 'Makefile'), 'utf8').includes(name);
}

// The first word of a text to be typed that names nothing which is there.
function missing(text, course, lessons) {
    // What stands in quotes is an argument.
    for (const command of text.replace(/'[^']*'/g, '').split(/&&|[;|\n]/)) {
        const [first, ...more] = command.replace(/^\s*\$ /, '').trim().split(/\s+/);
        const ours = [first, ...more].filter(it => /^(?:build|common|tests)\//.test(it));
        const wrong = ours.find(path => !isProgram(path, course));
        if (wrong) return wrong;
        if (first !== 'make') continue;
        const target = more
            .filter(word => !/^-|=/.test(word))
            .find(word => !isCommand(word, course, lessons));
        if (target) return `make ${target}`;
    }
    return undefined;
}

export function checkWords(tokens, { course, lessons, where }) {
    new Marked().walkTokens(tokens, token => {
        if (token.type === 'text' && !token.tokens && /\]\(|\*\*|`/.test(token.raw))
            fault(where, `this is no Markdown, though it looks so: ${token.raw.slice(0, 60)}`);
        if (token.type !== 'code' && token.type !== 'codespan') return;
        const command = missing(token.text, course, lessons);
        if (command) fault(where, `there is no ${command}`);
    });
}
