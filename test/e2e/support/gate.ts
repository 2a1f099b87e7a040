// The door of the banks. Every call to them comes through it and is written down, with the answer
// that went back; and it can be slow, or refuse to let calls in.
//
//   coordinator ──▶ gate /alfa/transfer/… ──▶ alfa
//                        /beta/transfer/… ──▶ beta
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { BankName } from './books.js';

export interface Passed {
  readonly bank: BankName;
  readonly gtid: string;
  readonly branch: string;
  readonly operation: string;
  /** Undefined: from another participant. */
  readonly token: string | undefined;
  /** Undefined as long as there is no answer. */
  status: number | undefined;
}

interface Manners {
  /** Its first answer waits until the other bank has answered in the same transaction. */
  isLast: boolean;
  /** How long an answer waits in the gate then. */
  delayMs: number;
  /** So many calls are turned away (503), which leaves them in doubt. */
  turnAway: number;
  /** Calls of this operation are swallowed: nobody hears of them, nobody is answered. */
  lose: string | undefined;
}

const LOOK_AGAIN_MS = 5;
const POLITE: Manners = { isLast: false, delayMs: 0, turnAway: 0, lose: undefined };

export class Gate {
  /** Every call that was not lost, in the order in which they came. */
  readonly passed: Passed[] = [];
  readonly manners: Readonly<Record<BankName, Manners>> = {
    alfa: { ...POLITE },
    beta: { ...POLITE },
  };
  private readonly agent = new Agent();
  private readonly server: Server;

  private constructor(private readonly urls: Readonly<Record<BankName, () => string>>) {
    this.server = createServer((incoming, response) => {
      this.pass(incoming, response).catch(() => response.destroy()); // the bank is gone: in doubt
    });
  }

  static async open(urls: Readonly<Record<BankName, () => string>>): Promise<Gate> {
    const gate = new Gate(urls);
    await new Promise<void>((resolve) => gate.server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  /** The participant's URL of a bank. */
  urlOf(bank: BankName): string {
    const address = this.server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return `http://127.0.0.1:${port}/${bank}/transfer`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.agent.destroy();
  }

  private async pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', ...rest] = incoming.url?.split('/') ?? [];
    const bank = name === 'alfa' ? 'alfa' : 'beta';
    const manners = this.manners[bank];
    if (manners.lose === incoming.headers['concordat-operation']) return;
    const call = this.note(bank, incoming.headers);
    if (manners.turnAway > 0) {
      manners.turnAway -= 1;
      response.writeHead(503).end();
      return;
    }
    const answer = await request(`${this.urls[bank]()}/${rest.join('/')}`, {
      method: 'POST',
      headers: headersOf(incoming),
      body: await bodyOf(incoming),
      dispatcher: this.agent,
    });
    const body = await answer.body.text();
    call.status = answer.statusCode;
    while (manners.isLast && this.isFirst(call) && !response.destroyed) await sleep(LOOK_AGAIN_MS);
    if (manners.delayMs > 0) await sleep(manners.delayMs);
    response.writeHead(answer.statusCode, plain(answer.headers)).end(body);
  }

  private isFirst({ bank, gtid }: Passed): boolean {
    return !this.passed.some((one) => one.bank !== bank && one.gtid === gtid && one.status);
  }

  private note(bank: BankName, headers: IncomingHttpHeaders): Passed {
    const of = (name: string): string => String(headers[`concordat-${name}`]);
    const token = headers['concordat-token'];
    const call: Passed = {
      bank,
      gtid: of('transaction'),
      branch: of('branch'),
      operation: of('operation'),
      token: token === undefined ? undefined : String(token),
      status: undefined,
    };
    this.passed.push(call);
    return call;
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk);
  return body;
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const wanted = Object.entries(headers).filter(
    ([name]) => name.startsWith('concordat-') || name === 'content-type' || name === 'traceparent',
  );
  return Object.fromEntries(wanted.map(([name, value]) => [name, String(value)]));
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const wanted = ['content-type', 'retry-after'].filter((name) => headers[name] !== undefined);
  return Object.fromEntries(wanted.map((name) => [name, String(headers[name])]));
}
