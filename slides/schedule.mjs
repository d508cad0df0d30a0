// schedule.mjs - the lessons, and when each of them begins.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from './fault.mjs';
import { escape } from './html.mjs';

const lecture = 90,
    pause = 15; // minutes: when it is time for a break, and how long it is

// {name, number, title, part, talk, exercise, tracks} of each lesson, in order.
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
                part: value('part'),
                talk: Number(minutes[1]),
                exercise: Number(minutes[2]),
                tracks: value('tracks').split(/, */),
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

function ofTrack(lessons) {
    const rows = [];
    let now = 0,
        sinceBreak = 0;
    for (const { number, title, talk, exercise } of lessons) {
        if (sinceBreak > 0 && sinceBreak + talk + exercise > lecture) {
            rows.push(`<tr class="break">${row([clock(now), '', 'break', pause])}</tr>`);
            now += pause;
            sinceBreak = 0;
        }
        rows.push(
            `<tr>${row([clock(now), number, title, `${talk} + ${exercise}`])}</tr>`,
        );
        now += talk + exercise;
        sinceBreak += talk + exercise;
    }
    const head = ['begins', 'lesson', 'about', 'talk + exercise'];
    const foot = [clock(now), '', 'the end', ''];
    if (rows.length <= 11) return table(head, rows, foot);
    // Before and after lunch, beside each other.
    const middle = breakNearest(rows, rows.length / 2);
    return `<div class="halves">
${table(head, rows.slice(0, middle + 1))}
${table(head, rows.slice(middle + 1), foot)}
</div>`;
}

const breakNearest = (rows, place) =>
    rows
        .map((text, at) => ({ text, at }))
        .filter(({ text }) => text.includes('class="break"'))
        .sort((a, b) => Math.abs(a.at - place) - Math.abs(b.at - place))[0].at;

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

// The schedule of a track, as a table.
export function schedule(track, lessons, where) {
    if (track === 'all') return ofParts(lessons);
    const those = lessons.filter(lesson => lesson.tracks.includes(track));
    if (those.length === 0) fault(where, `no lesson is in a track '${track}'`);
    return ofTrack(those);
}
