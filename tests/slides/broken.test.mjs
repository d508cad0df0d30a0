// broken.test.mjs - tests the tests of the slides: a small course whose decks are
// sound, then the same with one thing broken, which must be found and named.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { launch } from '../../slides/browser.mjs';
import { printHandout } from '../../slides/handout.mjs';
import { inspect, pagesOf } from './inspect.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'slides-'));
const browser = await launch();
after(async () => {
    await browser.close();
    rmSync(scratch, { recursive: true });
});

// --- a small course ---

const lesson = (number, name, tracks) => {
    const directory = `lessons/${number}-${name}`;
    return {
        [`${directory}/about`]: `part: 1 Kitchen\ngoal: boil ${name}\nminutes: 4 + 5\ntracks: ${tracks}\n`,
        [`${directory}/README.md`]: `# ${number} ${name}\n\n**${name} is hot.**\n`,
        [`${directory}/${name}_async.c`]: `#include "lesson.h"

static const char *const words[] = {"hot",
                                    "cold"};

struct pot {
    uv_timer_t timer; /* one for each */
};

static void boil(struct pot *pot);

int main(void)
{
    struct pot pot;

    boil(&pot);
    run_and_close();
}

/* Ask the loop to call us
 * when the water boils. */
static void boil(struct pot *pot)
{
    say("pot: start");
    must("start a timer", uv_timer_start(&pot->timer, on_boil, 100, 0));
}
`,
        [`${directory}/${name}_async.out`]: `[ 0.00] pot: start\n[ 0.10] pot: done <b>\n`,
        [`${directory}/timeline.svg`]: `<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 1200 400"
 style="--seconds: 0.10; --from: 190px; --to: 1180px"><rect x="190" y="50" width="600" height="60" fill="#357"/>
<g class="edge" visibility="hidden"><rect x="190" width="1010" height="400" fill="#fff"/></g></svg>\n`,
        [`slides/${number}-${name}.md`]: `# ${name}

How long?

| pots | seconds |
|---|---|
| 1 | ? → 0.10 |

<!-- answer: 0.10 -->

Note:
Let them guess, and write it down. (1 min)

---

## The code

[\`${name}_async.c\`: boil()](../${directory}/${name}_async.c#boil 'say( | uv_timer_start')

[struct pot](../${directory}/${name}_async.c#pot '?timer')

<!-- answer: one for each -->

Note:
Nobody waits here, and nobody of ours calls. (2 min)

---

## The output

[\`${name}_async.out\`](../${directory}/${name}_async.out)

![The pot boils for a tenth of a second](../${directory}/timeline.svg)

\`\`\`sh
make lesson-${number}
\`\`\`

Note:
Run it. The edge moves at the pace of the class. (1 min)

---

## Your turn

\`make exercise-${number}\`

Note:
In pairs, and nobody is the first to speak. (5 min)
`,
    };
};
const sound = {
    'README.md': '# A course\n',
    Makefile: '#: make setup        installs\n#: make lesson-05    shows it\n#: make exercise-05  checks it\n#: make setup-slides install\n',
    'slides/README.md': '# Not a deck\n',
    'slides/calls.md': '# Calls\n',
    'slides/opening.md': `# A course

For cooks.

Note:
Welcome everybody, and wait for those who are late. (1 min)

---

## The day

[Half a day](../lessons 'half-day')

Note:
When there is a break, and when it ends. (1 min)
`,
    ...lesson('01', 'tea', 'half-day, one-day'),
    ...lesson('02', 'cake', 'one-day'),
    'slides/closing.md': `# Good bye\n\nRead on.\n\n[Kitchen](../lessons 'part 1')\n\nNote:\nThank them, and ask what was missing. (1 min)\n`,
};

let courses = 0;
function write(files) {
    const course = join(scratch, `course${++courses}`);
    for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(course, path)), { recursive: true });
        writeFileSync(join(course, path), text);
    }
    return course;
}

// Make the deck of a course; into is where. Fulfilled with {status, stdout, stderr}.
const build = (course, into, env = {}) =>
    new Promise(resolve =>
        execFile(
            'node',
            ['slides/build.mjs', course, into],
            { env: { ...process.env, START: '', ...env } },
            (error, stdout, stderr) =>
                resolve({ status: error?.code ?? 0, stdout, stderr }),
        ),
    );

