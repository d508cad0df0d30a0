// handout.mjs - looks whether every slide fits its frame at every step, then prints
// the deck of each track, one page a slide; then, as all is well, it takes the place of
// the deck that was there.
//
//     node slides/handout.mjs [INTO]
//
// reads INTO/draft.html (build/slides) and makes of it INTO/index.html, and for all
// lessons INTO/handout.pdf and INTO/notes.pdf (the same, with the notes), for a track
// INTO/handout-TRACK.pdf and INTO/notes-TRACK.pdf; INTO/calls.pdf is the cheat sheet.

import { renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launch, open, overflow, walk } from './browser.mjs';

// Prints INTO/draft.html in the browser, and puts it in place. Returns what is too large, a
// sentence for each slide; then what was there stays.
export async function printHandout(browser, into) {
    const draft = join(into, 'draft.html');
    const page = await open(browser, draft, { reducedMotion: 'reduce' });
    const tracks = await page.evaluate(() => document.documentElement.dataset.tracks);
    await page.close();
    const tooMuch = new Map(); // by slide, once
    const made = [];
    // One after the other: side by side the same deck gives another file each time.
    for (const track of tracks.split(' ')) {
        const names = ['handout', 'notes'].map(name =>
            track === 'all' ? `${name}.pdf` : `${name}-${track}.pdf`,
        );
        const paths = names.map(name => join(into, `.${name}`));
        await printTrack(browser, draft, track, paths, tooMuch);
        made.push(...names);
    }
    if (tooMuch.size === 0) {
        await printCalls(browser, into);
        for (const name of made) renameSync(join(into, `.${name}`), join(into, name));
        renameSync(draft, join(into, 'index.html'));
    }
    return [...tooMuch].map(([where, what]) => `${where}: ${what}`);
}

// The cheat sheet, on A4.
async function printCalls(browser, into) {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(into, 'calls.html')).href);
    const margin = '12mm';
    await page.pdf({
        path: join(into, 'calls.pdf'),
        format: 'A4',
        margin: { top: margin, bottom: margin, left: margin, right: margin },
        tagged: true,
    });
    await page.close();
    rmSync(join(into, 'calls.html'));
}

async function printTrack(browser, draft, track, [handout, notes], tooMuch) {
    const page = await open(browser, draft, { track, reducedMotion: 'reduce' });
    const visit = async ({ where, step }) => {
        const pixels = await overflow(page);
        if (pixels > 0 && !tooMuch.has(where))
            tooMuch.set(
                where,
                `at step ${step} it is ${pixels} pixels too large for its frame`,
            );
    };
    // The slides of the lessons are in the track of all; others have their own schedule.
    await walk(page, visit, track === 'all' ? undefined : 'opening');
    if (tooMuch.size === 0) {
        // On paper a link to a file of the course would be one of this machine.
        await page.evaluate(() =>
            document
                .querySelectorAll('a[href]:not([href^="http"])')
                .forEach(link => link.removeAttribute('href')),
        );
        const options = {
            preferCSSPageSize: true,
            printBackground: true,
            tagged: true,
            outline: true,
        };
        await page.pdf({ ...options, path: handout });
        await page.evaluate(() => document.documentElement.classList.add('with-notes'));
        await page.addStyleTag({ content: '@page { size: 1280px 1810px }' });
        await page.pdf({ ...options, path: notes });
    }
    await page.close();
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
