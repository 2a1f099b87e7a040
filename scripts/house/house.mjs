// Everything that `npm start` keeps running, and the order in which it ends: what was opened last
// is closed first, so that nobody loses what it still needs.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { say } from '../lib/say.mjs';
import { Service } from '../lib/service.mjs';
import { lockCheckout } from './lock.mjs';

/** @typedef {import('../lib/service.mjs').ServiceDefinition} ServiceDefinition */

export class House {
  /** @type {(() => void | Promise<void>)[]} */
  #closings = [];
  #dir;
  /** @type {(reason: unknown) => void} */
  #fail = () => undefined;

  /**
   * Never resolves; rejects with a Failure if a service ends unasked.
   * @type {Promise<never>}
   */
  collapsed = new Promise((_resolve, reject) => (this.#fail = reject));

  /** @param {string} dir where data and logs are kept */
  constructor(dir) {
    this.#dir = dir;
    mkdirSync(this.path('logs'), { recursive: true });
  }

  /** Waits for another house on this ground to close; rejects with a Failure if it does not. */
  async lock() {
    this.onClose(await lockCheckout(this.path('npm-start.pid')));
  }

  /** @param {string} name */
  path(name) {
    return path.join(this.#dir, name);
  }

  /** @param {() => void | Promise<void>} close */
  onClose(close) {
    this.#closings.push(close);
  }

  /**
   * Starts a service and keeps it running until the house closes.
   * @param {Omit<ServiceDefinition, 'logFile'>} definition
   */
  async open(definition) {
    const logFile = this.path(`logs/${definition.name.replaceAll(' ', '-')}.log`);
    const service = new Service({ ...definition, logFile }, (...how) => this.#onLost(...how));
    this.onClose(() => service.stop());
    await service.start();
    return service;
  }

  async close() {
    for (const close of this.#closings.reverse()) await close();
  }

  /**
   * A service that was killed is started again, as a supervisor would: try it with `kill -9`.
   * One that has ended by itself is broken.
   * @param {Service} service
   * @param {boolean} wasKilled
   */
  #onLost(service, wasKilled) {
    if (!wasKilled) {
      this.#fail(service.failure('has ended'));
      return;
    }
    say(`\n${service.name} was killed; starting it again`);
    service.start().then(() => say(`${service.name} is back at ${service.url}`), this.#fail);
  }
}
