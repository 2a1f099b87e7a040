import { Module } from '@nestjs/common';
import { ResourceManagersController } from './resource-managers.controller.js';

@Module({ controllers: [ResourceManagersController] })
export class ResourceManagersModule {}
