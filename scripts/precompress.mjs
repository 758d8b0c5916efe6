// Writes .br and .gz beside every built file, so that the server need not compress. Only for release builds: the edit
// loop should not wait for it.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

if (process.env.TRUNK_PROFILE !== 'release') process.exit(0);
const folder = process.env.TRUNK_STAGING_DIR;
for (const name of readdirSync(folder, { recursive: true })) {
  const file = join(folder, name);
  if (!/\.(js|wasm|css|svg)$/.test(file) || statSync(file).size < 512) continue;
  const body = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  writeFileSync(`${file}.br`, brotliCompressSync(body, { params }));
  writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
}
