// The nonce under which this page may add styles: the server writes another into each answer. It
// stands first among the imports, for what it sets is read when others are loaded.

/** Undefined where nobody has put one in: the development server of Vite. */
export const cspNonce = nonceOf(document);

/** react-remove-scroll, in Mantine's dialogs, looks for it there. */
Object.assign(globalThis, { __webpack_nonce__: cspNonce });

function nonceOf(page: Document): string | undefined {
  const nonce = page.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
  return nonce === undefined || nonce === '' || nonce.startsWith('%') ? undefined : nonce;
}
