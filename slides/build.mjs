// build.mjs - makes one self-contained HTML file of the decks.
//
//     node slides/build.mjs [COURSE [INTO]]
//
// reads COURSE/slides/*.md (but README.md), and of COURSE/lessons what they point to, and writes
// INTO/draft.html (build/slides), which handout.mjs makes the deck of, and INTO/calls.html. What is wrong with a
// deck is said in one sentence, and then nothing is written.

import { spawnSync } from 'node:child_process';
import {
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAddress, showAddress } from './address.mjs';
import { coloured, definition } from './code.mjs';
import { Fault, fault } from './fault.mjs';
import { escape } from './html.mjs';
import { load, pathOf } from './packages.mjs';
import {
    breaksOf,
    clockOf,
    readLessons,
    schedule,
    sum,
    tracksOf,
    tracksWith,
} from './schedule.mjs';
import { checkWords } from './words.mjs';

const { Marked } = load('marked');

const here = dirname(fileURLToPath(import.meta.url));
const course = resolve(process.argv[2] ?? join(here, '..'));
const into = resolve(process.argv[3] ?? join(process.env.BUILD ?? 'build', 'slides'));
const decksDirectory = join(course, 'slides');
const lessonsDirectory = join(course, 'lessons');

const title = 'Asynchronous programming in C';
let address; // where it can be had
const draw = join(here, '..', 'common', 'timeline', 'draw');
const columns = 84,
    rows = 20; // of code at 24 of 720 pixels: what fits

// --- what a slide points to ---

const isLocal = href => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i.test(href);
const wordsOf = title => (title ?? '').split(' | ').filter(word => word !== '');
const hrefTo = file => relative(into, file).split(sep).map(encodeURIComponent).join('/');

