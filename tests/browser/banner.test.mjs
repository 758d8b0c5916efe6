// The banner tells a quiet school from a dead pipeline: delivery, COPY, the object store and the page's network are stopped
// in turn, and each time it is read by an admin and by a teacher, until all is well again.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CODE, OPEN, School, binary, browser } from './school.mjs';

const SAFE = 'Answers that students hand in are safe.';
/** A verdict of trouble after two seconds instead of ten. */
const SETTINGS = '[freshness]\npatience_ms = 2000\nstale_after_ms = 6000\n';

let chrome, school, gateway, flags, admin, teacher, pipeline;
before(async () => {
  chrome = await browser();
  school = School.in_a_new_folder();
  // Folders can be read-only to it even if it is root's.
  if (process.getuid() === 0) school.command = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', binary];
  gateway = await Gateway.listen();
  const settings = join(school.folder, 'freshmark.toml');
  writeFileSync(settings, SETTINGS);
  flags = ['--config', settings, '--heartbeat-seconds', '1', '--gateway-url', `${gateway.address}/gateway/`];
  await school.start('127.0.0.1:0', flags);
  [admin, teacher] = await Promise.all(['admin', 'teacher'].map(async (who) => {
    const page = await (await school.staff(chrome, who)).newPage();
    await page.goto('/classes');
    return page;
  }));
  pipeline = await admin.context().newPage();
  await pipeline.goto('/pipeline');
});
after(async () => { await chrome?.close(); await school?.close(); gateway?.server.close(); });

