import { IconLock, IconPlugConnectedX } from '@tabler/icons-react';
import type { Missing as MissingParts } from '../api/queries.js';
import { Notice } from './Notice.js';

/** What could not be asked: without it, the answer would look complete (D2 of main.tsx). */
export function Missing({ missing }: { readonly missing: MissingParts }) {
  if (missing.length === 0) return null;
  return (
    <Notice tone="attention" icon={IconPlugConnectedX}>
      <strong>This is not everything.</strong> What follows could not be asked, and is not counted:
      <ul>
        {missing.map(({ what, reason }) => (
          <li key={what}>
            <strong>{what}</strong>: {reason}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** What may not be seen: what is shown is all of the rest, so nothing of it is partial. */
export function Hidden({ hidden }: { readonly hidden: MissingParts }) {
  if (hidden.length === 0) return null;
  return (
    <Notice tone="neutral" icon={IconLock}>
      {hidden.map(({ what, reason }) => (
        <span key={what}>
          <strong>Not shown to you: {what}.</strong> {reason}
        </span>
      ))}
    </Notice>
  );
}
