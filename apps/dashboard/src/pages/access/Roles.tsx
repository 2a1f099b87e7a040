// The table of roles and permissions, as the server has it.
import type { Permission, Role, WhoAmIView } from '@concordat/wire/operations';
import { IconCheck } from '@tabler/icons-react';
import type { RolePermissions } from '../../api/queries.js';
import { StateBadge } from '../../components/Badges.js';
import { permissionWords, roleWords } from '../../components/words.js';
import classes from './Access.module.css';

interface RolesProps {
  readonly items: readonly RolePermissions[];
  readonly mine: WhoAmIView | undefined;
}

export function Roles({ items, mine }: RolesProps) {
  const held = new Set(mine?.grants.flatMap(({ roles }) => roles));
  const all = Object.keys(permissionWords) as readonly Permission[];
  return (
    <>
      <ul className={classes['roles']}>
        {items.map(({ role }) => (
          <li key={role}>
            <strong>{role}</strong> {held.has(role) && <StateBadge tone="fine">yours</StateBadge>}
            <div className="soft">{roleWords[role]}</div>
          </li>
        ))}
      </ul>
      {/* it scrolls on a phone, so it can be reached by the keyboard */}
      <div
        className={classes['matrix']}
        tabIndex={0}
        role="region"
        aria-label="Roles and permissions"
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Permission</th>
              {items.map(({ role }) => (
                <th key={role} scope="col">
                  {role}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map((permission) => (
              <tr key={permission}>
                <th scope="row">
                  <code>{permission}</code>
                  <div className="soft">{permissionWords[permission]}</div>
                </th>
                {items.map(({ role, permissions }) => (
                  <Cell key={role} role={role} has={permissions.includes(permission)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Cell({ role, has }: { readonly role: Role; readonly has: boolean }) {
  return (
    <td data-has={has}>
      {has ? (
        <IconCheck size={17} role="img" aria-label={`${role}: yes`} />
      ) : (
        <span className={classes['no']} aria-label={`${role}: no`} role="img">
          ·
        </span>
      )}
    </td>
  );
}
