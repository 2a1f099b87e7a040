// Where somebody was who had to leave for the identity provider: the address after `#` does not
// travel there and back. It is kept for this tab only, and says no more than the address did.
const KEY = 'concordat-way-back';

export function rememberWay(): void {
  sessionStorage.setItem(KEY, location.hash);
}

/** Goes back to it, once; to be called before the routes are read. */
export function takeWayBack(): void {
  const hash = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (hash !== null && hash.startsWith('#/') && location.hash.length <= 2) {
    history.replaceState(null, '', hash);
  }
}
