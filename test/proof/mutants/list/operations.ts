import type { Group, Mutant } from '../mutant.ts';

const acts = 'libs/operations/src/actions/acts.ts';
const routes = 'libs/operations/src/actions/routes.ts';
const onBranch = 'libs/operations/src/actions/on-branch.ts';
const approvals = 'libs/operations/src/approvals/approvals.ts';
const approvalViews = 'libs/operations/src/approvals/views.ts';
const orphans = 'libs/operations/src/orphans/orphans.ts';
const requests = 'libs/operations/src/requests.ts';
const chain = 'libs/operations/src/audit/chain.ts';
const verify = 'libs/operations/src/audit/verify.ts';
const bulk = 'libs/operations/src/bulk/runner.ts';
const alone = ['libs/operations'];
const ofDesk = ['test/operations/two-people.spec.ts'];
const ofChain = ['test/operations/audit-chain.spec.ts'];

const mutants: readonly Mutant[] = [
  {
    id: 'M2001',
    file: routes,
    find: `if (ask.action !== 'force' || body.dryRun) {`,
    replace: `if (ask.action !== undefined) {`,
    fault: 'an outcome is forced by one person alone',
    killers: ofDesk,
  },
  {
    id: 'M2002',
    file: approvalViews,
    find: `const isAsker = row.asked_kind === principal.kind && row.asked_id === principal.id;`,
    replace: `const isAsker = row.asked_kind === principal.kind && row.asked_name === principal.id;`,
    fault: 'who has asked may approve it himself',
    killers: ofDesk,
  },
  {
    id: 'M2003',
    file: 'libs/operations/src/statements/decide-approval.ts',
    find: `where id = $1 and state = 'pending' and expires_at > now()`,
    replace: `where id = $1 and expires_at > now()`,
    fault: 'of two who approve at once, both have done so',
    killers: ofDesk,
  },
  {
    id: 'M2004',
    file: approvalViews,
    find: `return is_over ? 'expired' : state;`,
    replace: `return is_over ? 'pending' : state;`,
    fault: 'an approval whose time is over is told as waiting',
    killers: ofDesk,
  },
  {
    id: 'M2005',
    file: approvals,
    find: `await store.audited({ ...audit, stage: 'done' }, (run) => run(ASK_APPROVAL, values));`,
    replace: `await store.run(ASK_APPROVAL, values);
    await store.audited({ ...audit, stage: 'done' }, () => Promise.resolve());`,
    fault: 'a question to a second person is there without its line in the audit',
    killers: ofDesk,
  },
  {
    id: 'M2006',
    file: acts,
    find: `if (asked.dryRun) return would(proved);`,
    replace: '',
    fault: 'what is only tried out is done',
    killers: alone,
  },
  {
    id: 'M2007',
    file: acts,
    find: `onlyIf: (transaction) => isSameState(transaction, known.transaction),`,
    replace: `onlyIf: () => true,`,
    fault: 'what is done was judged upon something else',
    killers: alone,
  },
  {
    id: 'M2008',
    file: 'libs/operations/src/actions/consequences.ts',
    find: `return left.version === right.version && JSON.stringify(left) === JSON.stringify(right);`,
    replace: `return left.version === right.version;`,
    fault: 'another state of the same version is taken for what was judged',
    killers: alone,
  },
  {
    id: 'M2009',
    file: acts,
    find: `if (error instanceof Refusal && !asked.dryRun) await this.log(asked, error);`,
    replace: '',
    fault: 'whoever is refused is in no audit',
    killers: alone,
  },
  {
    id: 'M2010',
    file: onBranch,
    find: `if (seen === 'committed' || seen === 'prepared') {`,
    replace: `if (seen === 'prepared') {`,
    fault: 'a step that was executed is executed again',
    killers: alone,
  },
  {
    id: 'M2011',
    file: onBranch,
    find: `if (agreement === 'cannot-tell' && !unconfirmed) {`,
    replace: `if (agreement === undefined) {`,
    fault: 'what nobody can confirm is said without saying so',
    killers: alone,
  },
  {
    id: 'M2012',
    file: onBranch,
    find: `if (observation?.observed === contrary) {`,
    replace: `if (observation === undefined) {`,
    fault: 'a branch is forced against what has become of it',
    killers: alone,
  },
  {
    id: 'M2013',
    file: orphans,
    find: `if (whyNot !== undefined) return whyNot;`,
    replace: '',
    fault: 'an orphan is committed of which the journal has heard meanwhile',
    killers: alone,
  },
  {
    id: 'M2014',
    file: orphans,
    find: `if (verdict?.standing !== 'orphaned') {`,
    replace: `if (verdict === undefined) {`,
    fault: 'what may become known yet is ended as an orphan',
    killers: alone,
  },
  {
    id: 'M2015',
    file: orphans,
    find: `if (cluster !== undefined && cluster !== this.ports.cluster) {`,
    replace: `if (cluster === '') {`,
    fault: 'what belongs to another installation is ended',
    killers: alone,
  },
  {
    id: 'M2016',
    file: 'libs/operations/src/approvals/ending.ts',
    find: `  await ports.store.audited(intent, () => Promise.resolve());
  const finished = await at.finish(there, toEnd.outcome);`,
    replace: `  const finished = await at.finish(there, toEnd.outcome);
  await ports.store.audited(intent, () => Promise.resolve());`,
    fault: 'a prepared branch is ended before the audit says that it will be',
    killers: alone,
  },
  {
    id: 'M2017',
    file: requests,
    find: `if (record === undefined || !may(request.principal, 'read', tenantOf(record))) {`,
    replace: `if (record === undefined) {`,
    fault: 'another tenant’s transaction is told of',
    killers: ofDesk,
  },
  {
    id: 'M2018',
    file: requests,
    find: `  requireFor(request.principal, permission, tenantOf(record));`,
    replace: '',
    fault: 'who may act for one tenant acts for another',
    killers: ofDesk,
  },
  {
    id: 'M2019',
    file: 'libs/operations/src/truth/verdict.ts',
    find: `if (heard === 'promise' || heard === 'heuristic') return 'attention';`,
    replace: `if (heard === 'heuristic') return 'attention';`,
    fault: 'a branch that has promised and cannot be asked is fine',
    killers: alone,
  },
  {
    id: 'M2020',
    file: 'libs/operations/src/truth/whole.ts',
    find: `const [worst] = branches.toSorted(byHarm);`,
    replace: `const [worst] = branches;`,
    fault: 'a transaction is fine though one of its branches is not',
    killers: alone,
  },
  {
    id: 'M2021',
    file: 'libs/operations/src/truth/in-doubt.ts',
    find: `      missing.push({ what: \`what is prepared in \${name}\`, reason: report.reason });
`,
    replace: '',
    fault: 'a database that cannot be asked holds nothing in doubt',
    killers: alone,
  },
  {
    id: 'M2022',
    file: 'libs/operations/src/truth/observing.ts',
    find: `const said = found === undefined ? probed : inDatabase(found, probed);`,
    replace: `const said = probed;`,
    fault: 'a service is believed where its database holds the branch prepared',
    killers: alone,
  },
  {
    id: 'M2023',
    file: bulk,
    find: `await this.requirePermitted(bulk, gtid);`,
    replace: '',
    fault: 'in bulk, transactions are acted upon that whoever asked may not touch',
    killers: alone,
  },
  {
    id: 'M2024',
    file: bulk,
    find: `if (stage === 'done') return { n, state: 'done', said: null };`,
    replace: '',
    fault: 'in bulk, what was done before a crash is done again',
    killers: alone,
  },
  {
    id: 'M2025',
    file: bulk,
    find: `if (runs === undefined) return lease;
      ({ lease } = runs);`,
    replace: `if (runs !== undefined) ({ lease } = runs);`,
    fault: 'a bulk that a person has taken back goes on',
    killers: alone,
  },
  {
    id: 'M2026',
    file: 'libs/operations/src/actions/answering.ts',
    find: `return operation === 'commit-one-phase' ||`,
    replace: `return false &&`,
    fault: 'one person decides for all what nobody sees',
    killers: alone,
  },
  {
    id: 'M2027',
    file: 'libs/operations/src/truth/situation.ts',
    find: `if (told !== undefined) return told;`,
    replace: '',
    fault: 'what a person has said of a participant is told as its own word',
    killers: alone,
  },
];

