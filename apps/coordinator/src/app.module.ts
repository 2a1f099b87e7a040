// The one place where Nest learns of the parts. They are built in coordinator.ts, without it.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ApiKeys, Sessions } from '@concordat/access';
import { ResourceNames } from '@concordat/embedded';
import { Engine } from '@concordat/engine';
import type { Reader } from '@concordat/journal';
import { Recovery } from '@concordat/recovery';
import { AccessModule } from './access/access.module.js';
import { Guard } from './access/guard.js';
import type { OpenAccess } from './access/open-access.js';
import { SignIn } from './access/sign-in.js';
import { Health } from './health/health.js';
import { HealthModule } from './health/health.module.js';
import { Metrics } from './metrics/metrics.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ResourceManagersModule } from './resource-managers/resource-managers.module.js';
import { InitiatorRequests } from './transactions/initiator-requests.js';
import { READER } from './transactions/reader.js';
import { TransactionsModule } from './transactions/transactions.module.js';

export interface Parts {
  readonly engine: Engine;
  readonly reader: Reader;
  readonly requests: InitiatorRequests;
  readonly recovery: Recovery;
  readonly names: ResourceNames;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly access: OpenAccess;
}

@Module({})
export class AppModule {
  static of(parts: Parts): DynamicModule {
    const providers = [
      { provide: Engine, useValue: parts.engine },
      { provide: READER, useValue: parts.reader },
      { provide: InitiatorRequests, useValue: parts.requests },
      { provide: Recovery, useValue: parts.recovery },
      { provide: ResourceNames, useValue: parts.names },
      { provide: Health, useValue: parts.health },
      { provide: Metrics, useValue: parts.metrics },
      { provide: Guard, useValue: parts.access.guard },
      { provide: ApiKeys, useValue: parts.access.keys },
      { provide: Sessions, useValue: parts.access.sessions },
      { provide: SignIn, useValue: parts.access.signIn },
    ];
    return {
      module: AppModule,
      global: true,
      imports: [
        AccessModule,
        TransactionsModule,
        ResourceManagersModule,
        HealthModule,
        MetricsModule,
      ],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