// All that is wrong with a course's slides, in the order in which it is noticed; the handout,
// which takes as long as all the rest, is printed only where that is asked for.
async function everythingWrong(course, { handout = true, ...options } = {}) {
    const into = join(course, 'build/slides');
    const { status, stdout, stderr } = await build(course, into);
    assert.equal(stdout, '');
    if (status !== 0) return stderr;
    assert.equal(stderr, '');
    const tooMuch = handout ? await printHandout(browser, into) : [];
    if (tooMuch.length > 0) return tooMuch.join('\n');
    const file = join(into, handout ? 'index.html' : 'draft.html');
    const complaints = await inspect(browser, course, file, options);
    return Object.entries(complaints)
        .flatMap(([what, list]) => list.map(it => `${what}: ${it}\n`))
        .join('');
}

// --- what is broken, and what must be said of it ---

const tea = 'slides/01-tea.md',
    cake = 'slides/02-cake.md',
    opening = 'slides/opening.md',
    closing = 'slides/closing.md',
    code = 'lessons/01-tea/tea_async.c';
const edit = (path, from, to) => files => {
    assert.ok(files[path].includes(from), `${path} has: ${from}`);
    return { ...files, [path]: files[path].replace(from, () => to) };
};
const boil = text => edit(code, '    say("pot: start");\n', text);
const remove =
    path =>
    ({ [path]: _, ...rest }) =>
        rest;
