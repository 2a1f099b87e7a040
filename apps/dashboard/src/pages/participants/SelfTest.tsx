import type { SelfTestView } from '@concordat/wire';
import { StateBadge, WordBadge } from '../../components/Badges.js';
import { Time } from '../../components/Time.js';
import type { Word } from '../../components/words.js';
import classes from './Participants.module.css';

const verdicts: { readonly [V in SelfTestView['verdict']]: Word & { readonly sentence: string } } =
  {
    passes: {
      tone: 'fine',
      label: 'passes',
      means: 'It does what a branch needs.',
      sentence: 'A branch can rely on it.',
    },
    risk: {
      tone: 'attention',
      label: 'risk',
      means: 'It works, until something that is said here.',
      sentence: 'A branch can rely on it, but for what is said here.',
    },
    fails: {
      tone: 'danger',
      label: 'fails',
      means: 'Two-phase commit must not be used with it.',
      sentence: 'It must not be used for two-phase commit until this is mended.',
    },
  };
const order: readonly SelfTestView['verdict'][] = ['fails', 'risk', 'passes'];

interface SelfTestProps {
  readonly name: string;
  readonly result: SelfTestView | undefined;
}

/** What is wrong first; what passes is folded away. */
export function SelfTest({ name, result }: SelfTestProps) {
  if (result === undefined) {
    return (
      <p className="soft">
        No self-test was made since this coordinator started. It prepares, commits and rolls back a
        branch of nothing, and looks at the settings.
      </p>
    );
  }
  const verdict = verdicts[result.verdict];
  const sorted = result.checks.toSorted(
    (a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict),
  );
  return (
    <div className={classes['test']} data-tone={verdict.tone}>
      <p>
        <WordBadge {...verdict} /> <strong>{verdict.sentence}</strong>{' '}
        <span className="soft">
          tested <Time at={result.at} />
        </span>
      </p>
      <details open={result.verdict !== 'passes'}>
        <summary>
          The {result.checks.length} checks of {name}
        </summary>
        <dl className={classes['checks']}>
          {sorted.map((check) => (
            <div key={check.name}>
              <dt>
                <StateBadge tone={verdicts[check.verdict].tone}>
                  {verdicts[check.verdict].label}
                </StateBadge>{' '}
                {check.name}
              </dt>
              <dd>{check.finding}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}
