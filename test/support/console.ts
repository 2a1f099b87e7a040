// The commands of a page, run as its reader would type them, in one shell from top to bottom; and
// what the page says that they print.
//
// J1. In a ```console block, a line after `$ ` is a command, those after `> ` go on with it, and
//     the others are what it prints, on either stream. Blocks of any other kind are not run.
// J2. `…` stands for anything in a line, and for any lines where it stands alone. Blanks are as
//     many as it takes: how wide a column is depends on what is in it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

export interface TypedCommand {
  readonly command: string;
  /** What the page says that it prints (J2). */
  readonly prints: string;
}

export interface RunCommand extends TypedCommand {
  readonly code: number;
  readonly printed: string;
}

/** @returns at least one (J1) */
export async function commandsIn(file: string): Promise<readonly TypedCommand[]> {
  const text = await readFile(file, 'utf8');
  const blocks = [...text.matchAll(/^```console\n(?<lines>[^]*?)^```$/gm)];
  const commands = blocks.flatMap(({ groups }) => commandsOf(groups?.['lines'] ?? ''));
  if (commands.length === 0) throw new Error(`${file} has no commands`);
  return commands;
}

function commandsOf(block: string): readonly TypedCommand[] {
  const commands: { command: string; prints: string }[] = [];
  for (const line of block.split('\n').slice(0, -1)) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), prints: '' });
    else if (last === undefined) throw new Error(`no command prints ${line}`);
    else if (line.startsWith('> ')) last.command += `\n${line.slice(2)}`;
    else last.prints += `${line}\n`;
  }
  return commands;
}

const MARK = '\u0001';

/** @param replacing what stands in the page → what is to stand in its place */
export async function typed(
  commands: readonly TypedCommand[],
  replacing: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly RunCommand[]> {
  const script = commands.map(({ command }) => {
    const here = Object.entries(replacing).reduce((text, [a, b]) => text.replaceAll(a, b), command);
    return `${here}\nprintf '${MARK}%d${MARK}' $?\n`;
  });
  const shell = spawn('bash', ['-c', `exec 2>&1\n${script.join('')}`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await once(shell, 'close');
  const parts = printed.split(MARK);
  return commands.map((command, at) => ({
    ...command,
    printed: parts[2 * at] ?? '',
    code: Number(parts[2 * at + 1]),
  }));
}

/** What `prints` lets pass (J2). */
export function patternOf(prints: string): RegExp {
  const lines = prints.split('\n').map((line) => {
    if (line === '…') return '(?:.*\\n)*?';
    const words = line.split(/ +/).map((word) => word.split('…').map(escaped).join('.*'));
    return `${words.join(' +')}\\n`;
  });
  return new RegExp(`^${lines.slice(0, -1).join('')}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