const pot = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 300"><g class="part lid"><text y="90"
 font-size="30">lid</text></g><text y="190" font-size="20">steam</text></svg>\n`;
const add = (path, text) => files => ({ ...files, [path]: text });
const all =
    (...changes) =>
    files =>
        changes.reduce((files, change) => change(files), files);

// Found when the deck is built.
const refused = {
    'no notes': [
        edit(
            tea,
            'Note:\nRun it. The edge moves at the pace of the class. (1 min)\n',
            '',
        ),
        /^slides\/01-tea\.md, slide 3: it has no notes/,
    ],
    'empty notes': [
        edit(tea, 'Run it. The edge moves at the pace of the class. (1 min)', ''),
        /^slides\/01-tea\.md, slide 3: its notes are empty/,
    ],
    'no time': [
        edit(tea, ' (2 min)', ''),
        /^slides\/01-tea\.md, slide 2: its notes say 0 times how long/,
    ],
    'two times': [
        edit(tea, '(2 min)', '(1 min) (1 min)'),
        /slide 2: its notes say 2 times how long/,
    ],
    'the wrong minutes': [
        edit(tea, '(2 min)', '(3 min)'),
        /^slides\/01-tea\.md: its slides take 10 minutes, and .*about says 4 \+ 5$/m,
    ],
    'no heading': [
        edit(tea, '## The code\n', ''),
        /^slides\/01-tea\.md, slide 2: it has no heading/,
    ],
    'two headings': [
        edit(tea, '## The code\n', '## The code\n\n### And more\n'),
        /slide 2: it has two headings, "The code" and "And more"/,
    ],
    'a lesson without a deck': [
        remove('slides/02-cake.md'),
        /^slides\/02-cake\.md: there is no such deck/,
    ],
    'a deck without a lesson': [
        add('slides/03-jam.md', '# Jam\n\nNote:\nSweet. (1 min)\n'),
        /^slides\/03-jam\.md: there is no lesson/,
    ],
    'no closing': [
        remove('slides/closing.md'),
        /^slides\/closing\.md: there is no such deck/,
    ],
    'a link to a missing file': [
        edit(tea, 'tea_async.c#boil', 'tea_sync.c#boil'),
        /slide 2: there is no file \.\.\/lessons\/01-tea\/tea_sync\.c$/m,
    ],
    'a link in the text to a missing file': [
        edit(tea, 'How long?', 'See [here](../nowhere.md).'),
        /slide 1: there is no file \.\.\/nowhere\.md$/m,
    ],
    'a renamed function': [
        all(
            edit(
                code,
                'static void boil(struct pot *pot)\n{',
                'static void heat(struct pot *pot)\n{',
            ),
        ),
        /slide 2: there is no definition of 'boil' in tea_async\.c$/m,
    ],
    'a line instead of a name': [
        edit(tea, '#boil', '#L10'),
        /slide 2: .*#L10 does not name a definition$/m,
    ],
    'lines of an output': [
        edit(tea, 'tea_async.out)', 'tea_async.out#1-2)'),
        /slide 3: .*: of an output all is shown$/m,
    ],
    'a link whose title does not end': [
        edit(tea, "uv_timer_start')", 'uv_timer_start)'),
        /slide 2: this is no Markdown, though it looks so: .*boil\(\)\]\(/,
    ],
    'emphasis that does not end': [
        edit(tea, 'How long?', 'How **long?'),
        /slide 1: this is no Markdown, though it looks so: How \*\*long\?/,
    ],
    'a command of no lesson': [
        edit(tea, 'make exercise-01', 'make exercise-10'),
        /slide 4: there is no make exercise-10$/m,
    ],
    'a command that does not exist': [
        edit(tea, 'make lesson-01', 'make && make lessen-01'),
        /slide 3: there is no make lessen-01$/m,
    ],
    'a command in the notes that does not exist': [
        edit(tea, 'In pairs,', '`make setup-slides install`: in pairs,'),
        /slide 4: there is no make install$/m,
    ],
    'a program that does not exist': [
        edit(tea, 'make lesson-01', 'build/lessons/01-tea/tea_sync 5'),
        /slide 3: there is no build\/lessons\/01-tea\/tea_sync$/m,
    ],
    'a step word that is not there': [
        edit(tea, 'uv_timer_start', 'uv_timer_stop'),
        /slide 2: the step 'uv_timer_stop' does not occur in /,
    ],
    'code that is too long': [
        boil('    say("pot: start");\n'.repeat(20)),
        /slide 2: boil in tea_async\.c has 24 lines, and 20 fit$/m,
    ],
    'code that is too wide': [
        boil(`    say("${'pot '.repeat(20)}");\n`),
        /slide 2: a line of \d+ columns, and 84 fit: say\("pot/,
    ],
    'an output that is too long': [
        edit(
            'lessons/01-tea/tea_async.out',
            '[ 0.00] pot: start\n',
            '[ 0.00] pot: start\n'.repeat(50),
        ),
        /tea_async\.out has 51 lines, and 20 fit$/m,
    ],
    'a picture that is not there': [
        remove('lessons/01-tea/timeline.svg'),
        /slide 3: there is no file .*timeline\.svg$/m,
    ],
    'an SVG that is none': [
        add('lessons/01-tea/timeline.svg', 'git-lfs\n'),
        /slide 3: .*timeline\.svg is no SVG picture$/m,
    ],
    'a picture without description': [
        edit(tea, '![The pot boils for a tenth of a second]', '![]'),
        /slide 3: the picture .*timeline\.svg has no description$/m,
    ],
    'a timeline of a program that is not recorded': [
        edit(tea, 'timeline.svg)', "timeline.svg 'tea_async | tea_sync')"),
        /slide 3: draw: there is no recording of tea_sync in .*01-tea$/m,
    ],
    'a part that is not in the drawing': [
        all(add('slides/pot.svg', pot), edit(tea, 'How long?', "![A pot](pot.svg 'lid | handle')")),
        /slide 1: there is no part 'handle' in pot\.svg$/m,
    ],
    'a web picture': [
        edit(tea, '../lessons/01-tea/timeline.svg', 'https://example.org/a.svg'),
        /slide 3: the picture https:\/\/example\.org\/a\.svg is not a file of ours$/m,
    ],
    'an unknown track': [
        edit('slides/opening.md', "'half-day'", "'half-a-day'"),
        /^slides\/opening\.md, slide 2: no lesson is in a track 'half-a-day'$/m,
    ],
    'an unknown part': [
        edit(closing, "'part 1'", "'part 4'"),
        /^slides\/closing\.md, slide 1: no lesson is in a track 'part 4'$/m,
    ],
    'a lesson without minutes': [
        edit('lessons/01-tea/about', 'minutes: 4 + 5\n', ''),
        /^lessons\/01-tea\/about: it has no "minutes: talk \+ exercise"$/m,
    ],
};

// Found in the browser, all in one deck: so each is found beside all the others.
const seen = {
    'a heading in the HTML': [
        edit(tea, 'How long?', 'How long?\n\n<h3>Not long</h3>'),
        /^headings: slide 01-tea, step 0: 2 headings$/m,
    ],
    'pasted code': [
        edit(tea, '```sh\nmake lesson-01\n```', '```c\nboil(&kettle);\n```'),
        /^code: slide 01-tea-3, step 0: this is in no lesson: boil\(&kettle\);$/m,
    ],
    'a broken picture': [
        all(
            add('slides/pot.png', 'no picture'),
            edit(cake, 'How long?', 'How long?\n\n![A pot](pot.png)'),
        ),
        /^pictures: slide 02-cake, step 0: pot\.png is not loaded$/m,
    ],
    'a picture in the HTML without description': [
        edit(
            opening,
            'For cooks.',
            '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
        ),
        /^pictures: slide opening, step 0: .* has no description$/m,
    ],
    'a web picture in the HTML': [
        edit(closing, 'Read on.', '<img alt="x" src="https://example.org/a.png">'),
        /^requests: https:\/\/example\.org\/a\.png$/m,
    ],
    'a console error': [
        edit(tea, 'How long?', 'How long?\n\n<script>console.error("ouch")</script>'),
        /^console: ouch$/m,
    ],
    'a script that fails': [
        edit(cake, 'How long?', 'How long?\n\n<script>ouch()</script>'),
        /^console: ouch is not defined$/m,
    ],
    'low contrast': [
        edit(cake, 'How long?', '<p style="color: #bbb">How long?</p>'),
        /^axe: slide 02-cake, step 0: color-contrast: /m,
    ],
    'small text': [
        edit(tea, 'How long?', '<p style="font-size: 20px">How long?</p>'),
        /^sizes: slide 01-tea, step 0: too small: How long\?$/m,
    ],
    'a small label in a drawing': [
        all(add('slides/pot.svg', pot), edit(cake, '## Your turn\n', '## Your turn\n\n![A pot](pot.svg)\n')),
        /^sizes: slide 02-cake-4, step 0: too small: steam$/m,
    ],
    'an answer before its vote': [
        edit(cake, "'?timer'", "'timer'"),
        /^votes: slide 02-cake-2, step 0: the answer is seen before the vote: one for each$/m,
    ],
    'a program that is run before its vote': [
        all(
            add('lessons/02-cake/cake_async@5.out', 'exit 5\n'),
            edit(cake, 'make lesson-02\n```', 'make lesson-02\n```\n\n`make lesson-02`'),
            edit(cake, 'In pairs', '<!-- answer: exit 5 -->\n\nIn pairs'),
            edit(cake, 'Note:\n<!-- answer: exit 5 -->\n\n', '<!-- answer: exit 5 -->\n\nNote:\n'),
        ),
        /^votes: slide 02-cake-4, step 0: the answer is seen before the vote: exit 5$/m,
    ],
    'a set-up that shows what is asked later': [
        edit(opening, 'Note:\nWelcome', '`make setup lesson-02`\n\nNote:\nWelcome'),
        /^votes: slide 02-cake, step 0: the answer is seen before the vote: 0\.10$/m,
    ],
    'an edge that does not move': [
        edit('lessons/01-tea/timeline.svg', 'class="edge"', 'class="ledge"'),
        /^edges: slide 01-tea-3, step 0: /m,
    ],
};

// Found when the handout is printed.
const tooLarge = {
    'an overflowing slide': [
        edit(tea, 'How long?', 'How long?\n\n'.repeat(12)),
        /^slides\/01-tea\.md, slide 1: at step 0 it is \d+ pixels too large for its frame$/m,
    ],
    'words that grow into the heading': [
        edit(closing, 'Read on.', 'Read on.\n\n'.repeat(9)),
        /^slides\/closing\.md, slide 1: at step 0 it is \d+ pixels too large/m,
    ],
    'a word that is too wide': [
        edit(cake, 'How long?', 'o'.repeat(90)),
        /^slides\/02-cake\.md, slide 1: at step 0 it is \d+ pixels too large/m,
    ],
    'two listings that are too much together': [
        boil('    say("pot: start");\n'.repeat(14)),
        /^slides\/01-tea\.md, slide 2: at step 0 it is \d+ pixels/m,
    ],
};

const soundCourse = write(sound),
    soundSlides = join(soundCourse, 'build/slides');

test('nothing is wrong with a sound deck', async () => {
    const course = soundCourse;
    assert.equal(await everythingWrong(course), '');
    const pages = pagesOf(join(course, 'build/slides/handout.pdf'));
    assert.equal(pages.length, 10, "without the half day's schedule");
    assert.match(pages[1], /Afterwards you can boil tea\./, 'the goal');
    assert.match(pages[1], /1 0\.10/, 'the table is filled in');
    assert.match(
        pages[2],
        /when the water boils\. \*\/.*static void boil.*struct pot \{/,
        'the comment, the code, the struct',
    );
    assert.doesNotMatch(
        pages[2],
        /run_and_close|static void boil\(struct pot \*pot\);/,
        'and nothing else',
    );
    assert.match(pages[3], /\[ 0\.10\] pot: done <b>/, 'the output as such');
    assert.match(pages[4], /make exercise-01 in lessons\/01-tea\/exercise\.c/, 'the file to edit');
    const half = pagesOf(join(course, 'build/slides/handout-half-day.pdf'));
    assert.equal(half.length, 7, 'the lessons of the track only');
    assert.match(
        half[1],
        /9:00 Opening 2 9:02 01 tea 4 ?\+ ?5 9:11 Closing 1 9:12 the end/,
        'and its schedule',
    );
    assert.match(half[2], /tea.* 3$/, 'its own numbers');
    assert.match(half[6], /Read on\. 01 tea is hot\. (?!02)/, 'its own ideas');
    assert.match(pages[9], /01 tea is hot\. 02 cake is hot\./, 'the ideas of all');
    const notes = pagesOf(join(course, 'build/slides/notes-half-day.pdf'));
    assert.equal(notes.length, 7, 'as many pages with notes');
    assert.match(notes[2], /How long\?.*Let them guess/, 'the slide and its notes');
});

for (const [fault, [change, sentence]] of Object.entries(refused))
    test(`found: ${fault}`, async () =>
        assert.match(await everythingWrong(write(change(sound))), sentence));

for (const [where, faults, looks] of [
    ['in the browser', seen, { handout: false, speaker: false }],
    ['by the handout', tooLarge, {}],
])
    test(`found ${where}`, async t => {
        const changes = Object.values(faults).map(([change]) => change);
        const said = await everythingWrong(write(all(...changes)(sound)), looks);
        for (const [fault, [, sentence]] of Object.entries(faults))
            await t.test(fault, () => assert.match(said, sentence));
    });

const handouts = ['handout.pdf', 'handout-half-day.pdf', 'notes.pdf'];
const readSlides = names => names.map(name => readFileSync(join(soundSlides, name), 'latin1'));

// Chromium numbers what is tagged on from the pages that it had in the same process before;
// whether a closed page's process is used again is a matter of time.
function numberedAnew(pdf) {
    const numbers = new Map();
    return pdf.replace(/\bnode\d{8}\b/g, id => {
        if (!numbers.has(id)) numbers.set(id, String(numbers.size).padStart(8, '0'));
        return `node${numbers.get(id)}`;
    });
}

test('the handout is the same again, but for its dates', async () => {
    const printed = async env => {
        await build(soundCourse, soundSlides);
        execFileSync('node', ['slides/handout.mjs', soundSlides], {
            env: { ...process.env, ...env },
        });
        return readSlides(handouts).map(pdf =>
            numberedAnew(pdf.replace(/\/(?:Creation|Mod)Date \([^)]*\)/g, '')),
        );
    };
    const good = await printed({});
    const again = await printed({ TZ: 'Asia/Tokyo', LC_ALL: 'C' });
    assert.ok(again.every((text, i) => text === good[i]));
});

test('a slide that does not fit leaves the last deck and handout as they were', async () => {
    const names = ['index.html', ...handouts];
    const good = readSlides(names);
    writeFileSync(join(soundCourse, tea), tooLarge['an overflowing slide'][0](sound)[tea]);
    assert.match(await everythingWrong(soundCourse), /too large for its frame/);
    assert.ok(readSlides(names).every((text, i) => text === good[i]));
});

test('a comment in the head of a function', async () => {
    const files = edit(
        code,
        'static void boil(struct pot *pot)\n{',
        'static void boil(struct pot *pot) /* one; of\n                                    many (two) */\n{',
    )(sound);
    const course = write(files);
    assert.equal((await build(course, join(course, 'build/slides'))).stderr, '');
});

test('what the build refuses is said in one line, and leaves what was there', async () => {
    const into = join(scratch, 'kept');
    mkdirSync(into);
    writeFileSync(join(into, 'index.html'), 'good');
    const { status, stderr } = await build(write(refused['no heading'][0](sound)), into);
    assert.equal(status, 1);
    assert.equal(stderr.trim().split('\n').length, 1);
    assert.deepEqual(readdirSync(into), ['index.html']);
    assert.equal(readFileSync(join(into, 'index.html'), 'utf8'), 'good');
});

test('the course begins when START says, and that is a time', async () => {
    const course = write(sound),
        into = join(course, 'build/slides');
    await build(course, into, { START: '13:30' });
    assert.match(readFileSync(join(into, 'draft.html'), 'utf8'), /<td>13:32<\/td><td>01</);
    for (const START of ['9', '24:00', '9:60', 'noon'])
        assert.deepEqual(await build(course, into, { START }), {
            status: 1,
            stdout: '',
            stderr: `START=${START}: a time of day is written like 9:00\n`,
        });
});

test('the address is on the page, as text, command and picture', async () => {
    const files = edit(opening, 'For cooks.', '[COURSE_URL](../README.md)\n\n`git clone COURSE_URL tea`');
    const course = write(files(sound)),
        into = join(course, 'build/slides');
    const page = () => readFileSync(join(into, 'draft.html'), 'utf8');
    await build(course, into, { COURSE_URL: 'https://example.org/?a=1&b=2' });
    assert.match(page(), /<svg role="img" aria-label="QR code of https:\/\/example.org\/\?a=1&amp;b=2"/);
    assert.match(page(), /<a href="https:\/\/example.org\/\?a=1&amp;b=2">https:/);
    assert.match(page(), /<code>git clone https:\/\/example.org\/\?a=1&amp;b=2 tea</);
    await build(course, into, { COURSE_URL: '' });
    assert.match(page(), /on the board\..*<code>git clone ADDRESS tea</s);
    for (const COURSE_URL of ['example.org', 'ftp://example.org', 'https://a b', "https://'"])
        assert.deepEqual(await build(course, into, { COURSE_URL }), {
            status: 1,
            stdout: '',
            stderr: `COURSE_URL=${COURSE_URL}: an address begins with https:// and has no spaces\n`,
        });
});

