// A real server on a data folder and port of its own, and real browsers. Nothing here knows a test.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/freshmark/target');
export const binary = process.env.FRESHMARK_BIN ?? join(target, 'release/freshmark');
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export const OPEN = 2;
export const CLOSED = 1;
export const CODE = 'KLM-482';
/** The same quiz in another class, of which nobody has handed in at first. */
export const OTHER = 3;
export const OTHER_CODE = 'PHO-117';

export const browser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });

export class School {
  static in_a_new_folder() {
    const school = new School();
    school.folder = mkdtempSync(join(tmpdir(), 'freshmark-'));
    school.command = [binary];
    return school;
  }

  static async open() {
    const school = School.in_a_new_folder();
    await school.start('127.0.0.1:0');
    return school;
  }

  async start(listen, more = []) {
    const args = ['serve', '--demo', '--data', this.folder, '--listen', listen, '--aws-listen', '127.0.0.1:0', '--site', process.env.FRESHMARK_SITE ?? 'dist', ...more];
    const [command, ...first] = this.command;
    this.server = spawn(command, [...first, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FRESHMARK_LOG: 'error' } });
    for await (const line of createInterface({ input: this.server.stdout })) {
      const address = line.match(/^Freshmark is at (.*)$/)?.[1];
      if (address) {
        this.address = address;
        this.server.stdout.resume();
        return;
      }
    }
    throw new Error('freshmark did not start');
  }

  async kill(signal = 'SIGKILL') {
    const gone = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill(signal);
    await gone;
  }

  /** A polite end: its files can be looked at. */
  stop() {
    return this.kill('SIGTERM');
  }

  /** The same school, at the same address. */
  async restart(more) {
    await this.start(this.address.replace('http://', ''), more);
  }

  async close() {
    if (this.server.exitCode === null && this.server.signalCode === null) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A figure of the server's metrics that no stream has. */
  async metric(name) {
    const text = await (await fetch(`${this.address}/metrics`)).text();
    return Number(text.match(new RegExp(`^freshmark_${name} (\\S+)$`, 'm'))[1]);
  }

  /** A browser of its own, with nobody signed in. */
  visitor(browser, options = {}) {
    return browser.newContext({ baseURL: this.address, viewport: { width: 1280, height: 900 }, ...options });
  }

  async staff(browser, who, options) {
    const context = await this.visitor(browser, options);
    const data = who === 'admin'
      ? { email: 'admin@demo.school', password: 'pipeline-2026' }
      : { email: 'teacher@demo.school', password: 'freshmark-2026' };
    const answer = await context.request.post('/api/session', { data });
    if (!answer.ok()) throw new Error(`not signed in: ${answer.status()}`);
    return context;
  }
}

/** As if another tab had been put in front of the page, or the page in front again. */
export const set_visibility = (page, state) => page.evaluate((state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}, state);

/** So many ticks of the server's clock, which beats once a second, as a browser of its own hears them. */
export async function ticks(school, chrome, count) {
  const context = await school.staff(chrome, 'admin');
  const page = await context.newPage();
  await page.goto('/classes');
  await page.evaluate(([address, count]) => new Promise((resolve) => {
    const events = new EventSource(address);
    let heard = 0;
    events.addEventListener('tick', () => {
      heard += 1;
      if (heard === count) { events.close(); resolve(); }
    });
  }), [`/api/live?assignments=${CLOSED}`, count]);
  await context.close();
}

/** A class of so many students answers an open quiz. */
export function play(school, students, code = CODE) {
  const args = ['demo', '--students', String(students), '--code', code, '--server', school.address, '--speed', '100'];
  const playing = spawn(binary, args, { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    playing.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`freshmark demo: ${code}`))));
  });
}

/** Has a page show results that differ from the server's. */
export const alter = (page, change) => page.route('**/api/class_results*', async (route) => {
  const answer = await route.fetch();
  const body = await answer.json();
  change(body);
  await route.fulfill({ response: answer, json: body });
});

/** Closes the browsers of a test; the list is empty then. */
export const close_all = (contexts) => Promise.all(contexts.splice(0).map(async (context) => {
  // A question that is still on its way has nobody left to answer it.
  await Promise.all(context.pages().map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
  await context.close();
}));

/** Has a page look at an assignment as it stood some minutes ago, with a slider over three minutes of a lesson. */
export async function look_back(page, assignment) {
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
  const arrivals = [{ minute, answers: 10 }, { minute: minute + 180_000, answers: 5 }];
  await page.route('**/api/arrivals*', (route) => route.fulfill({ json: arrivals }));
  await page.goto(`/results/${assignment}?as_of=${minute + 119_999}`);
  await page.getByRole('slider', { name: 'As of' }).waitFor();
}

/** Takes the network away from a page that has the figures of a closed assignment. */
export async function cut_off(page) {
  // A page of its own connection, which a test can break: the worker's is out of reach.
  await page.addInitScript(() => {
    delete window.SharedWorker;
    window.connections = [];
    window.EventSource = class extends EventSource {
      constructor(...args) { super(...args); window.connections.push(this); }
    };
  });
  await page.reload();
  await page.getByText(/^Closed: /).waitFor();
  await page.route('**/api/**', (route) => route.abort());
  await page.evaluate(() => window.connections.forEach((connection) => connection.close()));
  await page.locator('.fresh').getByText(/^This page lost the server/).waitFor();
}

/** Asks again after a pause, until the answer is yes; for things that send no event. */
export async function until(holds, seconds = 15, pause_ms = 100) {
  for (const end = Date.now() + seconds * 1_000; !await holds();) {
    if (Date.now() > end) throw new Error(`it never was so: ${holds}`);
    await new Promise((resolve) => { setTimeout(resolve, pause_ms); });
  }
}

/** A student joins by the code and stands before the first question. */
export async function join_quiz(page, name) {
  await page.goto('/join');
  await page.getByLabel('Code from your teacher').fill(CODE.toLowerCase());
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('Question 1 of 10').waitFor();
}

/** Chooses the choice at a place for every question, up to the review. */
export async function answer_all(page, place) {
  for (let number = 1; number <= 10; number += 1) {
    await page.getByText(`Question ${number} of 10`).waitFor();
    await page.getByRole('radio').nth(place).check();
    await page.getByRole('button', { name: number < 10 ? 'Next' : 'Review' }).click();
  }
  await page.getByRole('heading', { name: 'Look over your answers' }).waitFor();
}

export const submit = (page) => page.getByRole('button', { name: 'Submit' }).click();
