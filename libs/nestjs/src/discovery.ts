// Which classes of the application our decorators are on. Before any instance is made.
import type { DiscoveryService } from '@nestjs/core';
import type { Class, Declared } from './marks.js';
import { declaredBy } from './marks.js';

export interface Seen {
  readonly declared: Iterable<Declared>;
  /** Whether one instance serves all; else one is made for each call. */
  readonly isStatic: (type: Class) => boolean;
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

export function seenIn(discovery: DiscoveryService): Seen {
  const found = new Map<Class, { readonly declared: Declared; readonly wrapper: Wrapper }>();
  for (const wrapper of wrappersIn(discovery)) {
    const type = classOf(wrapper);
    const declared = type && declaredBy(type);
    if (type && declared) found.set(type, { declared, wrapper });
  }
  return {
    declared: [...found.values()].map(({ declared }) => declared),
    isStatic: (type) => found.get(type)?.wrapper.isDependencyTreeStatic() ?? true,
  };
}

/** Instances that no class was seen of, because something else than Nest has made them. */
export function unseenIn(discovery: DiscoveryService): string[] {
  const seen = new Set([...seenIn(discovery).declared].map(({ type }) => type));
  const types = wrappersIn(discovery).flatMap(({ instance }) => typeOf(instance) ?? []);
  return [...new Set(types)]
    .filter((type) => !seen.has(type) && declaredBy(type) !== undefined)
    .map(({ name }) => `${name}: provide the class itself, and no factory or value of it`);
}

function wrappersIn(discovery: DiscoveryService): readonly Wrapper[] {
  return [...discovery.getProviders(), ...discovery.getControllers()];
}

/** Undefined where a factory or a value is provided: then the token is none of it. */
function classOf({ metatype, isNotMetatype }: Wrapper): Class | undefined {
  if (isNotMetatype || typeof metatype !== 'function') return undefined;
  return metatype as Class;
}

function typeOf(instance: unknown): Class | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const { constructor } = instance;
  return typeof constructor === 'function' ? (constructor as unknown as Class) : undefined;
}