test('a track that is none is told', async () => {
    const course = write(sound),
        into = join(course, 'build/slides');
    await build(course, into);
    const page = await browser.newPage();
    await page.goto(`file://${into}/draft.html?track=day`);
    assert.equal(
        await page.innerText('body'),
        'There is no track "day", but ?track= all half-day one-day',
    );
    await page.close();
});

test('a lesson that is left out of the page is missed', async () => {
    const course = write(sound),
        into = join(course, 'build/slides');
    await build(course, into);
    mkdirSync(join(course, 'lessons/03-jam'));
    const { lessons, votes } = await inspect(browser, course, join(into, 'draft.html'), {
        axe: false,
        speaker: false,
    });
    assert.match(lessons.join(), /there should be opening 01-tea 02-cake 03-jam closing/);
    assert.deepEqual(votes, ['03-jam has no vote']);
});

test('a variable that takes several lines', async () => {
    const files = edit(
        tea,
        "[struct pot](../lessons/01-tea/tea_async.c#pot '?timer')",
        '[words](../lessons/01-tea/tea_async.c#words)',
    )(sound);
    const course = write(files),
        into = join(course, 'build/slides');
    assert.equal((await build(course, into)).stderr, '');
    const text = readFileSync(join(into, 'draft.html'), 'utf8').replace(/<[^>]*>/g, '');
    assert.match(
        text,
        /static const char \*const words\[\] = \{&quot;hot&quot;,\n +&quot;cold&quot;\};\n/,
    );
});
