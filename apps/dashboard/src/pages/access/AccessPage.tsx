// Who may do what: first oneself, then the keys, then what the roles come to.
import { useQuery } from '@tanstack/react-query';
import { rolesQuery } from '../../api/queries.js';
import { useWhoAmI } from '../../api/session.js';
import { Answered } from '../../components/Answered.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { Keys } from './Keys.js';
import { MyPermissions } from './MyPermissions.js';
import { Roles } from './Roles.js';

export function AccessPage() {
  const who = useWhoAmI();
  const roles = useQuery(rolesQuery());
  return (
    <Page title="Access">
      {who !== undefined && <MyPermissions who={who} />}
      <Keys />
      <Panel title="What each role permits" flush>
        <Answered query={roles} what="the roles">
          {({ items }) => <Roles items={items} mine={who} />}
        </Answered>
      </Panel>
    </Page>
  );
}
