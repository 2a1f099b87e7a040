// Grants, as `keys create --grant` takes them: `shop=operator,reader *=auditor`.
import type { Grant } from '@concordat/wire/operations';

export function grantsText(grants: readonly Grant[]): string {
  return grants.map(({ tenant, roles }) => `${tenant}=${roles.join(',')}`).join(' ');
}
