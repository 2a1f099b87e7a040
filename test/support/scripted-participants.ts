// Participants that do what a test tells them: one HTTP server, and any number of them on it.
//
//   const bank = await participants.add();
//   bank.answers('prepare', { status: 500 }, { status: 200, body: { vote: 'prepared' } });
//   … branches: [{ id: 'debit', participant: { url: bank.url } }] …
//   bank.calls('prepare')
//
// The answers to an operation are given in their order, and the last one again and again. An
// operation without a script is answered 200 with an empty body: yes, done.
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export interface ScriptedAnswer {
  readonly status: number;
  /** Sent as JSON; text is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `reset` cuts the connection; `silence` never answers. */
export type Scripted =
  | ScriptedAnswer
  | 'reset'
  | 'silence'
  | ((call: ReceivedCall) => ScriptedAnswer);

export interface ReceivedCall {
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

const YES: ScriptedAnswer = { status: 200 };

export class ScriptedParticipant {
  private readonly scripts = new Map<string, Scripted[]>();
  private readonly received: ReceivedCall[] = [];

  constructor(readonly url: string) {}

  answers(operation: string, ...script: readonly Scripted[]): this {
    this.scripts.set(operation, [...script]);
    return this;
  }

  /** What it was asked, in order: everything, or one operation. */
  calls(operation?: string): readonly ReceivedCall[] {
    return this.received.filter((call) => operation === undefined || call.operation === operation);
  }

  answerTo(call: ReceivedCall): Exclude<Scripted, (call: ReceivedCall) => ScriptedAnswer> {
    this.received.push(call);
    const script = this.scripts.get(call.operation) ?? [];
    const next = (script.length > 1 ? script.shift() : script[0]) ?? YES;
    return typeof next === 'function' ? next(call) : next;
  }
}

export class ScriptedParticipants {
  private readonly participants = new Map<string, ScriptedParticipant>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => this.receive(request, response));
  }

  /** They end with the test file. */
  static async open(): Promise<ScriptedParticipants> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => {
      server.close();
      server.closeAllConnections();
    });
    return new ScriptedParticipants(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** @param name its path; one of its own if absent */
  add(name = `p${this.participants.size}`): ScriptedParticipant {
    const participant = new ScriptedParticipant(`${this.origin}/${name}`);
    this.participants.set(name, participant);
    return participant;
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const [, name = '', operation = ''] = request.url?.split('/') ?? [];
    const chunks: Buffer[] = [];
    request.on('error', () => undefined); // a coordinator that gives up, or is killed
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      const call = { operation, headers: request.headers, body };
      const answer = this.participants.get(name)?.answerTo(call) ?? { status: 404 };
      if (answer === 'reset') request.socket.destroy();
      else if (answer !== 'silence') send(response, answer);
    });
  }
}

function send(response: ServerResponse, { status, body, headers }: ScriptedAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(text);
}
