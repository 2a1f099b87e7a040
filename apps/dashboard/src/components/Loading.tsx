import { Loader } from '@mantine/core';
import classes from './Page.module.css';

/** @param what as in “asking for …” */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div className={classes['empty']} role="status">
      <Loader size="sm" type="dots" />
      <p>Asking for {what} …</p>
    </div>
  );
}
