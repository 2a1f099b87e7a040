/** The one way to leave a promise alone: whatever becomes of it is heard. */
export function inBackground(work: Promise<void>, onError: (error: unknown) => void): void {
  work.catch(onError);
}
