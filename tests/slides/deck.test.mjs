// deck.test.mjs - the deck in a real browser: what it must be, and that it is the same
// each time that it is made.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { launch, open } from '../../slides/browser.mjs';
import { filesBelow, inspect, lessonsOf, openSpeaker, pagesOf } from './inspect.mjs';

const built = resolve(process.env.BUILD ?? 'build', 'slides');
const index = join(built, 'index.html');
const handouts = {
    all: join(built, 'handout.pdf'),
    'half-day': join(built, 'handout-half-day.pdf'),
    'one-day': join(built, 'handout-one-day.pdf'),
};
const browser = await launch();

const says = {
    lessons: 'every lesson is there, in order',
    notes: 'every slide has notes, which the class does not see',
    headings: 'every slide has exactly one heading',
    frame: 'every slide fits its frame at every step, without scrolling',
    pictures: 'pictures are loaded and described',
    code: 'all code and output shown is a part of a lesson file',
    links: 'what is shown has a link to its file, which is there',
    votes: 'each lesson has a vote, and nobody sees the answer before',
    sizes: 'code and the labels of pictures have 24 of 720 pixels or more, text 28',
    steps: 'every step lights a line',
    edges: 'the red edge moves in real time, but not on paper nor with reduced motion',
    keys: 'the keys reach every slide, the overview, the blank screen and the help',
    speaker: 'the speaker window follows, with notes, next slide and timer',
    console: 'no error on the console',
    requests: 'no request outside the file',
    axe: 'axe-core finds nothing serious',
};
const complaints = await inspect(browser, '.', index);
for (const what in complaints)
    test(says[what], () => assert.deepEqual(complaints[what], []));

test('on a larger screen nothing scrolls', async () => {
    const page = await open(browser, index, { viewport: { width: 1920, height: 1080 } });
    assert.equal(await page.evaluate(() => Reveal.getScale()), 1.5, 'it is scaled');
    assert.ok(
        await page.evaluate(() => document.scrollingElement.scrollHeight <= innerHeight),
    );
    await page.close();
});

for (const track in handouts)
    test(`the handout of ${track} has one page a slide, in order`, async () => {
        const page = await open(browser, index, { track });
        const headings = await page.evaluate(() =>
            Reveal.getSlides().map(slide =>
                slide.querySelector('h1, h2').textContent.replace(/\s+/g, ' '),
            ),
        );
        await page.close();
        const pages = pagesOf(handouts[track]);
        assert.equal(pages.length, headings.length, 'as many');
        headings.forEach((heading, i) =>
            assert.ok(pages[i].includes(heading), `page ${i + 1} is "${heading}"`),
        );
    });

test('the cheat sheet has one page, and calls that their lessons make', () => {
    assert.equal(pagesOf(join(built, 'calls.pdf')).length, 1);
    const rows = readFileSync('slides/calls.md', 'utf8').matchAll(/^\| `(\w+)` \|.*?\((\d\d)\)/gm);
    const calls = [...rows].map(([, call, lesson]) => [call, lesson]);
    assert.equal(calls.length, 20);
    for (const [call, number] of calls) {
        const lesson = lessonsOf('.').find(name => name.startsWith(number));
        const sources = filesBelow(`lessons/${lesson}`).filter(path => path.endsWith('.c'));
        const makes = [...sources, 'common/fetch.c'].some(path =>
            readFileSync(path, 'utf8').includes(`${call}(`),
        );
        assert.ok(makes, `${call} in lesson ${number}`);
    }
});

test('titles tell slides apart; what may be left out is there; the ideas are those of all lessons', async () => {
    const page = await open(browser, index);
    const { slides, ideas } = await page.evaluate(() => ({
        slides: Reveal.getSlides().map(slide => ({
            lesson: slide.id.slice(0, 2),
            title: slide.querySelector('h1, h2').textContent,
            minutes: slide.dataset.timing / 60,
        })),
        ideas: [...document.querySelectorAll('.ideas li')].map(it => it.textContent.slice(0, 2)),
    }));
    await page.close();
    const numbers = lessonsOf('.').map(lesson => lesson.slice(0, 2));
    assert.deepEqual(ideas, numbers, 'the ideas at the end');
    const titles = slides.map(({ title }) => title);
    const again = titles.filter((title, i) => titles.indexOf(title) < i);
    assert.deepEqual([...new Set(again)].sort(), ['What goes wrong in practice', 'Your guess']);
    const rows = readFileSync('slides/README.md', 'utf8').matchAll(/^\| (\d\d) \|.* \| (.+) \((\d+)\) \|$/gm);
    const late = [...rows].map(([, ...row]) => row);
    assert.deepEqual(late.map(([lesson]) => lesson), numbers, 'what to leave out of each');
    for (const row of late)
        assert.ok(slides.some(it => `${it.lesson},${it.title},${it.minutes}` === row.join()), row.join());
});

test('a vote is passed without its answers, which are there when one comes back', async () => {
    const page = await open(browser, index);
    await page.evaluate(() => (location.hash = `#/${document.querySelector('section:has(> .body .ask)').id}`));
    await page.waitForFunction(() => Reveal.getCurrentSlide().querySelector('.ask'));
    const shown = () =>
        page.evaluate(() => Reveal.getCurrentSlide().querySelectorAll('.ask .fragment.visible').length);
    assert.equal(await shown(), 0);
    await page.keyboard.press('Alt+ArrowRight');
    assert.equal(await page.evaluate(() => Reveal.getCurrentSlide().querySelector('.ask')), null);
    await page.keyboard.press('ArrowLeft');
    assert.ok((await shown()) > 2);
    await page.close();
});

