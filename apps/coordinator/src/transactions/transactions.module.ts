import { Module } from '@nestjs/common';
import { CommandsController } from './commands.controller.js';
import { QueriesController } from './queries.controller.js';

@Module({ controllers: [CommandsController, QueriesController] })
export class TransactionsModule {}
