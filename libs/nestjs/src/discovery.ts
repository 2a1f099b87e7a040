// Which classes of the application our decorators are on. Before any instance is made.
//
// E1. A class may be provided under another token than itself: it is asked for by that.
import type { Type } from '@nestjs/common';
import type { DiscoveryService, ModuleRef } from '@nestjs/core';
import type { Class, Declared } from './marks.js';
import { declaredBy } from './marks.js';

export interface Seen {
  readonly declared: Iterable<Declared>;
  /** The one that serves all; where it is request-scoped, another for each call. */
  readonly instanceOf: (type: Class) => Promise<object>;
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

export function seenIn(discovery: DiscoveryService, moduleRef: ModuleRef): Seen {
  const found = foundIn(discovery);
  return {
    declared: [...found.values()].map(({ declared }) => declared),
    instanceOf: async (type) => {
      const wrapper = found.get(type)?.wrapper;
      const token = (wrapper?.token ?? type) as Type<object>; // E1
      return wrapper?.isDependencyTreeStatic() === false
        ? moduleRef.resolve(token, undefined, { strict: false })
        : (moduleRef.get(token, { strict: false }) as object);
    },
  };
}

interface Found {
  readonly declared: Declared;
  readonly wrapper: Wrapper;
}

function foundIn(discovery: DiscoveryService): ReadonlyMap<Class, Found> {
  const found = new Map<Class, Found>();
  for (const wrapper of wrappersIn(discovery)) {
    const type = classOf(wrapper);
    const declared = type && declaredBy(type);
    if (type && declared) found.set(type, { declared, wrapper });
  }
  return found;
}

/** Instances that no class was seen of, because something else than Nest has made them. */
export function unseenIn(discovery: DiscoveryService): string[] {
  const seen = foundIn(discovery);
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
