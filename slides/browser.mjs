// browser.mjs - the deck in a real Chromium: for the handout, and for the tests.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { load } from './packages.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const onMacs = [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

// The system's Chromium, or what CHROMIUM names.
export async function launch() {
    const executablePath = [
        process.env.CHROMIUM,
        ...process.env.PATH.split(delimiter).flatMap(directory =>
            names.map(name => join(directory, name)),
        ),
        ...onMacs,
    ].find(path => path && existsSync(path));
    if (!executablePath)
        throw new Error('Chromium is missing: `make setup-slides` installs it');
    try {
        return await load('playwright-core').chromium.launch({
            executablePath,
            chromiumSandbox: process.getuid?.() !== 0, // root can't have one
        });
    } catch (error) {
        const [why] = error.message.split('\n'); // Playwright's log follows
        throw new Error(`${executablePath} cannot be started: ${why}`);
    }
}

// A page that shows the deck of a track, on its first slide. Whoever wants to hear of what
// happens meanwhile gives a function that listens.
export async function open(browser, file, { track = 'all', listen, ...options } = {}) {
    const page = await browser.newPage({
        viewport: { width: 1280, height: 720 },
        ...options,
    });
    page.setDefaultTimeout(180_000); // a busy machine is slow, not broken
    listen?.(page);
    await page.goto(`${pathToFileURL(file).href}?track=${track}`);
    await page.waitForFunction(() => window.Reveal?.isReady());
    return page;
}

// Press the right arrow until that leads nowhere, or out of the only deck that is asked for;
// call visit() at every step, with the slide's id, where it is written, and its step (0, 1, ...).
export async function walk(page, visit, only) {
    const whereIs = () =>
        page.evaluate(() => {
            const slide = Reveal.getCurrentSlide();
            const step = (Reveal.getIndices().f ?? -1) + 1;
            return { id: slide.id, where: slide.dataset.where, step };
        });
    let before;
    let at = await whereIs();
    do {
        await visit(at);
        before = at;
        await page.keyboard.press('ArrowRight');
        at = await whereIs();
    } while (
        (at.id !== before.id || at.step !== before.step) &&
        (!only || at.where.startsWith(`slides/${only}.md`))
    );
}

// By how many pixels what is on the slide goes beyond its frame: beyond the slide's
// sides, or below its body, where the footer and the links of pictures are, or above it,
// where the heading is.
export function overflow(page) {
    return page.evaluate(() => {
        const slide = Reveal.getCurrentSlide(),
            sides = slide.getBoundingClientRect();
        const { top, bottom } = slide.querySelector('.body').getBoundingClientRect();
        const boxes = [...slide.querySelectorAll('.body svg, .body img')].map(it =>
            it.getBoundingClientRect(),
        );
        let above = 0;
        const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            if (text.parentElement.closest('footer, aside, svg, .timer, .picture figcaption'))
                continue;
            const range = document.createRange();
            range.selectNodeContents(text);
            const lines = [...range.getClientRects()];
            boxes.push(...lines);
            if (text.parentElement.closest('.body'))
                above = Math.max(above, ...lines.map(line => top - line.top));
        }
        const over = boxes.flatMap(box => [
            box.right - sides.right,
            sides.left - box.left,
            box.bottom - bottom,
        ]);
        return Math.round(Math.max(above, ...over) / Reveal.getScale());
    });
}
