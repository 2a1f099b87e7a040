// What the one at the page may do, and what not: so that nobody has to try.
import type { Permission, WhoAmIView } from '@concordat/wire/operations';
import { IconCheck, IconMinus } from '@tabler/icons-react';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import { permissionWords } from '../../components/words.js';
import classes from './Access.module.css';
import { Grants } from './Grants.js';

const kinds: { readonly [K in WhoAmIView['kind']]: string } = {
  setting: 'by the key of the installation (CONCORDAT_API_KEY)',
  key: 'by an API key',
  token: 'through the identity provider',
};

export function MyPermissions({ who }: { readonly who: WhoAmIView }) {
  const held = new Map(who.permissions.map(({ permission, tenants }) => [permission, tenants]));
  const all = Object.keys(permissionWords) as readonly Permission[];
  return (
    <Panel title="What you may do">
      <p className={classes['who']}>
        You are <strong>{who.name}</strong>, signed in {kinds[who.kind]}
        {who.expiresAt !== undefined && (
          <>
            ; the session ends <Time at={who.expiresAt} /> at the latest
          </>
        )}
        . You have been given: <Grants grants={who.grants} />
      </p>
      <ul className={classes['permissions']} aria-label="Permissions">
        {all.map((permission) => (
          <MayOrNot key={permission} permission={permission} tenants={held.get(permission)} />
        ))}
      </ul>
    </Panel>
  );
}

interface MayOrNotProps {
  readonly permission: Permission;
  readonly tenants: readonly string[] | undefined;
}

function MayOrNot({ permission, tenants }: MayOrNotProps) {
  const may = tenants !== undefined;
  return (
    <li data-tone={may ? 'fine' : 'neutral'} data-permission={permission} data-held={may}>
      {may ? (
        <IconCheck size={17} role="img" aria-label="yes" />
      ) : (
        <IconMinus size={17} role="img" aria-label="no" />
      )}
      <div>
        <span className={classes['means']}>{permissionWords[permission]}</span>
        <span className="soft">
          <code>{permission}</code>
          {may && ` · ${tenants.includes('*') ? 'every tenant' : tenants.join(', ')}`}
        </span>
      </div>
    </li>
  );
}
