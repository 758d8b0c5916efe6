// What is missing is said in one line, and the compiled DuckDB can be asked for.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

let clone;
before(() => {
  clone = mkdtempSync(join(tmpdir(), 'freshmark-clone-'));
  cpSync('scripts', join(clone, 'scripts'), { recursive: true });
  for (const file of ['package-lock.json', 'Cargo.lock', 'rust-toolchain.toml']) cpSync(file, join(clone, file));
  // npm has run, and had no library for this platform.
  mkdirSync(join(clone, 'node_modules'));
  const stamp = join(clone, 'node_modules/.package-lock.json');
  writeFileSync(stamp, '{}');
  utimesSync(stamp, Date.now(), Date.now());
  // A cargo and a trunk that only tell how they were called.
  mkdirSync(join(clone, 'bin'));
  for (const tool of ['cargo', 'trunk']) {
    writeFileSync(join(clone, 'bin', tool), `#!/bin/sh\necho ${tool} "$@" >>"${clone}/calls"\nmkdir -p dist\n`, { mode: 0o755 });
  }
});
after(() => rmSync(clone, { recursive: true, force: true }));

const run = (script, more = {}, args = []) => spawnSync('bash', [`scripts/${script}`, ...args], {
  cwd: clone,
  encoding: 'utf8',
  env: { ...process.env, PATH: `${join(clone, 'bin')}:${process.env.PATH}`, DUCKDB_LIB_DIR: join(clone, 'duckdb'), ...more },
});

test('a platform for which npm has no libduckdb is told so, and what to do', () => {
  const { status, stderr } = run('setup.sh');
  assert.equal(status, 1);
  assert.equal(stderr, 'freshmark: npm has no prebuilt libduckdb for this platform; set FRESHMARK_BUNDLED_DUCKDB=1 to compile it (25 minutes)\n');
});

test('who may not install packages is told which ones Firefox and WebKit come in', () => {
  for (const tool of ['chromium', 'chromedriver']) writeFileSync(join(clone, 'bin', tool), '#!/bin/sh\n', { mode: 0o755 });
  const { status, stderr } = run('setup.sh', {
    FRESHMARK_BUNDLED_DUCKDB: '1',
    FRESHMARK_TOOLS_TARGET: join(clone, 'tools'),
    // A machine without Firefox, and somebody who is not root there.
    'BASH_FUNC_command%%': '() { [ "$2" != firefox-esr ] && builtin command "$@"; }',
    'BASH_FUNC_id%%': '() { echo 1000; }',
  }, ['test']);
  assert.equal(status, 1);
  assert.equal(stderr, 'freshmark: the tests in other engines need Firefox, WebKit and a screen for it; install them (Debian: apt-get install firefox-esr webkit2gtk-driver xvfb fonts-dejavu-core)\n');
});

test('the compiled DuckDB is built where it is asked for, and only there', () => {
  const asked = (more) => {
    rmSync(join(clone, 'calls'), { force: true });
    assert.equal(run('build.sh', more).status, 0);
    return readFileSync(join(clone, 'calls'), 'utf8').split('\n').find((call) => call.startsWith('cargo build'));
  };
  assert.match(asked({ FRESHMARK_BUNDLED_DUCKDB: '1' }), /--features=server\/bundled/);
  assert.doesNotMatch(asked({ FRESHMARK_BUNDLED_DUCKDB: '' }), /bundled/);
});

test('the lockfile has the library of every platform of the README, and no address to download from', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  for (const platform of ['linux-x64', 'linux-arm64']) {
    const { version, integrity } = packages[`node_modules/@duckdb/node-bindings-${platform}`];
    assert.equal(version, packages['node_modules/@duckdb/node-bindings-linux-x64'].version);
    assert.match(integrity, /^sha512-/);
  }
  assert.deepEqual(Object.values(packages).filter((one) => one.resolved), []);
});

// A newcomer's machine has no crate in its cache; Trunk builds without a network.
test('what set-up fetches is all that both builds name, on a machine with nothing', { timeout: 600_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'freshmark-cargo-'));
  try {
    const cargo = (...args) => spawnSync('cargo', args, {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      env: { ...process.env, CARGO_HOME: home },
    });
    const fetching = /^ {2}(cargo fetch .*)$/m.exec(readFileSync('scripts/setup.sh', 'utf8'))?.[1];
    assert.ok(fetching, 'set-up fetches the crates');
    const fetched = cargo(...fetching.split(' ').slice(1));
    assert.equal(fetched.status, 0, fetched.stderr);
    for (const [what, ...target] of [['server'], ['app', '--features', 'csr', '--target', 'wasm32-unknown-unknown'], ['fill']]) {
      const resolved = cargo('tree', '--locked', '--offline', '--prefix', 'none', '-p', what, ...target);
      assert.equal(resolved.status, 0, `${what}: ${resolved.stderr}`);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
