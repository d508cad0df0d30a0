// handout.mjs - looks whether every slide fits its frame at every step, then prints
// the deck: one page a slide.
//
//     node slides/handout.mjs [INTO]
//
// reads INTO/index.html and writes INTO/handout.pdf (build/slides).

import { renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, open, overflow, walk } from './browser.mjs';

// Prints INTO/index.html in the browser. Returns what is too large, a sentence for each
// slide; then nothing was printed.
export async function printHandout(browser, into) {
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
    if (tooMuch.size === 0) {
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
    await page.close();
    return [...tooMuch].map(([where, what]) => `${where}: ${what}`);
}

async function main(into) {
    let browser;
    try {
        browser = await launch();
        return await printHandout(browser, into);
    } catch (error) {
        return [error.message.split('\n')[0]]; // Playwright adds its log
    } finally {
        await browser?.close();
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const faults = await main(
        resolve(process.argv[2] ?? join(process.env.BUILD ?? 'build', 'slides')),
    );
    for (const fault of faults) console.error(fault);
    process.exitCode = faults.length > 0 ? 1 : 0;
}
