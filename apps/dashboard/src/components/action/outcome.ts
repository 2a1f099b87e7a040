import { useState } from 'react';

/**
 * What has come of a dialog: it stands in the place of the form, and is forgotten with the dialog.
 * @returns `outcome` undefined: nothing was done yet
 */
export function useOutcome<T>(onClose: () => void) {
  const [outcome, setOutcome] = useState<T>();
  const close = (): void => {
    setOutcome(undefined);
    onClose();
  };
  return { outcome, setOutcome, close };
}
