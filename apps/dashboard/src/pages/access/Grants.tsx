import type { Grant } from '@concordat/wire/operations';
import { StateBadge } from '../../components/Badges.js';
import { roleWords } from '../../components/words.js';
import classes from './Access.module.css';

/** `every tenant: resolver auditor`. */
export function Grants({ grants }: { readonly grants: readonly Grant[] }) {
  return (
    <span className={classes['grants']}>
      {grants.map(({ tenant, roles }, index) => (
        // a tenant may be named twice
        <span key={`${index} ${tenant}`} className={classes['grant']}>
          {roles.map((role) => (
            <StateBadge key={role} tone="neutral" means={roleWords[role]}>
              {role}
            </StateBadge>
          ))}{' '}
          <span className="soft">{tenant === '*' ? 'for every tenant' : `for ${tenant}`}</span>
        </span>
      ))}
    </span>
  );
}
