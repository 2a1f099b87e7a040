// The engine's port `Observer`: what happens, as lines for people and numbers for graphs.
//
// B1. Every line about a transaction bears its gtid. None bears a payload, a result or a URL.
// B2. The happy path is at `debug`, and costs nothing where that is not logged.
import type { Answer, Entry, Observer, ParticipantRef, Question } from '@concordat/engine';
import type { Outcome } from '@concordat/protocols';
import { InvariantViolation, summaryOf, unreachable } from '@concordat/protocols';
import type { Level, Logger } from 'pino';
import type { Metrics } from './metrics/metrics.js';

export class LoggingObserver implements Observer {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    /** The program is wrong: the process must not go on. */
    private readonly die: (error: InvariantViolation) => never,
  ) {}

  appended(entry: Entry): void {
    this.metrics.appended(entry);
    const { gtid, transaction, stuck } = entry;
    const { outcome, decision } = summaryOf(transaction);
    const level = outcome === undefined ? (stuck ? 'warn' : 'debug') : levelOf(outcome);
    if (!this.logger.isLevelEnabled(level)) return; // B2
    const { protocol, state } = transaction.current;
    const what = { gtid, protocol, version: transaction.version, phase: state.phase, decision };
    if (outcome === undefined) this.logger[level]({ ...what, stuck }, 'advanced');
    else this.logger[level]({ ...what, outcome }, 'ended');
  }

  answered(question: Question, answer: Answer, tookMs: number): void {
    this.metrics.answered(question, answer, tookMs);
    const level = levelOfAnswer(answer);
    if (!this.logger.isLevelEnabled(level)) return; // B2
    const { gtid, call, participant } = question;
    const { branch, operation, token } = call;
    const who = { gtid, branch, participant: nameOf(participant), operation, token };
    this.logger[level]({ ...who, tookMs, ...describe(answer) }, 'answered');
  }

  troubled(where: string, error: unknown): void {
    if (error instanceof InvariantViolation) this.die(error);
    this.metrics.troubled(where);
    this.logger.warn({ where, err: error }, 'trouble');
  }
}

function levelOf(outcome: Outcome): Level {
  switch (outcome) {
    case 'committed':
      return 'debug';
    case 'rolled-back':
      return 'info';
    case 'partly-compensated':
    case 'heuristic-commit':
    case 'heuristic-rollback':
    case 'heuristic-mixed':
    case 'heuristic-hazard':
      return 'warn';
    default:
      return unreachable(outcome);
  }
}

function levelOfAnswer(answer: Answer): Level {
  switch (answer.type) {
    case 'reply':
      return answer.reply.type.startsWith('heuristic') ? 'warn' : 'debug';
    case 'working':
      return 'debug';
    case 'stale':
    case 'in-doubt':
      return 'info';
    case 'balked':
      return 'warn';
    default:
      return unreachable(answer);
  }
}

function describe(answer: Answer): { answer: string; reason?: string } {
  switch (answer.type) {
    case 'reply':
      return {
        answer: answer.reply.type,
        ...(answer.note === undefined ? {} : { reason: answer.note }),
      };
    case 'working':
    case 'stale':
      return { answer: answer.type };
    case 'balked':
    case 'in-doubt':
      return { answer: answer.type, reason: answer.reason };
    default:
      return unreachable(answer);
  }
}

function nameOf(participant: ParticipantRef): string {
  return typeof participant === 'string' ? participant : 'inline';
}
