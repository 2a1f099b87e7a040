// An ordinary entity, and an ordinary repository. They know nothing of global transactions.
import type { DataSource } from 'typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity()
export class Account {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('int')
  readonly cents: number;
}

export class Accounts {
  constructor(private readonly database: DataSource) {}

  async all(): Promise<readonly Account[]> {
    return this.database.getRepository(Account).find({ order: { id: 'asc' } });
  }

  /** Unless there is one already. */
  async open(id: string, cents: number): Promise<void> {
    const accounts = this.database.getRepository(Account);
    await accounts.createQueryBuilder().insert().values({ id, cents }).orIgnore().execute();
  }

  /** @throws {Error} if there is no such account, or it has not enough */
  async add(id: string, cents: number): Promise<void> {
    const accounts = this.database.getRepository(Account);
    const account = await accounts.findOneBy({ id });
    if (account === null) throw new Error(`no account ${id}`);
    if (account.cents + cents < 0) throw new Error(`${id} has only ${account.cents} cents`);
    await accounts.increment({ id }, 'cents', cents);
  }
}
