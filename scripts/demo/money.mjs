/** @param {number} cents */
export function money(cents) {
  return (cents / 100).toLocaleString('en', { minimumFractionDigits: 2 });
}
