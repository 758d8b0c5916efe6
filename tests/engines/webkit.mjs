// WebKit, as MiniBrowser, by the WebDriver that comes with it, on a screen that nobody sees: it has no mode without one.
import { createServer } from 'node:net';
import { until } from '../browser/school.mjs';
import { end, said, start } from './program.mjs';

const SCREEN = '1400x1100x24';
const LIMIT_MS = 30_000;

export class WebKit {
  #tabs = [];

  static async open() {
    const webkit = new WebKit();
    webkit.screen = start('Xvfb', ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp'], ['ignore', 'ignore', 'ignore', 'pipe']);
    try {
      webkit.display = await said(webkit.screen.stdio[3], /^(\d+)$/);
      return webkit;
    } catch (error) {
      await webkit.close();
      throw error;
    }
  }

  /** The tab of somebody who shares no cookie and no storage with the others. A driver has one browser, so each gets one. */
  async tab() {
    const tab = new Tab();
    this.#tabs.push(tab);
    await tab.open(this.display);
    return tab;
  }

  async close() {
    await Promise.all(this.#tabs.map((tab) => tab.close()));
    await end(this.screen);
  }
}

class Tab {
  #before = [];

  async open(display) {
    const port = await free_port();
    this.address = `http://127.0.0.1:${port}`;
    this.driver = start('WebKitWebDriver', [`--port=${port}`], 'ignore', { DISPLAY: `:${display}` });
    const is_there = () => this.#ask('GET', '/status').then(() => true, () => false);
    const has_ended = () => this.driver.pid === undefined || this.driver.exitCode !== null || this.driver.signalCode !== null;
    await until(async () => await is_there() || has_ended());
    if (has_ended()) throw new Error('WebKitWebDriver does not run; has scripts/setup.sh test run?');
    const { sessionId } = await this.#ask('POST', '/session', { capabilities: { alwaysMatch: { pageLoadStrategy: 'none' } } });
    this.address += `/session/${sessionId}`;
    await this.#ask('POST', '/window/rect', { width: 1280, height: 1000 });
  }

  /** MiniBrowser ends with the driver that has started it. */
  close() {
    return end(this.driver);
  }

  async go(url) {
    this.#before.push(...await this.run(() => { window.is_left = true; return window.complaints ?? []; }));
    await this.#ask('POST', '/url', { url });
    // This WebDriver does not tell what is on the console. Asked without a pause, so as to be there before the program is.
    await until(() => this.run(listen).catch(() => false), 15, 0);
    await until(() => this.run(() => document.readyState === 'complete')).catch((cause) => {
      throw new Error(`${url} never came`, { cause });
    });
  }

  /** What a function says that runs in the page. */
  run(wanted, ...args) {
    return this.#ask('POST', '/execute/sync', { script: `return (${wanted})(...arguments)`, args });
  }

  /** What hands do: mouse and keyboard, in WebDriver's words. */
  act(actions) {
    return this.#ask('POST', '/actions', { actions });
  }

  async picture() {
    return Buffer.from(await this.#ask('GET', '/screenshot'), 'base64');
  }

  /** The errors on the console so far. */
  async complaints() {
    return [...this.#before, ...await this.run(() => window.complaints ?? ['nobody listened to this page'])];
  }

  async #ask(method, path, body) {
    const answer = await fetch(this.address + path, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(LIMIT_MS) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  }
}

/** Runs in a page that has just come: keeps what it complains about. Says whether it does. */
function listen() {
  if (window.is_left || location.protocol !== 'http:') return false;
  const complaints = window.complaints = [];
  const { error } = console;
  console.error = (...args) => { complaints.push(args.join(' ')); error.apply(console, args); };
  addEventListener('error', (event) => complaints.push(event.message ?? `not loaded: ${event.target.src ?? event.target.href}`), true);
  addEventListener('unhandledrejection', (event) => complaints.push(`${event.reason}`));
  addEventListener('securitypolicyviolation', (event) => complaints.push(`refused: ${event.blockedURI}`));
  return true;
}

/** A port that was free a moment ago. */
function free_port() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
  });
}
