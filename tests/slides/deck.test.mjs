// deck.test.mjs - the deck in a real browser: what it must be, and that it is the same
// each time that it is made.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { launch, open } from '../../slides/browser.mjs';
import { inspect, pagesOf } from './inspect.mjs';

const built = resolve(process.env.BUILD ?? 'build', 'slides');
const index = join(built, 'index.html'),
    handout = join(built, 'handout.pdf');
const browser = await launch();

const says = {
    lessons: 'every lesson is there, in order',
    notes: 'every slide has notes, which the class does not see',
    headings: 'every slide has exactly one heading',
    frame: 'every slide fits its frame at every step, without scrolling',
    pictures: 'pictures are loaded and described',
    code: 'all code and output shown is a part of a lesson file',
    links: 'what is shown has a link to its file, which is there',
    sizes: 'code has 24 of 720 pixels or more, text 28',
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

test('the handout has one page a slide, in order', async () => {
    const page = await open(browser, index);
    const headings = await page.evaluate(() =>
        Reveal.getSlides().map(slide =>
            slide.querySelector('h1, h2').textContent.replace(/\s+/g, ' '),
        ),
    );
    await page.close();
    const pages = pagesOf(handout);
    assert.equal(pages.length, headings.length, 'as many');
    headings.forEach((heading, i) =>
        assert.ok(pages[i].includes(heading), `page ${i + 1} is "${heading}"`),
    );
});

test('made again, it is the same to the byte, and so is the handout but for its dates', () => {
    const again = resolve(built, '../slides-again');
    const make = script =>
        execFileSync(
            'node',
            [`slides/${script}`, ...(script === 'build.mjs' ? ['.'] : []), again],
            { env: { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C' } },
        );
    make('build.mjs');
    make('handout.mjs');
    const undated = pdf =>
        readFileSync(pdf, 'latin1').replace(/\/(?:Creation|Mod)Date \([^)]*\)/g, '');
    assert.ok(
        readFileSync(index).equals(readFileSync(join(again, 'index.html'))),
        'index.html',
    );
    assert.ok(undated(handout) === undated(join(again, 'handout.pdf')), 'handout.pdf');
    rmSync(again, { recursive: true });
});

test('it is small, and names no path of this machine', () => {
    assert.ok(statSync(index).size < 3e6, 'under 3 MB');
    for (const file of [index, handout])
        assert.ok(!readFileSync(file, 'latin1').includes(resolve('.')), file);
});

after(() => browser.close());