const ofAudit: readonly Mutant[] = [
  {
    id: 'M2051',
    file: 'libs/journal/src/open-journal.ts',
    find: `          const done = await work(run);
          await run(AUDIT, auditParameters(line));`,
    replace: `          await database.run(AUDIT, auditParameters(line));
          const done = await work(run);`,
    fault: 'what was not done is in the audit as done',
    killers: ['test/engine/interventions.spec.ts'],
  },
  {
    id: 'M2052',
    file: 'libs/journal/src/statements/audit.ts',
    find: `sha256(hash || convert_to(`,
    replace: `sha256(convert_to(`,
    fault: 'a line of the audit does not hang on the line before it',
    killers: ofChain,
  },
  {
    id: 'M2053',
    file: chain,
    find: `if (hashOf(before.hash, row) !== row.hash) return`,
    replace: `if (hashOf(before.hash, row) === '') return`,
    fault: 'a line of the audit that was changed is taken for the one that was written',
    killers: alone,
  },
  {
    id: 'M2054',
    file: chain,
    find: `return hash.update(\`\${seq} \${micros} \${line}\`, 'utf8').digest('hex');`,
    replace: `return hash.update(\`\${seq} \${line}\`, 'utf8').digest('hex');`,
    fault: 'the time of a line is no part of its hash',
    killers: alone,
  },
  {
    id: 'M2055',
    file: chain,
    find: `if (seq !== due) return`,
    replace: `if (seq < due) return`,
    fault: 'a line that is missing is not missed',
    killers: alone,
  },
  {
    id: 'M2056',
    file: chain,
    find: `  if (line.tenant !== row.tenant) return 'tenant';
`,
    replace: '',
    fault: 'a line is hidden from its tenant, and the audit is intact',
    killers: alone,
  },
  {
    id: 'M2057',
    file: verify,
    find: `if (link.hash !== head.hash) return`,
    replace: `if (link.seq !== head.seq) return`,
    fault: 'the end of the audit was written anew, and nobody notices',
    killers: alone,
  },
  {
    id: 'M2058',
    file: verify,
    find: `let isKeptFound = kept === undefined || kept === '';`,
    replace: `let isKeptFound = kept !== '';`,
    fault: 'a head that was kept elsewhere need not be one of the chain',
    killers: alone,
  },
];

export const operationsGroup: Group = { title: 'What operators may do, and are told', mutants };
export const auditGroup: Group = { title: 'The audit', mutants: ofAudit };
