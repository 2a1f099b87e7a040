import { Anchor } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useRefresh } from '../../api/actions.js';
import { ApiError, inWords } from '../../api/problem.js';
import { Notice } from '../Notice.js';
import { sentence } from '../text.js';

/** Why the server has not done it: in its own words. */
export function Refused({ error }: { readonly error: Error }) {
  const refresh = useRefresh();
  const { title, detail } = inWords(error);
  const errors = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
  const isStale = error instanceof ApiError && error.kind === 'changed-meanwhile';
  return (
    <Notice tone="danger" icon={IconHandStop}>
      <strong>{title}.</strong> {sentence(detail)}
      {errors.length > 0 && (
        <ul>
          {errors.map(({ pointer, message }) => (
            <li key={pointer}>
              {pointer} {message}
            </li>
          ))}
        </ul>
      )}
      {isStale && (
        <>
          {' '}
          <Anchor component="button" type="button" fz="inherit" onClick={() => void refresh()}>
            Look again
          </Anchor>
        </>
      )}
    </Notice>
  );
}
