// schedule.mjs - the lessons, and when each of them begins.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from './fault.mjs';
import { escape } from './html.mjs';

// Minutes: after how many there is a break at the latest, how long it is, and which course
// is so long that one of the breaks is for lunch.
const lecture = 105,
    pause = 15,
    lunch = 60,
    long = 300;

// {name, number, title, idea, part, goal, talk, exercise, tracks} of each lesson, in order; all
// lessons are in the track 'all'.
export function readLessons(directory) {
    return readdirSync(directory)
        .filter(name => /^\d\d-/.test(name))
        .sort()
        .map(name => {
            const about = readFileSync(join(directory, name, 'about'), 'utf8');
            const readme = readFileSync(join(directory, name, 'README.md'), 'utf8');
            const value = key =>
                about.match(new RegExp(`^${key}: *(.*)$`, 'm'))?.[1] ?? '';
            const minutes = value('minutes').match(/^(\d+) \+ (\d+)$/);
            if (!minutes)
                fault(`lessons/${name}/about`, 'it has no "minutes: talk + exercise"');
            return {
                name,
                number: name.slice(0, 2),
                title: readme.match(/^# \d+ (.*)$/m)?.[1] ?? name.slice(3),
                idea: readme.match(/\n\n\*\*([^*]+)\*\*\n/)?.[1].replace(/\n/g, ' ') ?? '',
                part: value('part'),
                goal: value('goal'),
                talk: Number(minutes[1]),
                exercise: Number(minutes[2]),
                tracks: ['all', ...value('tracks').split(/, */).filter(Boolean)],
            };
        });
}

export const sum = numbers => numbers.reduce((a, b) => a + b, 0);
const clock = minutes =>
    `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
const row = (cells, tag = 'td') =>
    cells.map(cell => `<${tag}>${escape(cell)}</${tag}>`).join('');

function table(head, rows, foot) {
    return `<table class="schedule${rows.length > 8 ? ' long' : ''}">
<thead><tr>${row(head, 'th')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>${foot ? `\n<tfoot><tr>${row(foot)}</tr></tfoot>` : ''}
</table>`;
}

// What comes after what: {title, minutes, lesson} and breaks.
function plan(lessons, { opening, closing }) {
    const sessions = [[{ title: 'Opening', minutes: opening }]];
    const add = step => {
        const minutes = sum(sessions.at(-1).map(it => it.minutes));
        if (minutes + step.minutes > lecture) sessions.push([step]);
        else sessions.at(-1).push(step);
    };
    for (const lesson of lessons)
        add({ title: lesson.title, minutes: lesson.talk + lesson.exercise, lesson });
    add({ title: 'Closing', minutes: closing });
    const steps = sessions.flatMap((session, i) =>
        i === 0 ? session : [{ title: 'break', minutes: pause, isBreak: true }, ...session],
    );
    if (sum(steps.map(step => step.minutes)) > long)
        Object.assign(breakInTheMiddle(steps), { title: 'lunch', minutes: lunch });
    return steps;
}

function breakInTheMiddle(steps) {
    const half = sum(steps.map(step => step.minutes)) / 2;
    const distance = step =>
        Math.abs(sum(steps.slice(0, steps.indexOf(step)).map(it => it.minutes)) - half);
    return steps
        .filter(step => step.isBreak)
        .sort((a, b) => distance(a) - distance(b))[0];
}

// The breaks in the deck of a track: {title, minutes, ends, before}, the last being the deck
// that follows. A course of several days has breaks when it wants.
export function breaksOf(track, lessons, { start, ...frame }) {
    if (track === 'all') return [];
    const steps = plan(
        lessons.filter(lesson => lesson.tracks.includes(track)),
        frame,
    );
    let now = start;
    return steps.flatMap(({ title, minutes, isBreak }, i) => {
        now += minutes;
        const before = steps[i + 1]?.lesson?.name ?? 'closing';
        return isBreak ? [{ title, minutes, ends: clock(now), before }] : [];
    });
}

function ofTrack(lessons, { start, ...frame }) {
    const steps = plan(lessons, frame);
    let now = start;
    const rows = steps.map(({ title, minutes, lesson, isBreak }) => {
        const takes = lesson ? `${lesson.talk} + ${lesson.exercise}` : minutes;
        const cells = row([clock(now), lesson?.number ?? '', title, takes]);
        now += minutes;
        return `<tr${isBreak ? ' class="break"' : ''}>${cells}</tr>`;
    });
    const head = ['begins', 'lesson', 'about', 'minutes'];
    const foot = [clock(now), '', 'the end', ''];
    if (rows.length <= 11) return table(head, rows, foot);
    // Before and after lunch, beside each other.
    const middle = steps.indexOf(breakInTheMiddle(steps));
    return `<div class="halves">
${table(head, rows.slice(0, middle + 1))}
${table(head, rows.slice(middle + 1), foot)}
</div>`;
}

// All lessons would be too many for one slide: a line for each part.
function ofParts(lessons) {
    const minutes = some => [
        sum(some.map(lesson => lesson.talk)),
        sum(some.map(lesson => lesson.exercise)),
        clock(sum(some.map(lesson => lesson.talk + lesson.exercise))),
    ];
    const rows = [...new Set(lessons.map(lesson => lesson.part))].map(part => {
        const those = lessons.filter(lesson => lesson.part === part);
        const range = `${those[0].number} - ${those.at(-1).number}`;
        return `<tr>${row([part, range, ...minutes(those)])}</tr>`;
    });
    return table(['part', 'lessons', 'talk', 'exercise', 'hours'], rows, [
        'all',
        lessons.length,
        ...minutes(lessons),
    ]);
}

// The ideas of the lessons of a part ("part 1"), one a line, each in its lessons' tracks.
const ofPart = (part, lessons) =>
    lessons.filter(lesson => `part ${lesson.part}`.startsWith(`${part} `));

const ideas = lessons => `<ul class="ideas">
${lessons.map(({ number, idea, tracks }) => `<li data-tracks="${tracks.join(' ')}">${number} ${escape(idea)}</li>`).join('\n')}
</ul>`;

// The tracks in which there is what the title of a link to the lessons names.
export function tracksWith(title, lessons, where) {
    if (tracksOf(lessons).includes(title)) return [title];
    const tracks = tracksOf(ofPart(title, lessons));
    if (tracks.length === 0) fault(where, `no lesson is in a track '${title}'`);
    return tracks;
}

// 540 of "9:00".
export function clockOf(text) {
    const [, hours, minutes] = text.match(/^(\d\d?):([0-5]\d)$/) ?? [];
    if (!(hours < 24)) fault(`START=${text}`, 'a time of day is written like 9:00');
    return 60 * hours + Number(minutes);
}

export const tracksOf = lessons => [...new Set(lessons.flatMap(lesson => lesson.tracks))];

// The schedule of a track, as a table: from when it starts, with the minutes of the
// opening and of the closing. Or the ideas of a part.
export function schedule(track, lessons, frame) {
    if (track.startsWith('part ')) return ideas(ofPart(track, lessons));
    if (track === 'all') return ofParts(lessons);
    return ofTrack(
        lessons.filter(lesson => lesson.tracks.includes(track)),
        frame,
    );
}
