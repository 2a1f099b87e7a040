import type { AlertDeliveryView, AlertRuleView } from '@concordat/wire/operations';
import { useMutation } from '@tanstack/react-query';
import { IconCircleCheck, IconSend } from '@tabler/icons-react';
import { useRefresh } from '../../api/actions.js';
import { removeRule, testRule } from '../../api/steering.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { Refused } from '../../components/action/Refused.js';
import { StateBadge } from '../../components/Badges.js';
import { Fact, Facts } from '../../components/Facts.js';
import { SmallButton } from '../../components/GuardedButton.js';
import { Notice } from '../../components/Notice.js';
import { Panel } from '../../components/Panel.js';
import { duration } from '../../components/moments.js';
import { Time } from '../../components/Time.js';
import classes from './Alerts.module.css';
import { conditionInWords } from './conditions.js';

interface RuleProps {
  readonly rule: AlertRuleView;
  /** Why it may not be changed; undefined: it may. */
  readonly whyNot: string | undefined;
  readonly onEdit: () => void;
  readonly onAct: (deed: Deed) => void;
}

export function Rule({ rule, whyNot, onEdit, onAct }: RuleProps) {
  const { id, name, condition, url, quietMs, madeBy } = rule;
  const refresh = useRefresh();
  const test = useMutation({ mutationFn: () => testRule(id), onSettled: refresh });
  return (
    <Panel
      title={
        <>
          {name} <StateOf {...rule} />
        </>
      }
      aside={
        <>
          <SmallButton
            whyNot={whyNot}
            aria-label={`Test this alert: ${name}`}
            leftSection={<IconSend size={15} aria-hidden="true" />}
            loading={test.isPending}
            onClick={() => test.mutate()}
          >
            Test this alert
          </SmallButton>
          <SmallButton whyNot={whyNot} aria-label={`Change ${name}`} onClick={onEdit}>
            Change …
          </SmallButton>
          <SmallButton
            whyNot={whyNot}
            aria-label={`Remove ${name}`}
            onClick={() => onAct(removalOf(rule))}
          >
            Remove …
          </SmallButton>
        </>
      }
    >
      <Tested test={test} />
      <p className={classes['condition']}>{conditionInWords(condition)}</p>
      <Facts>
        <Fact name="Tells">
          <code>{url}</code>
        </Fact>
        <Fact name="Not again within">{duration(quietMs)}</Fact>
        <Fact name="Made by">{madeBy}</Fact>
      </Facts>
      <Firing rule={rule} />
      <Deliveries deliveries={rule.deliveries} />
    </Panel>
  );
}

function StateOf({ enabled, firing }: AlertRuleView) {
  if (!enabled) return <StateBadge tone="neutral">switched off</StateBadge>;
  if (firing.length > 0) return <StateBadge tone="danger">fires</StateBadge>;
  return <StateBadge tone="fine">watches</StateBadge>;
}

interface TestedProps {
  readonly test: {
    readonly data: AlertDeliveryView | undefined;
    readonly error: Error | null;
  };
}

/** What came of the test, at once: it is among the deliveries too. */
function Tested({ test: { data, error } }: TestedProps) {
  if (error !== null) return <Refused error={error} />;
  if (data === undefined) return null;
  const delivered = data.result === 'delivered';
  return (
    <div role="status" className={classes['tested']}>
      <Notice tone={delivered ? 'fine' : 'danger'} icon={delivered ? IconCircleCheck : IconSend}>
        <strong>{delivered ? 'The test has arrived.' : 'The test has not arrived.'}</strong>{' '}
        {data.said}
      </Notice>
    </div>
  );
}

function Firing({ rule: { firing } }: Pick<RuleProps, 'rule'>) {
  if (firing.length === 0) return null;
  return (
    <ul className={classes['firing']} data-tone="danger" aria-label="Causes for which it fires">
      {firing.map(({ cause, said, since }) => (
        <li key={cause}>
          <strong>{said}</strong>{' '}
          <span className="soft">
            since <Time at={since} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Deliveries({ deliveries }: Pick<AlertRuleView, 'deliveries'>) {
  if (deliveries.length === 0) {
    return <p className="soft">Nothing was told yet. “Test this alert” tries the way.</p>;
  }
  return (
    <details className={classes['deliveries']} open={deliveries[0]?.result === 'failed'}>
      <summary>
        Last told <Time at={deliveries[0]?.at ?? ''} />:{' '}
        {deliveries[0]?.result === 'failed' ? 'it has not arrived' : 'it has arrived'}
      </summary>
      <ul>
        {deliveries.map(({ at, cause, result, said }) => (
          <li key={`${at} ${cause}`}>
            <StateBadge tone={result === 'delivered' ? 'fine' : 'danger'}>{result}</StateBadge>{' '}
            <Time at={at} />: {cause} <span className="soft">{said}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function removalOf({ id, name }: AlertRuleView): Deed {
  return {
    title: 'Remove the rule',
    explanation: `“${name}” watches no more, and its secret is worth nothing.`,
    isDangerous: true,
    submit: async (reason) => {
      await removeRule(id, reason);
      return `“${name}” watches no more.`;
    },
  };
}
