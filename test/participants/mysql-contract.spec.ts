import { resourceManagerContract } from './contract/resource-manager-contract.js';
import { mysqlSubject } from './mysql-subject.js';

resourceManagerContract('MariaDB', mysqlSubject);
