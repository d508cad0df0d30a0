// address.mjs - where the course can be had, as COURSE_URL says: as text, and as a QR code.

import { fault } from './fault.mjs';
import { escape } from './html.mjs';
import { load } from './packages.mjs';

// '' if nothing is said.
export function readAddress(text = '') {
    if (text !== '' && !/^https?:\/\/[^\s'"$`\\]+$/.test(text))
        fault(`COURSE_URL=${text}`, 'an address begins with https:// and has no spaces');
    return text;
}

export function showAddress(address) {
    if (address === '') return '<p>ADDRESS is on the board.</p>';
    const code = load('qrcode-generator')(0, 'M'); // as large as it must be
    code.addData(address);
    code.make();
    const size = code.getModuleCount();
    const dark = [];
    for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++)
            if (code.isDark(y, x)) dark.push(`M${x} ${y}h1v1h-1z`);
    return `<div class="address">
<svg role="img" aria-label="QR code of ${escape(address)}" viewBox="-4 -4 ${size + 8} ${size + 8}"
 shape-rendering="crispEdges"><title>QR code</title><path d="${dark.join('')}"/></svg>
<p><a href="${escape(address)}">${escape(address)}</a></p>
</div>`;
}
