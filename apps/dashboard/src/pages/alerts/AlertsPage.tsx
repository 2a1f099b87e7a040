// Rules that watch, and tell a webhook: one message per cause, not one per transaction.
import type { AlertRuleView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconBell, IconBellRinging, IconCircleCheck, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { alertsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { ReasonDialog } from '../../components/action/ReasonDialog.js';
import { Answered } from '../../components/Answered.js';
import { EmptyState } from '../../components/EmptyState.js';
import { GuardedButton, takes } from '../../components/GuardedButton.js';
import { Notice } from '../../components/Notice.js';
import { plural } from '../../components/numbers.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { Rule } from './Rule.js';
import { RuleDialog } from './RuleDialog.js';

/** `new`: one is made; a rule: it is changed. */
type Edited = AlertRuleView | 'new' | undefined;

export function AlertsPage() {
  const query = useQuery(alertsQuery());
  const whyNot = takes('alerts.manage', useMay('alerts.manage', '*'));
  const [edited, setEdited] = useState<Edited>();
  return (
    <Page
      title="Alerts"
      aside={
        <GuardedButton
          size="xs"
          whyNot={whyNot}
          leftSection={<IconPlus size={15} aria-hidden="true" />}
          onClick={() => setEdited('new')}
        >
          Make a rule
        </GuardedButton>
      }
    >
      <Answered query={query} what="the rules">
        {({ items }) => <Rules rules={items} whyNot={whyNot} onEdit={setEdited} />}
      </Answered>
      <RuleDialog edited={edited} onClose={() => setEdited(undefined)} />
    </Page>
  );
}

interface RulesProps {
  readonly rules: readonly AlertRuleView[];
  readonly whyNot: string | undefined;
  readonly onEdit: (rule: AlertRuleView) => void;
}

function Rules({ rules, whyNot, onEdit }: RulesProps) {
  const [deed, setDeed] = useState<Deed>();
  return (
    <>
      {rules.length === 0 ? <NoRule /> : <Summary rules={rules} />}
      {rules.map((rule) => (
        <Rule
          key={rule.id}
          rule={rule}
          whyNot={whyNot}
          onEdit={() => onEdit(rule)}
          onAct={setDeed}
        />
      ))}
      <ReasonDialog deed={deed} onClose={() => setDeed(undefined)} />
    </>
  );
}

function NoRule() {
  return (
    <Panel title="No rule watches">
      <EmptyState icon={IconBell} tone="attention" title="Nobody is told when something is stuck">
        A rule watches what is in doubt too long, what is stuck, who is blocked, heuristic outcomes
        or orphans, and tells a webhook once per cause.
      </EmptyState>
    </Panel>
  );
}

function Summary({ rules }: Pick<RulesProps, 'rules'>) {
  const firing = rules.filter((rule) => rule.firing.length > 0);
  const off = rules.filter(({ enabled }) => !enabled).length;
  const silent = off === 0 ? '' : ` ${plural(off, 'rule is', 'rules are')} switched off.`;
  if (firing.length === 0) {
    return (
      <Notice tone={off === 0 ? 'fine' : 'neutral'} icon={IconCircleCheck}>
        <strong>No rule fires.</strong> {plural(rules.length - off, 'rule watches', 'rules watch')}.
        {silent}
      </Notice>
    );
  }
  return (
    <Notice tone="danger" icon={IconBellRinging}>
      <strong>{plural(firing.length, 'rule fires', 'rules fire')}:</strong>{' '}
      {firing.map(({ name }) => name).join(', ')}.{silent}
    </Notice>
  );
}
