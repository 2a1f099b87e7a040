import { resourceManagerContract } from './contract/resource-manager-contract.js';
import { postgresSubject } from './postgres-subject.js';

resourceManagerContract('Postgres', postgresSubject);
