// handout.mjs - looks whether every slide fits its frame at every step, then prints
// the deck: one page a slide.
//
//     node slides/handout.mjs [INTO]
//
// reads INTO/index.html and writes INTO/handout.pdf (build/slides).

import { renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { launch, open, overflow, walk } from './browser.mjs';

const into = resolve(process.argv[2] ?? join(process.env.BUILD ?? 'build', 'slides'));
const faults = [];
let browser;
try {
    browser = await launch();
    const tooMuch = new Map(); // by slide, once
    const page = await open(browser, join(into, 'index.html'), {
        reducedMotion: 'reduce',
    });
    await walk(page, async ({ where, step }) => {
        const pixels = await overflow(page);
        if (pixels > 0 && !tooMuch.has(where))
            tooMuch.set(
                where,
                `at step ${step} it is ${pixels} pixels too large for its frame`,
            );
    });
    for (const [where, what] of tooMuch) faults.push(`${where}: ${what}`);
    if (faults.length === 0) {
        // On paper a link to a file of the course would be one of this machine.
        await page.evaluate(() =>
            document
                .querySelectorAll('a[href]:not([href^="http"])')
                .forEach(link => link.removeAttribute('href')),
        );
        await page.pdf({
            path: join(into, '.handout.pdf'),
            preferCSSPageSize: true,
            printBackground: true,
            tagged: true,
            outline: true,
        });
        renameSync(join(into, '.handout.pdf'), join(into, 'handout.pdf'));
    }
} catch (error) {
    faults.push(error.message.split('\n')[0]); // Playwright adds its log
} finally {
    await browser?.close();
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
