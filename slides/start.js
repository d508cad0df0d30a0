// start.js - starts the deck of a track, index.html?track=half-day, in the browser, on a page
// of 1280 x 720 that is scaled to the screen.
const { tracks } = document.documentElement.dataset;
const track = new URLSearchParams(location.search).get('track') ?? 'all';
if (!tracks.split(' ').includes(track)) {
    document.body.textContent = `There is no track "${track}", but ?track= ${tracks}`;
    throw new Error(document.body.textContent);
}
for (const element of document.querySelectorAll('[data-tracks]'))
    if (!element.dataset.tracks.split(' ').includes(track)) element.remove();
if (track !== 'all') document.title += `: ${track}`;

Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    maxScale: 8,
    center: false,
    display: 'flex',
    controls: false,
    slideNumber: 'c/t',
    hash: true,
    defaultTiming: 60, // so that the speaker view compares with the slides' own times
    navigationMode: 'linear', // a deck is a column in the overview, and → passes through all
    transition: 'none',
    backgroundTransition: 'none',
    plugins: [RevealNotes],
});

// In the speaker's window the notes have half of the width, so that they have room; what was
// chosen there stays.
const layout = 'reveal-speaker-layout';
try {
    localStorage.setItem(layout, localStorage.getItem(layout) ?? 'tall');
} catch {
    // a browser that keeps nothing for files shows its usual layout
}

// How much time is left for an exercise, from when its slide has come.
setInterval(() => {
    const timer = Reveal.getCurrentSlide()?.querySelector('.timer');
    if (!timer) return;
    timer.dataset.end ??= Date.now() + timer.dataset.minutes * 60_000;
    const left = Math.max(0, Math.ceil((timer.dataset.end - Date.now()) / 1000));
    timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}, 500);
