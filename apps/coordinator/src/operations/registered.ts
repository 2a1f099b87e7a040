// Who is registered, as people are told: where each is, without anything secret.
import type { RegisteredParticipant } from '@concordat/operations';
import type { Registration, Registry } from '@concordat/participants';
import { masked } from '@concordat/participants';

export function registeredIn(registry: Registry): readonly RegisteredParticipant[] {
  return [...registry].map(([name, registration]) => {
    return { name, kind: registration.kind, address: addressOf(registration) };
  });
}

function addressOf(registration: Registration): string {
  switch (registration.kind) {
    case 'http':
      return `${registration.url.origin}${registration.url.path}`;
    case 'postgres':
    case 'mysql':
      return masked(registration.url);
    case 'queue':
      return registration.queue;
    case 'in-process':
      return 'within this process';
  }
}
