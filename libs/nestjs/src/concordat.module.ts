// The module. What it does is in runtime.ts; here Nest learns of it.
//
//   modules are scanned ─▶ classes are looked at ─▶ runtime opens ─▶ instances are made ─▶ start
//
// M1. The runtime opens while Nest makes instances: who is injected with Concordat can use it. Its
//     participants are called from `onApplicationBootstrap` on, when all instances are there.
// M2. A class whose instance is made by a factory is not seen as a class in time; if one has
//     decorators of ours, the start stops.
// M3. Participants are served where middleware stands, which an application without HTTP has not.
import type {
  DynamicModule,
  NestModule,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  Provider,
  Type,
} from '@nestjs/common';
import { ConfigurableModuleBuilder, Inject, Logger, Module } from '@nestjs/common';
import {
  APP_INTERCEPTOR,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  ModuleRef,
} from '@nestjs/core';
import { ConcordatMisconfigured } from './boot-fault.js';
import { Concordat } from './concordat.js';
import { ContextInterceptor } from './context.interceptor.js';
import { seenIn, unseenIn } from './discovery.js';
import type { ConcordatOptions } from './options.js';
import { propagate } from './propagation.js';
import type { Runtime } from './runtime.js';
import { openRuntime } from './runtime.js';
import { serve } from './serving.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ConcordatOptions>({ moduleName: 'Concordat' })
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal,
    }))
    .build();

const RUNTIME = Symbol('Concordat runtime');
const logger = new Logger('Concordat');

const runtimeProvider: Provider = {
  provide: RUNTIME,
  inject: [MODULE_OPTIONS_TOKEN, DiscoveryService, ModuleRef],
  useFactory: (options: ConcordatOptions, discovery: DiscoveryService, moduleRef: ModuleRef) => {
    const { declared, instanceOf } = seenIn(discovery, moduleRef);
    return openRuntime(options, [...declared], {
      instanceOf,
      troubled: (where, error) => logger.warn(`${where}: ${reasonOf(error)}`),
    });
  },
};

@Module({
  imports: [DiscoveryModule],
  providers: [
    runtimeProvider,
    {
      provide: APP_INTERCEPTOR,
      inject: [RUNTIME],
      useFactory: ({ surrounding }: Runtime) => new ContextInterceptor(surrounding),
    },
    {
      provide: Concordat,
      inject: [RUNTIME],
      useFactory: ({ concordat }: Runtime) => concordat,
    },
  ],
  exports: [Concordat],
})
export class ConcordatModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationBootstrap, OnApplicationShutdown
{
  private isServing = false;
  private stopPropagating: () => void = () => undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: ConcordatOptions,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  /** The classes of a feature: sagas, participants, and what they need. */
  static forFeature(classes: readonly Type<object>[]): DynamicModule {
    const providers = [...classes];
    return { module: ConcordatFeatureModule, providers, exports: providers };
  }

  /** M3. */
  async configure(): Promise<void> {
    await serve(this.runtime, this.host.httpAdapter);
    this.isServing = true;
  }

  onApplicationBootstrap(): void {
    const faults = unseenIn(this.discovery); // M2
    if (this.runtime.served !== undefined && !this.isServing) {
      faults.push('an application without HTTP cannot be called: create it with a server');
    }
    if (faults.length > 0) throw new ConcordatMisconfigured(faults);
    this.stopPropagating = propagate(this.options.propagateTo ?? [], this.runtime.surrounding);
    this.runtime.start();
  }

  onApplicationShutdown(): Promise<void> {
    this.stopPropagating();
    return this.runtime.close();
  }
}

@Module({})
class ConcordatFeatureModule {}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