test('no notes must be scrolled in a speaker window of 1366 x 768', async () => {
    const page = await open(browser, index, { viewport: { width: 1366, height: 768 } });
    const popup = page.waitForEvent('popup');
    await page.keyboard.press('s');
    const speaker = await popup;
    await speaker.setViewportSize({ width: 1366, height: 768 });
    await speaker.locator('.speaker-controls-notes .value div').waitFor({ timeout: 180_000 });
    const notes = await page.evaluate(() =>
        Reveal.getSlides().map(slide => [slide.id, slide.querySelector('.notes').innerHTML]),
    );
    const scrolls = await speaker.evaluate(
        notes =>
            notes.filter(([, html]) => {
                document.querySelector('.speaker-controls-notes .value').innerHTML = html;
                const all = document.querySelector('#speaker-controls');
                return all.scrollHeight > all.clientHeight;
            }),
        notes,
    );
    assert.deepEqual(scrolls.map(([id]) => id), []);
    await page.close();
});

test('the picture of the front page moves, but not on paper nor with reduced motion', async () => {
    const [picture] = readFileSync('README.md', 'utf8').match(/<picture>.*<\/picture>/s);
    const page = await browser.newPage();
    const shown = async media => {
        await page.goto(pathToFileURL('README.md').href); // whose pictures it may show
        await page.emulateMedia({ media: 'screen', reducedMotion: 'no-preference', ...media });
        await page.setContent(picture);
        const file = await page.evaluate(() => document.querySelector('img').currentSrc);
        await page.goto(file);
        return page.evaluate(() => document.getAnimations().length > 0);
    };
    assert.deepEqual(
        [await shown({}), await shown({ reducedMotion: 'reduce' }), await shown({ media: 'print' })],
        [true, false, false],
    );
    await page.close();
});

// From the first line of the schedule to its end; and each of its lines, as 'break 15', or as the
// number of a lesson.
const readSchedule = () => {
    const cells = [...document.querySelectorAll('.schedule tr')].map(row => [
        ...row.querySelectorAll('td'),
    ]);
    const minutes = ([first]) => {
        const [hours, minutes] = first.textContent.split(':');
        return 60 * hours + Number(minutes);
    };
    const rows = cells.filter(row => row.length > 0);
    const lines = rows.map(([, lesson, , takes]) =>
        lesson.parentNode.className === 'break' ? `break ${takes.textContent}` : lesson.textContent,
    );
    return {
        minutes: minutes(rows.at(-1)) - minutes(rows[0]),
        lines: lines.filter(Boolean),
    };
};

for (const [track, hours] of [
    ['half-day', 3.5],
    ['one-day', 6.5 + 1], // with lunch
])
    test(`the deck of ${track} has its lessons only, and takes ${hours} hours`, async () => {
        const page = await open(browser, index, { track });
        const { slides, shown } = await page.evaluate(() => ({
            slides: Reveal.getSlides().map(it => [it.id, Number(it.dataset.timing)]),
            shown: document.querySelector('.slide-number').textContent,
        }));
        const isBreak = ([id]) => id.startsWith('break-');
        const decks = new Set(
            slides.filter(it => !isBreak(it)).map(([id]) => id.replace(/-\d+$/, '')),
        );
        const lessons = lessonsOf('.').filter(lesson =>
            readFileSync(`lessons/${lesson}/about`, 'utf8').match(`tracks:.*${track}`),
        );
        assert.deepEqual([...decks], ['opening', ...lessons, 'closing']);
        assert.equal(shown.replace(/\s/g, ''), `1/${slides.length}`, 'its own numbers');
        const { minutes, lines } = await page.evaluate(readSchedule);
        const sum = numbers => numbers.reduce((a, b) => a + b, 0);
        assert.ok(minutes <= hours * 60, `${minutes} minutes`);
        assert.ok(minutes > hours * 60 - 30, `${minutes} minutes`);
        assert.ok(lines.some(line => /^break (?:15|60)$/.test(line)), `${lines}`);
        assert.equal(
            minutes,
            sum(slides.map(([, seconds]) => seconds)) / 60,
            'the speaker window counts with the same minutes',
        );
        const asScheduled = slides.map(it =>
            isBreak(it) ? `break ${it[1] / 60}` : it[0].match(/^\d\d(?=-[a-z-]+$)/)?.[0],
        );
        assert.deepEqual(asScheduled.filter(Boolean), lines, 'a slide for each break');
        // Where the track leaves out lessons the next slide is one of its own.
        const last = slides.findIndex(([id]) => id === lessons.at(-1));
        await page.evaluate(id => (location.hash = `#/${id}`), slides[last - 1][0]);
        const complaints = [];
        await openSpeaker(page, complaints);
        assert.deepEqual(complaints, []);
        await page.close();
    });

for (const track in handouts)
    test(`the notes of ${track} have as many pages`, () => {
        const notes = handouts[track].replace('handout', 'notes');
        assert.equal(pagesOf(notes).length, pagesOf(handouts[track]).length);
    });

test('made again, it is the same to the byte', () => {
    const again = resolve(built, '../slides-again');
    execFileSync('node', ['slides/build.mjs', '.', again], {
        env: { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C' },
    });
    assert.ok(readFileSync(index).equals(readFileSync(join(again, 'draft.html'))));
    rmSync(again, { recursive: true });
});

test('it is small, and names no path of this machine', () => {
    assert.ok(statSync(index).size < 3e6, 'under 3 MB');
    for (const file of [index, ...Object.values(handouts)])
        assert.ok(!readFileSync(file, 'latin1').includes(resolve('.')), file);
});

after(() => browser.close());
