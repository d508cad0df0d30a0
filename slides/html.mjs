// html.mjs - text as HTML, between tags and in an attribute.

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escape = text =>
    String(text).replace(/[&<>"]/g, character => entities[character]);
