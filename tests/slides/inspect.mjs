// inspect.mjs - looks at a deck in a real browser, at every step, and says what is
// wrong with it. deck.test.mjs asks that of the deck, broken.test.mjs of decks that are broken.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open, overflow, walk } from '../../slides/browser.mjs';
import { pathOf } from '../../slides/packages.mjs';

const squeeze = text => text.replace(/\s+/g, ' ').trim();

// What a slide may tell to type, which is no code of a lesson.
const command = /^(?:\$ )?(?:make|git|diff|cd|node|build\/|common\/|tests\/)/;

export function filesBelow(directory) {
    return readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
        const path = join(directory, entry.name);
        return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

export function lessonsOf(course) {
    return readdirSync(join(course, 'lessons'))
        .filter(name => /^\d\d-/.test(name))
        .sort();
}

// What a command makes its programs print in front of the class.
function printedBy(command, course) {
    const [, number] = command.match(/^(?:\$ )?make .*?\b(?:lesson|demo)-(\d+)/) ?? [];
    const [, lesson, program] = command.match(/build\/lessons\/([\w-]+)\/(\w+)/) ?? [];
    return filesBelow(join(course, 'lessons'))
        .filter(path => /\.out$/.test(path) && !/exercise/.test(path))
        .filter(path =>
            number
                ? path.includes(`/${number}-`)
                : lesson && new RegExp(`/${lesson}/${program}[@.]`).test(path),
        )
        .map(path => readFileSync(path, 'utf8'));
}

// What can be asked of a slide as it stands there.
function describe() {
    const slide = Reveal.getCurrentSlide();
    const visible = element =>
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const sizes = (selector, least) =>
        [...slide.querySelectorAll(selector)]
            .filter(
                element =>
                    visible(element) &&
                    parseFloat(getComputedStyle(element).fontSize) < least,
            )
            .map(element => element.textContent);
    // How large a label of a picture is, as it stands there.
    const pixels = text =>
        (parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a) /
        Reveal.getScale();
    return {
        shown: slide.innerText.replace(/\s+/g, ' '),
        answer: slide.dataset.answer?.split(' | ') ?? [],
        commands: [...slide.querySelectorAll('.command')].map(it => it.textContent.trim()),
        notes: slide.querySelector('aside.notes')?.textContent.trim() ?? '',
        notesShown: [...slide.querySelectorAll('aside.notes')].some(visible),
        headings: [...slide.querySelectorAll('h1, h2, h3, h4, h5, h6')]
            .filter(visible)
            .map(it => it.textContent),
        pictures: [...slide.querySelectorAll('img, svg:not(svg svg)')].map(it => ({
            name:
                it.closest('figure')?.querySelector('a')?.textContent ??
                it.outerHTML.slice(0, 60),
            described:
                (it.getAttribute('alt') ?? it.getAttribute('aria-label') ?? '').trim() !==
                '',
            loaded:
                it.tagName === 'IMG'
                    ? it.complete && it.naturalWidth > 0
                    : it.getBoundingClientRect().height > 50 &&
                      it.querySelectorAll('*').length > 1,
        })),
        listings: [...slide.querySelectorAll('pre')].map(it => it.textContent.trimEnd()),
        withoutLink: [...slide.querySelectorAll('figure')].filter(
            it => !it.querySelector('figcaption a[href]'),
        ).length,
        links: [...slide.querySelectorAll('a[href]')]
            .map(it => it.href)
            .filter(href => href.startsWith('file:')),
        unlit: slide.querySelector('.current-fragment')
            ? 0
            : slide.querySelectorAll('.fragment').length,
        scrolls:
            document.scrollingElement.scrollHeight > innerHeight ||
            document.scrollingElement.scrollWidth > innerWidth,
        small: [
            ...sizes('pre, pre *', 24),
            ...sizes('p, li, td, th', 28),
            ...[...slide.querySelectorAll('svg text')]
                .filter(text => pixels(text) < 24)
                .map(text => text.textContent),
        ],
        edges: [...slide.querySelectorAll('svg.timeline')].map(svg => {
            const [move] = svg.querySelector('.edge')?.getAnimations() ?? [];
            return {
                seconds: Number(svg.style.getPropertyValue('--seconds')),
                ...move?.effect.getTiming(),
                started: move?.startTime ?? Infinity, // it is about to
            };
        }),
        now: document.timeline.currentTime,
    };
}

// {what is looked at: [complaints]}
// What axe-core says of the slide that is shown. It looks at all that is in the page before it
// chooses, a second for each step of a large deck; so the other slides are taken out meanwhile.
async function axeOfSlide() {
    const others = [...document.querySelectorAll('.slides > section > section')]
        .filter(slide => !slide.classList.contains('present'))
        .map(slide => [slide.parentNode, slide.nextSibling, slide]);
    for (const [, , slide] of others) slide.remove();
    const { violations } = await axe.run('section.present > section.present');
    for (const [deck, next, slide] of others.reverse()) deck.insertBefore(slide, next);
    return violations;
}

export async function inspect(
    browser,
    course,
    file,
    { axe = true, speaker = true } = {},
) {
    const complaints = {
        lessons: [],
        notes: [],
        headings: [],
        frame: [],
        pictures: [],
        code: [],
        links: [],
        votes: [],
        sizes: [],
        steps: [],
        edges: [],
        keys: [],
        speaker: [],
        console: [],
        requests: [],
        axe: [],
    };
    const lessonFiles = [
        ...filesBelow(join(course, 'lessons')),
        ...(existsSync(join(course, 'common')) ? filesBelow(join(course, 'common')) : []),
    ]
        .filter(path => /\.(?:c|h|out)$/.test(path))
        .map(path => readFileSync(path, 'utf8'));
    const page = await open(browser, file, {
        listen(page) {
            page.on(
                'console',
                message =>
                    message.type() === 'error' && complaints.console.push(message.text()),
            );
            page.on('pageerror', error => complaints.console.push(error.message));
            page.on('request', request => {
                if (
                    !/^(?:data|blob|about):/.test(request.url()) &&
                    request.url().split(/[?#]/)[0] !== page.url().split(/[?#]/)[0] &&
                    !(page.url() === 'about:blank' && request.isNavigationRequest())
                )
                    complaints.requests.push(request.url());
            });
        },
    });
    if (axe) await page.addScriptTag({ path: pathOf('axe-core/axe.min.js') });

    const visited = new Map(); // slides: how often
    let last, looked; // the slide and the time of the last step
    let left = 0; // when the slide before this one was last seen
    const seen = {}, // deck: [what the class has seen of it]
        ran = {}; // deck: [what its commands print]
    const asked = new Set(); // the decks that have a vote
    await walk(page, async ({ id, step }) => {
        const where = `slide ${id}, step ${step}`;
        const add = (what, complaint) => complaints[what].push(`${where}: ${complaint}`);
        visited.set(id, (visited.get(id) ?? 0) + 1);
        const is = await page.evaluate(describe);
        if (last !== id) left = looked ?? 0;
        [last, looked] = [id, is.now];
        const deck = id.replace(/-\d+$/, '');
        seen[deck] ??= [...(ran.opening ?? [])];
        for (const word of step === 0 ? is.answer : []) {
            asked.add(deck);
            if ([...seen[deck], is.shown].some(text => squeeze(text).includes(word)))
                add('votes', `the answer is seen before the vote: ${word}`);
        }
        const printed = is.commands.flatMap(it => printedBy(it, course));
        seen[deck].push(is.shown, ...printed);
        (ran[deck] ??= []).push(...printed);
        if (is.notes.length < 20) add('notes', 'no notes');
        if (is.notesShown) add('notes', 'the class sees the notes');
        if (is.headings.length !== 1) add('headings', `${is.headings.length} headings`);
        const over = await overflow(page);
        if (over > 0) add('frame', `${over} pixels too large for its frame`);
        if (is.scrolls) add('frame', 'the page scrolls');
        for (const { name, described, loaded } of is.pictures) {
            if (!described) add('pictures', `${name} has no description`);
            if (!loaded) add('pictures', `${name} is not loaded`);
        }
        for (const listing of is.listings) {
            const isPart = lessonFiles.some(text => text.includes(listing));
            if (!isPart && !listing.split('\n').every(line => command.test(line)))
                add('code', `this is in no lesson: ${listing.split('\n')[0]}`);
        }
        if (is.withoutLink > 0) add('links', 'what is shown has no link to its file');
        for (const link of is.links)
            if (!existsSync(fileURLToPath(link.replace(/#.*/, ''))))
                add('links', `${link} leads nowhere`);
        for (const text of is.small) add('sizes', `too small: ${text.slice(0, 40)}`);
        if (step > 0 && is.unlit > 0) add('steps', 'no line is lit');
        for (const { seconds, duration, delay, started } of is.edges)
            if (duration !== seconds * 1000 || delay !== 1000 || !(started >= left))
                add('edges', 'the red edge does not set out, in real time');
        if (axe)
            for (const { id, impact, nodes } of await page.evaluate(axeOfSlide))
                if (/serious|critical/.test(impact))
                    add('axe', `${id}: ${nodes[0].html}`);
    });

    // What is there, against what was visited and what there should be.
    const slides = await page.evaluate(() => Reveal.getSlides().map(slide => slide.id));
    if (slides.join() !== [...visited.keys()].join())
        complaints.keys.push(`→ reaches ${visited.size} of ${slides.length} slides`);
    const decks = [...new Set(slides.map(id => id.replace(/-\d+$/, '')))];
    const wanted = ['opening', ...lessonsOf(course), 'closing'];
    if (decks.join() !== wanted.join())
        complaints.lessons.push(
            `${decks.join(' ')}, but there should be ${wanted.join(' ')}`,
        );
    for (const lesson of lessonsOf(course))
        if (!asked.has(lesson)) complaints.votes.push(`${lesson} has no vote`);
    const steps = [...visited.values()].reduce((a, b) => a + b, 0);
    for (let i = 1; i < steps; i++) await page.keyboard.press('ArrowLeft');
    if (!(await page.evaluate(() => Reveal.isFirstSlide())))
        complaints.keys.push('← does not lead back to the first slide');
    if (axe)
        for (const { id, impact, nodes } of await page.evaluate(
            // Each slide has been looked at; all of them at once take it minutes.
            async () => (await axe.run({ exclude: ['.slides'] })).violations,
        ))
            if (/serious|critical/.test(impact))
                complaints.axe.push(`the page: ${id}: ${nodes[0].html}`);
    await pressKeys(page, complaints.keys);
    if (speaker) await openSpeaker(page, complaints.speaker);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    if (
        await page.evaluate(() =>
            document.getAnimations().some(it => it.animationName === 'edge'),
        )
    )
        complaints.edges.push('with reduced motion the edge moves all the same');
    await page.emulateMedia({ media: 'print' });
    if (
        await page.evaluate(() =>
            [...document.querySelectorAll('.edge')].some(
                it => getComputedStyle(it).visibility !== 'hidden',
            ),
        )
    )
        complaints.edges.push('on paper the edge covers the picture');
    await page.close();
    return complaints;
}

// Overview, blank screen, help: each key shows something, and takes it away again.
async function pressKeys(page, complaints) {
    for (const [there, back, what] of [
        ['Escape', 'Escape', () => Reveal.isOverview()],
        ['o', 'o', () => Reveal.isOverview()],
        ['b', 'b', () => Reveal.isPaused()],
        ['.', '.', () => Reveal.isPaused()],
        ['Shift+?', 'Escape', () => document.querySelector('.r-overlay-help') !== null],
    ]) {
        await page.keyboard.press(there);
        const shown = await page.evaluate(what);
        await page.keyboard.press(back);
        if (!shown || (await page.evaluate(what)))
            complaints.push(`${there} does not do what it should`);
    }
}

// Where the deck stands: the slide, that of the next step, and its notes.
const whereIs = page =>
    page.evaluate(() => {
        const slides = Reveal.getSlides(),
            i = slides.indexOf(Reveal.getCurrentSlide());
        return {
            id: slides[i].id,
            next: slides[Reveal.availableFragments().next ? i : i + 1].id,
            notes: slides[i].querySelector('.notes').textContent,
        };
    });

// Until it is so, or for two minutes; whether it is.
const PATIENCE = 120_000;
async function until(page, isSo) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await page.waitForTimeout(50))
        if (await isSo()) return true;
    return false;
}

// Whether the speaker's window comes to show what the deck shows.
const follows = (page, speaker) =>
    until(page, async () => {
        const { id, next, notes } = await whereIs(page);
        const shown = [];
        for (const frame of speaker.frames().slice(1))
            shown.push(
                await frame
                    .evaluate(() => window.Reveal?.getCurrentSlide()?.id)
                    .catch(() => undefined),
            );
        const read = await speaker
            .locator('.speaker-controls-notes .value')
            .textContent();
        return shown.join() === `${id},${next}` && squeeze(read) === squeeze(notes);
    });

// The speaker's window: the notes of this slide, the next one, a clock; and its keys.
export async function openSpeaker(page, complaints) {
    const popup = page.waitForEvent('popup', { timeout: PATIENCE }).catch(() => undefined);
    await page.keyboard.press('s');
    const speaker = await popup;
    if (!speaker) return complaints.push('it does not open');
    speaker.setDefaultTimeout(PATIENCE);
    speaker.on('pageerror', error => complaints.push(error.message));
    if (!(await follows(page, speaker)))
        complaints.push('it does not show where the deck is');
    for (const [name, window] of [
        ['deck', page],
        ['speaker window', speaker],
    ]) {
        // In its first moments the window may take the deck back to where it was: it is
        // pressed until the deck is elsewhere.
        const { id } = await whereIs(page);
        const pressed = async () => {
            await window.keyboard.press('PageDown');
            await page.waitForTimeout(300);
            return (await whereIs(page)).id !== id;
        };
        if (!(await until(page, pressed)))
            complaints.push(`a key in the ${name} does not move the deck`);
        if (!(await follows(page, speaker)))
            complaints.push(`it does not follow a key in the ${name}`);
    }
    const clocks = await speaker.locator('.speaker-controls-time').innerText();
    if (!/\d\d:\d\d:\d\d/.test(clocks)) complaints.push('there is no timer');
    return speaker.close();
}

// The text of each page of the handout.
export function pagesOf(pdf) {
    return execFileSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' })
        .split('\f')
        .slice(0, -1)
        .map(squeeze);
}
