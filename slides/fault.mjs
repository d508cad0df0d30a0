// fault.mjs - what is wrong with a deck, in one sentence.

export class Fault extends Error {}

export function fault(where, what) {
    throw new Fault(`${where}: ${what}`);
}