/** Stands between the relay and the gateway, as a load balancer would. */
class Gateway {
  static async listen() {
    const gateway = new Gateway();
    gateway.server = createServer((asked, answer) => gateway.hand_on(asked, answer));
    await new Promise((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    gateway.address = `http://127.0.0.1:${gateway.server.address().port}`;
    return gateway;
  }

  hand_on(asked, answer) {
    // The relay may ask before the server has said where it is.
    if (this.is_away || !school.address) return asked.socket.destroy();
    const { method, headers, url } = asked;
    const on = request(`${school.address}${url}`, { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode, answered.headers);
      answered.pipe(answer);
    });
    on.on('error', () => asked.socket.destroy());
    asked.pipe(on);
  }
}

async function hand_in(name, elapsed_ms = 4_000) {
  const post = async (path, body, headers = {}) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
    const answer = await fetch(school.address + path, init);
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const { attempt, token } = await post('/api/join', { code: CODE, name });
  const headers = { authorization: `Bearer ${token}` };
  const { questions } = await (await fetch(`${school.address}/api/attempts/${attempt}`, { headers })).json();
  const answers = questions.map(({ id, choices }) => ({ question: id, choice: choices[0].id, elapsed_ms }));
  await post(`/api/attempts/${attempt}/answers`, { answers }, headers);
}

const admin_banner = () => admin.getByRole('complementary', { name: 'Pipeline' });
const teacher_banner = () => teacher.getByRole('complementary', { name: 'Results' });

/** An admin reads the verdict and, if something is wrong, since when and why. */
const admin_reads = (word, says = /./) =>
  read(admin_banner(), admin_banner().filter({ hasText: `Pipeline: ${word}` }).filter({ hasText: says }));
const teacher_reads = (says) => read(teacher_banner(), teacher_banner().filter({ hasText: says }));

/** The stage of a stream in the picture of the pipeline. */
const stage = (name) => pipeline.locator('section').filter({ has: pipeline.getByRole('heading', { name: 'quiz-answers' }) })
  .getByRole('listitem').filter({ hasText: new RegExp(`^${name}`) });

/** The page of the pipeline says one thing, in its line and in its banner. */
async function pipeline_says(word) {
  const line = pipeline.locator('main .fresh').getByRole('status');
  await line.filter({ hasText: new RegExp(`^${word}$`) }).waitFor({ timeout: 20_000 });
  await pipeline.getByRole('complementary', { name: 'Pipeline' }).getByText(`Pipeline: ${word}`).waitFor({ timeout: 1_000 });
}

/** Waits for a banner as it is wanted, and says what it was if it never is. */
async function read(banner, wanted) {
  await wanted.waitFor({ timeout: 20_000 }).catch(async () => {
    throw new Error(`wanted ${wanted}, but it says: ${await banner.allInnerTexts()}`);
  });
}

async function all_is_well() {
  await admin_reads('Live');
  await teacher_banner().waitFor({ state: 'detached', timeout: 20_000 });
}

/** Every folder below one, and itself. */
const folders = (folder) => [folder, ...readdirSync(folder).map((name) => join(folder, name))
  .filter((path) => statSync(path).isDirectory()).flatMap(folders)];

/** Runs SQL in the warehouse of the server, which is stopped for it. */
async function change_the_warehouse(sql) {
  await school.stop();
  const library = `@duckdb/node-bindings-${process.platform}-${process.arch}/duckdb.node`;
  const duckdb = createRequire(import.meta.url)(library);
  const database = await duckdb.open(join(school.folder, 'warehouse.duckdb'));
  const connection = await duckdb.connect(database);
  await duckdb.query(connection, sql);
  duckdb.disconnect_sync(connection);
  duckdb.close_sync(database);
  await school.restart(flags);
}

/** The fact table as it is declared, and SQL that makes it anew with what it holds. */
const TABLE = readFileSync(new URL('../../server/src/warehouse/duckdb/sql/schema.sql', import.meta.url), 'utf8')
  .match(/CREATE TABLE IF NOT EXISTS quiz_answers \([\s\S]*?\n\);/)[0];
const remade = (table) => `CREATE TABLE kept AS FROM quiz_answers; DROP TABLE quiz_answers; ${table}
  INSERT INTO quiz_answers FROM kept; DROP TABLE kept;`;

test('all is well: the admin’s banner is slim, and a teacher sees none', all_is_well);

test('delivery stops: the heartbeat tells it although nobody hands in, and then how many answers wait', async () => {
  gateway.is_away = true;
  await admin_reads('Delayed', /quiz-\w+: \d+ records? waits?, the oldest for \d+\ss, since \d\d:\d\d:\d\d\. The gateway was not reached/);
  await stage('gateway').getByText('fails').waitFor();
  await pipeline.getByText('Gateway fails. The gateway was not reached').first().waitFor();
  await teacher_reads(new RegExp(`${SAFE} Results are complete to \\d\\d:\\d\\d\\.$`));
  assert.equal(await teacher_banner().getByRole('link').count(), 0);
  await hand_in('Amara Okafor');
  await teacher_reads(new RegExp(`${SAFE} Results are complete to \\d\\d:\\d\\d; 10 answers wait\\.$`));
  gateway.is_away = false;
  await all_is_well();
  const results = await teacher.context().request.get(`/api/class_results?assignment=${OPEN}`);
  const { freshness } = await results.json();
  assert.deepEqual([freshness.accepted, freshness.landed], [10, 10], 'what came round by a proxy is this server’s own');
});

test('the object store stops', async () => {
  const lake = folders(join(school.folder, 'lake'));
  lake.forEach((folder) => chmodSync(folder, 0o555));
  await hand_in('Priya Raman');
  await admin_reads('Delayed', /since \d\d:\d\d:\d\d\. .*Permission denied/);
  await teacher_reads('10 answers wait.');
  await stage('lake').getByText('fails').waitFor();
  await pipeline.getByText(/^Lake fails\. .*Permission denied.* Look at the room and the rights of the lake’s folder/).first().waitFor();
  assert.equal(await stage('warehouse').getByText('fails').count(), 0, 'no other stage is marked');
  await pipeline_says('Delayed');
  assert.doesNotMatch(await teacher_banner().innerText(), /denied|lake|quiz-answers/, 'a teacher is told no stage’s words');
  lake.forEach((folder) => chmodSync(folder, 0o755));
  await all_is_well();
  await pipeline_says('Live');
  await pipeline.getByText('fails').first().waitFor({ state: 'detached' });
});

test('COPY stops', async () => {
  await change_the_warehouse(remade(TABLE.replace('elapsed_ms    BIGINT', 'elapsed_ms    BIGINT CHECK (elapsed_ms <> 4321)')));
  await hand_in('Ben Whitlock', 4_321);
  await admin_reads('Delayed', /since \d\d:\d\d:\d\d\. .*CHECK/);
  await stage('warehouse').getByText('fails').waitFor({ timeout: 20_000 });
  await teacher_reads('10 answers wait.');
  await change_the_warehouse(remade(TABLE));
  await all_is_well();
});

test('the network of the page stops', async () => {
  await Promise.all([admin, teacher].map((page) => page.context().setOffline(true)));
  await admin_reads('Disconnected', /This page lost the server at \d\d:\d\d:\d\d and keeps trying/);
  await teacher_reads(/This page has not reached the server since \d\d:\d\d and keeps trying/);
  await pipeline_says('Disconnected');
  assert.doesNotMatch(await pipeline.locator('main').innerText(), /\b(Live|Delayed|live)\b/, 'one state, and no other');
  await Promise.all([admin, teacher].map((page) => page.context().setOffline(false)));
  await all_is_well();
});
