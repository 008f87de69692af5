import type { Transaction } from '../database/database.ts'
import { empty, insertInto, sql } from '../database/sql.ts'

export interface OrgRow {
  readonly org_id: string
  readonly name: string
  readonly created_at: Date
}

const COLUMNS = sql`org_id, name, created_at`

/** Lets one process at a time bootstrap the installation. The lock lasts until the transaction ends. */
export async function lockBootstrap(tx: Transaction): Promise<void> {
  await tx.row(sql`select pg_advisory_xact_lock(hashtext('orrery bootstrap'))`)
}

/** False if the name is taken. */
export async function insertOrg(tx: Transaction, row: OrgRow): Promise<boolean> {
  return (await tx.write(sql`${insertInto('app.org', row)} on conflict (name) do nothing`)) > 0
}

/** A page of all organizations in the order of their names. Only within `seeAllOrgs` are others than the transaction's own visible. */
export function selectOrgs(tx: Transaction, after: string | null, limit: number): Promise<OrgRow[]> {
  return tx.rows<OrgRow>(
    sql`select ${COLUMNS} from app.org ${after === null ? empty : sql`where name > ${after}`} order by name limit ${limit}`,
  )
}

export function selectOrg(tx: Transaction, org: string): Promise<OrgRow | undefined> {
  return tx.row<OrgRow>(sql`select ${COLUMNS} from app.org where org_id = ${org}`)
}

interface RulesRow {
  readonly passkey_required: boolean
  readonly mail_domains: string[]
}

export function selectRules(tx: Transaction, org: string): Promise<RulesRow | undefined> {
  return tx.row<RulesRow>(sql`select passkey_required, mail_domains from app.org where org_id = ${org}`)
}

export async function updateRules(
  tx: Transaction,
  org: string,
  { passkeyRequired, mailDomains }: { readonly passkeyRequired: boolean; readonly mailDomains: readonly string[] },
): Promise<void> {
  await tx.write(sql`update app.org set passkey_required = ${passkeyRequired}, mail_domains = ${mailDomains} where org_id = ${org}`)
}
