// start.js - starts the deck in the browser, on a page of 1280 x 720 that is scaled
// to the screen.
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
