// packages.mjs - the npm packages, which are not beside the scripts but in $BUILD/npm.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const directory = resolve(process.env.BUILD ?? 'build', 'npm');
if (!existsSync(join(directory, 'node_modules'))) {
    console.error(
        'the packages that make the slides are missing: `make setup-slides` installs them',
    );
    process.exit(1);
}

export const load = createRequire(join(directory, 'package.json'));
export const pathOf = file => join(directory, 'node_modules', file);