function fileOf(href, where) {
    const path = href.replace(/#.*/, '');
    const file = join(decksDirectory, decodeURI(path));
    if (!existsSync(file)) fault(where, `there is no file ${path}`);
    return file;
}

// The timeline of some programs of a lesson, in letters for a slide.
function drawn(lesson, programs, where) {
    const { error, status, stdout, stderr } = spawnSync(draw, [lesson, ...programs], {
        encoding: 'utf8',
    });
    if (error) fault(where, `${draw} cannot be started: ${error.message}`);
    if (status !== 0) fault(where, stderr.trim());
    return stdout;
}

// In each step the parts of a drawing that it names are lit: class="part NAME".
function lightParts(svg, names, slide, { href, where }) {
    for (const name of names) {
        const part = `class="part ${name}"`;
        if (!svg.includes(part)) fault(where, `there is no part '${name}' in ${href}`);
        svg = svg.replaceAll(
            part,
            `class="part step fragment custom" data-fragment-index="${slide.steps++}"`,
        );
    }
    return svg;
}

function picture({ href, text: description, title }, slide, where) {
    if (!description.trim()) fault(where, `the picture ${href} has no description`);
    if (!isLocal(href)) fault(where, `the picture ${href} is not a file of ours`);
    const file = fileOf(href, where);
    if (extname(file) === '.svg') {
        const names = wordsOf(title);
        const isTimeline = basename(file) === 'timeline.svg';
        const text = isTimeline && names.length > 0
            ? drawn(dirname(file), names, where)
            : readFileSync(file, 'utf8');
        const all = text.match(/<svg[\s>].*<\/svg>/s)?.[0];
        if (!all) fault(where, `${href} is no SVG picture`);
        const svg = isTimeline ? all : lightParts(all, names, slide, { href, where });
        const id = `${where.match(/[\w-]+(?=\.md)/)}-${where.match(/\d+$/)}`;
        // The deck says what is in the picture, and the slide how large it is. Its ids are
        // its own, also where a picture is used again.
        return svg
            .replace(/\b(id="|url\(#)/g, `$1${id}-`)
            .replace(/<svg[^>]*>/, root =>
                root
                    .replace(/\s(?:role|aria-[a-z]+|width|height)="[^"]*"/g, '')
                    .replace(
                        '<svg',
                        () => `<svg role="img" aria-label="${escape(description)}"`,
                    ),
            );
    }
    const type = { '.png': 'image/png', '.jpg': 'image/jpeg' }[extname(file)];
    if (!type) fault(where, `a picture is an .svg, .png or .jpg, and not ${href}`);
    const data = readFileSync(file, 'base64');
    return `<img alt="${escape(description)}" src="data:${type};base64,${data}">`;
}

// Lines in a frame, with a link to their file. In a step the lines in which its word
// occurs are lit: reveal.js says which step it is by the class current-fragment. What they
// say in a comment is hidden until then if the word begins with a question mark.
function listing({ file, label, text, html, words: marked, kind, where }, slide) {
    const words = marked.map(word => word.replace(/^\?/, ''));
    const tooWide = text.find(line => line.length > columns);
    if (tooWide)
        fault(
            where,
            `a line of ${tooWide.length} columns, and ${columns} fit: ${tooWide.trim()}`,
        );
    const missing = words.find(word => !text.some(line => line.includes(word)));
    if (missing !== undefined)
        fault(where, `the step '${missing}' does not occur in ${basename(file)}`);
    const lines = html.map((line, i) => {
        const lit = words
            .map((word, n) => (text[i].includes(word) ? slide.steps + n : -1))
            .filter(step => step >= 0);
        const opening = lit.map(
            n => `<span class="step fragment custom" data-fragment-index="${n}">`,
        );
        const hidden = marked.findIndex(
            (word, n) => word.startsWith('?') && text[i].includes(words[n]),
        );
        const shown =
            hidden < 0
                ? line
                : line.replace(
                      '<span class="hljs-comment"',
                      `<span data-fragment-index="${slide.steps + hidden}" class="hljs-comment fragment"`,
                  );
        return `<span class="line">${opening.join('')}${shown}${'</span>'.repeat(lit.length)}\n</span>`;
    });
    slide.steps += words.length;
    slide.listings.push({
        kind,
        rows: text.length,
        columns: Math.max(...text.map(it => it.length)),
    });
    return `<figure class="listing ${kind}">
<figcaption><a href="${escape(hrefTo(file))}">${label}</a></figcaption>
<pre><code>${lines.join('')}</code></pre>
</figure>`;
}

function code({ file, name, ...more }, slide) {
    const where = more.where;
    const text = definition(readFileSync(file, 'utf8'), name, rows);
    if (!text) fault(where, `there is no definition of '${name}' in ${basename(file)}`);
    if (text.length > rows)
        fault(
            where,
            `${name} in ${basename(file)} has ${text.length} lines, and ${rows} fit`,
        );
    return listing({ file, text, html: coloured(text), kind: 'code', ...more }, slide);
}

// All of a recorded output; in two columns if it is long and narrow.
function output({ file, ...more }, slide) {
    const text = readFileSync(file, 'utf8').trimEnd().split('\n');
    const widest = Math.max(...text.map(line => line.length));
    const isLong = text.length > rows;
    if (isLong && (text.length > 2 * rows || widest > columns / 2 - 1))
        fault(more.where, `${basename(file)} has ${text.length} lines, and ${rows} fit`);
    const html = text.map(line =>
        escape(line).replace(/^\[[^\]]*\]/, '<span class="stamp">$&</span>'),
    );
    const kind = isLong ? 'two' : widest < columns / 2 ? 'narrow' : 'output';
    return listing({ file, text, html, kind, ...more }, slide);
}

// What a paragraph becomes that is only a link, a picture or code (which is a command to
// type); nothing if it stays one.
function pointedTo(token, slide, { lessonsAs, where }) {
    if (token.type === 'codespan') {
        const command = token.text.replace('COURSE_URL', () => address || 'ADDRESS');
        const file = command.startsWith('make exercise-') && slide.exercise;
        const edited = file ? `\n<p class="edited">in <code>${escape(file)}</code></p>` : '';
        return `<p class="command"><code>${escape(command)}</code></p>${edited}`;
    }
    if (token.type === 'link' && token.text === 'COURSE_URL') return showAddress(address);
    if (token.type === 'image') {
        const shown = picture(token, slide, where);
        const file = fileOf(token.href, where);
        return `<figure class="picture">
${shown}
<figcaption><a href="${escape(hrefTo(file))}">${escape(basename(file))}</a></figcaption>
</figure>`;
    }
    if (token.type !== 'link' || !isLocal(token.href)) return undefined;
    const file = fileOf(token.href, where);
    const name = token.href.match(/#(.*)/)?.[1];
    const label = new Marked().parseInline(token.text);
    const words = wordsOf(token.title);
    if (file === lessonsDirectory) return lessonsAs(token.title);
    if (/\.[ch]$/.test(file)) {
        if (!name || !/^(?!L\d)\w+$/.test(name))
            fault(where, `${token.href} does not name a definition`);
        return code({ file, name, label, words, where }, slide);
    }
    if (/\.out$/.test(file)) {
        if (name !== undefined) fault(where, `${token.href}: of an output all is shown`);
        return output({ file, label, words, where }, slide);
    }
    return undefined;
}

// In a table "? → 0.70" is a question mark, and 0.70 from its row's step on.
function fillIn({ rows }, slide) {
    for (const row of rows) {
        const asked = row.filter(cell => cell.text.startsWith('? → '));
        for (const cell of asked) {
            const answer = new Marked().parseInline(cell.text.slice(4));
            const step = `data-fragment-index="${slide.steps}"`;
            const text = `<span class="ask"><span class="fragment fade-out" ${step}>?</span>\
<span class="fragment" ${step}>${answer}</span></span>`;
            cell.tokens = [{ type: 'html', raw: text, text }];
        }
        if (asked.length > 0) slide.steps++;
    }
}

// --- slides ---

// Outputs that follow each other and are narrow enough.
const besideEachOther =
    /(?:<figure class="listing narrow">(?:(?!<\/figure>).)*<\/figure>\s*){2}/gs;

// How the body of a slide is laid out: code as large as fits, so that it can be read
// from the last row, 24 to 40 of 720 pixels; and whether it needs the margins, too.
function layout({ listings }, otherPieces) {
    const narrow = listings.filter(({ kind }) => kind === 'narrow');
    const beside = narrow.length === 2;
    const widths = listings.map(({ kind, columns }) =>
        kind === 'two' ? 2 * columns + 2 : columns,
    );
    const width = Math.max(...widths, beside ? sum(narrow.map(it => it.columns)) + 2 : 0);
    const heights = listings.map(({ kind, rows }) => (kind === 'two' ? rows / 2 : rows));
    const height = sum(heights) - (beside ? Math.min(...narrow.map(it => it.rows)) : 0);
    const room = 560 - 45 * listings.length - 90 * otherPieces;
    const most = Math.min(40, 1224 / (width * 0.61), room / (height * 1.2));
    const size = Math.max(24, Math.floor(most));
    return { size, isWide: width * size * 0.61 > 1160 };
}

// <!-- answer: 0.40 | raw --> are words that nobody must have seen before this slide's vote.
const answerOf = token => token.raw.match(/^<!-- answer: (.*) -->\s*$/)?.[1];

// What is shown, what is told, how many minutes that takes, and the words of the answer.
function splitNotes(tokens, where) {
    const at = tokens.findIndex(
        token => token.type === 'paragraph' && /^Note:/.test(token.raw),
    );
    if (at < 0) fault(where, 'it has no notes (a paragraph that begins with "Note:")');
    const notes = tokens
        .slice(at)
        .map(token => token.raw)
        .join('')
        .replace('Note:', '')
        .trim();
    if (notes === '') fault(where, 'its notes are empty');
    const times = [...notes.matchAll(/\((\d+(?:\.\d+)?) min\)/g)];
    if (times.length !== 1)
        fault(
            where,
            `its notes say ${times.length} times how long it takes, like "(4 min)", and not once`,
        );
    const shown = tokens.slice(0, at);
    return {
        shown: shown.filter(token => !answerOf(token)),
        answer: shown.map(answerOf).find(Boolean),
        notes,
        minutes: Number(times[0][1]),
    };
}

function findHeading(tokens, where) {
    const [first, second] = tokens.filter(token => token.type === 'heading');
    if (!first) fault(where, 'it has no heading');
    if (second) fault(where, `it has two headings, "${first.text}" and "${second.text}"`);
    if (tokens.find(token => token.type !== 'space') !== first)
        fault(where, 'it does not begin with its heading');
    return first;
}

function makeSlide(parts, { deck, lesson, lessonsAs }) {
    const { where, number, heading, shown, notes, minutes, tracks, answer } = parts;
    const exercise = lesson && `lessons/${deck}/exercise.c`; // which the class edits
    const slide = { steps: 0, listings: [], exercise };
    const parser = new Marked({
        renderer: {
            image: token => picture(token, slide, where),
            link(token) {
                if (!isLocal(token.href)) return false; // as Marked does it
                const href = escape(hrefTo(fileOf(token.href, where)));
                return `<a href="${href}">${this.parser.parseInline(token.tokens)}</a>`;
            },
        },
    });
    const pieces = shown
        .filter(token => token !== heading && token.type !== 'space')
        .map(token => {
            if (token.type === 'table') fillIn(token, slide);
            const only =
                token.type === 'paragraph' &&
                token.tokens.length === 1 &&
                token.tokens[0];
            return (
                (only && pointedTo(only, slide, { lessonsAs, where })) ||
                parser.parser([token]).trim()
            );
        });
    const body = pieces
        .join('\n')
        .replace(besideEachOther, '<div class="beside">$&</div>');
    const { size, isWide } = layout(slide, pieces.length - slide.listings.length);
    const isText = !/<(?:figure|table|pre|svg)\b/.test(body);

    const home = lesson
        ? join(lessonsDirectory, deck, 'README.md')
        : join(course, 'README.md');
    const name = lesson ? `${lesson.number} ${lesson.title}` : title;
    const isFirst = number === 1;
    const isExercise = body.includes('<code>make exercise-');
    const kind = !isFirst ? 'plain' : lesson ? 'first' : 'title';
    const above =
        isFirst && lesson
            ? `<p class="lesson">Lesson ${lesson.number}: \
${lesson.talk} minutes, and ${lesson.exercise} for the exercise</p>\n`
            : '';
    const goal =
        isFirst && lesson?.goal
            ? `\n<p class="goal">Afterwards you can ${escape(lesson.goal)}.</p>`
            : '';
    return `
<section id="${deck}${isFirst ? '' : `-${number}`}" class="${kind}"
 data-where="${where}" data-timing="${minutes * 60}"${onlyIn(tracks)}${answer ? ` data-answer="${escape(answer)}"` : ''}>
<header>
${above}${parser.parser([heading]).trim()}
</header>
<div class="body${isText ? ' text' : ''}${isWide ? ' wide' : ''}" style="--code: ${size}px">
${body}${goal}
</div>
${lesson && isExercise ? `<p class="timer" data-minutes="${minutes}"></p>\n` : ''}<footer><a href="${escape(hrefTo(home))}">${escape(name)}</a></footer>
<aside class="notes"><div style="font-size: 20px">
${parser.parse(notes).trim()}
</div></aside>
</section>`;
}

// In the decks of which tracks something is; start.js takes it out of the others.
const onlyIn = tracks => (tracks ? ` data-tracks="${tracks.join(' ')}"` : '');

// {name, lesson, slides: {where, number, heading, shown, notes, minutes}}
function readDeck(name, lessons) {
    const lesson = lessons.find(lesson => lesson.name === name);
    const parts = [[]];
    for (const token of new Marked().lexer(
        readFileSync(join(decksDirectory, `${name}.md`), 'utf8'),
    ))
        if (token.type === 'hr') parts.push([]);
        else parts.at(-1).push(token);
    const slides = parts.map((tokens, i) => {
        const where = `slides/${name}.md, slide ${i + 1}`;
        const heading = findHeading(tokens, where);
        checkWords(tokens, { course, lessons, where });
        const parts = splitNotes(tokens, where);
        const title = parts.shown
            .map(token => token.tokens?.length === 1 && token.tokens[0])
            .find(only => only?.href === '../lessons')?.title;
        const tracks = title && tracksWith(title, lessons, where);
        return { where, number: i + 1, heading, tracks, ...parts };
    });
    const minutes = sum(slides.map(slide => slide.minutes));
    if (lesson && minutes !== lesson.talk + lesson.exercise)
        fault(
            `slides/${name}.md`,
            `its slides take ${minutes} minutes, \
and lessons/${name}/about says ${lesson.talk} + ${lesson.exercise}`,
        );
    return { name, lesson, slides };
}

function readDecks(lessons) {
    const wanted = ['opening', ...lessons.map(({ name }) => name), 'closing'];
    const there = readdirSync(decksDirectory)
        .filter(name => extname(name) === '.md' && !/^(?:README|calls)\.md$/.test(name))
        .map(name => basename(name, '.md'));
    for (const name of wanted)
        if (!there.includes(name)) fault(`slides/${name}.md`, 'there is no such deck');
    for (const name of there)
        if (!wanted.includes(name))
            fault(`slides/${name}.md`, 'there is no lesson of that name');
    return wanted.map(name => readDeck(name, lessons));
}

// How long the slides take in the deck of a track, which has not all of them.
const minutesOf = ({ slides }, track) =>
    sum(
        slides
            .filter(({ tracks }) => !tracks || tracks.includes(track))
            .map(slide => slide.minutes),
    );

// A break is a slide, too, so that the class sees how long it is, and the speaker's window
// counts it.
function makeBreak({ title, minutes, ends, before }, track, number) {
    const name = title[0].toUpperCase() + title.slice(1);
    return `<section${onlyIn([track])}>
<section id="break-${track}-${number}" class="title"
 data-where="the ${title} before ${before}" data-timing="${minutes * 60}">
<header>
<h1>${name}</h1>
</header>
<div class="body text">
<p>We go on in ${minutes} minutes.</p>
</div>
<p class="timer" data-minutes="${minutes}"></p>
<aside class="notes"><div style="font-size: 20px">
<p>If all was on time it goes on at ${ends}; the slide counts the minutes from now. Whoever is stuck in an exercise, or has no
machine that works, comes to you now. Try the next lesson's <code>make demo</code> before they are back. (${minutes} min)</p>
</div></aside>
</section>
</section>`;
}

function makeDecks(lessons) {
    const decks = readDecks(lessons);
    const start = clockOf(process.env.START || '9:00');
    const frame = track => ({
        start,
        opening: minutesOf(decks[0], track),
        closing: minutesOf(decks.at(-1), track),
    });
    const lessonsAs = title => schedule(title, lessons, frame(title));
    const breaks = tracksOf(lessons).flatMap(track =>
        breaksOf(track, lessons, frame(track)).map((it, i) => ({
            before: it.before,
            made: makeBreak(it, track, i + 1),
        })),
    );
    return decks.flatMap(({ name, lesson, slides }) => {
        const about = { deck: name, lesson, lessonsAs };
        const made = slides.map(slide => makeSlide(slide, about));
        return [
            ...breaks.filter(({ before }) => before === name).map(it => it.made),
            `<section${onlyIn(lesson?.tracks)}>${made.join('\n')}\n</section>`,
        ];
    });
}

// --- the page ---

// A script within a page must not seem to end, nor to begin a comment.
const script = text =>
    `<script>${text.replace(/<(?=\/?script|!--)/gi, '\\x3C')}</script>`;

// The class print-pdf keeps reveal.css from printing the slides in its own way, which
// is not one page a slide.
function makePage(decks, tracks) {
    const reveal = name => readFileSync(pathOf(`reveal.js/dist/${name}`), 'utf8');
    const ours = name => readFileSync(join(here, name), 'utf8');
    return `<!DOCTYPE html>
<html lang="en" class="print-pdf"${onlyIn(tracks)}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
${reveal('reset.css')}
${reveal('reveal.css')}
${ours('theme.css')}
</style>
</head>
<body>
<main class="reveal">
<div class="slides">
${decks.join('\n')}
</div>
</main>
${script(reveal('reveal.js'))}
${script(reveal('plugin/notes.js'))}
${script(ours('start.js'))}
</body>
</html>
`;
}

// The cheat sheet, which becomes a page of paper.
const makeCalls = () => `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Twenty calls</title>
<style>
body { font: 13px/1.35 system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif; margin: 0; }
h1 { margin: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 3px 8px 3px 0; border-bottom: 1px solid #c9ced6; }
</style>
${new Marked().parse(readFileSync(join(decksDirectory, 'calls.md'), 'utf8'))}</html>
`;

try {
    address = readAddress(process.env.COURSE_URL);
    const lessons = readLessons(lessonsDirectory);
    const page = makePage(makeDecks(lessons), tracksOf(lessons));
    mkdirSync(into, { recursive: true });
    writeFileSync(join(into, 'calls.html'), makeCalls());
    writeFileSync(join(into, 'draft.html'), page);
} catch (error) {
    if (!(error instanceof Fault) && !error.syscall) throw error; // a fault of this script
    console.error(error.message);
    process.exitCode = 1;
}
