// Firefox, by WebDriver BiDi: it speaks that itself, so that it needs no driver beside it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import WebSocket from 'ws';
import { end, said, start } from './program.mjs';

const LOG = 'log.entryAdded';
const LIMIT_MS = 30_000;

export class Firefox {
  errors = [];
  #asked = new Map();
  #last = 0;

  static async open() {
    const firefox = new Firefox();
    firefox.profile = mkdtempSync(join(tmpdir(), 'freshmark-firefox-'));
    const args = ['--headless', '--no-remote', '--profile', firefox.profile, '--remote-debugging-port', '0'];
    firefox.program = start('firefox-esr', args, ['ignore', 'ignore', 'pipe']);
    try {
      const address = await said(firefox.program.stderr, /^WebDriver BiDi listening on (.*)$/);
      firefox.socket = new WebSocket(`${address}/session`);
      firefox.socket.on('message', (data) => firefox.#hear(JSON.parse(data)));
      await once(firefox.socket, 'open');
      await firefox.ask('session.new', { capabilities: {} });
      await firefox.ask('session.subscribe', { events: [LOG] });
      return firefox;
    } catch (error) {
      await firefox.close();
      throw error;
    }
  }

  /** The tab of somebody who shares no cookie and no storage with the others. */
  async tab() {
    const { userContext } = await this.ask('browser.createUserContext');
    // A window of its own: a tab that lies behind another is not drawn.
    const { context } = await this.ask('browsingContext.create', { type: 'window', userContext });
    await this.ask('browsingContext.setViewport', { context, viewport: { width: 1280, height: 900 } });
    return new Tab(this, context);
  }

  async close() {
    this.socket?.terminate();
    await end(this.program);
    // Its children may be writing still.
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }

  ask(method, params = {}) {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method}: no answer`)), LIMIT_MS).unref();
      this.#asked.set(id, ({ type, result, error, message }) => {
        clearTimeout(late);
        if (type === 'success') resolve(result);
        else reject(new Error(`${method}: ${error}: ${message}`));
      });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #hear({ id, method, params, ...answer }) {
    if (method === LOG && params.level === 'error') this.errors.push({ context: params.source.context, text: params.text });
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }
}

class Tab {
  constructor(firefox, context) {
    this.firefox = firefox;
    this.context = context;
  }

  async go(url) {
    await this.firefox.ask('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** What a function says that runs in the page. */
  async run(wanted, ...args) {
    const { result, exceptionDetails } = await this.firefox.ask('script.callFunction', {
      functionDeclaration: `(args) => JSON.stringify((${wanted})(...JSON.parse(args)))`,
      arguments: [{ type: 'string', value: JSON.stringify(args) }],
      target: { context: this.context },
      awaitPromise: false,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value === undefined ? undefined : JSON.parse(result.value);
  }

  /** What hands do: mouse and keyboard, in WebDriver's words. */
  async act(actions) {
    await this.firefox.ask('input.performActions', { context: this.context, actions });
  }

  async picture() {
    const { data } = await this.firefox.ask('browsingContext.captureScreenshot', { context: this.context });
    return Buffer.from(data, 'base64');
  }

  /** The errors on the console so far; a worker's are those of every tab. */
  complaints() {
    return this.firefox.errors.filter(({ context }) => !context || context === this.context).map(({ text }) => text);
  }
}
