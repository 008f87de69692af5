import { createHash } from 'node:crypto'
import type pg from 'pg'
import { BLOB_BYTES, type JsonText, type OrgId } from '../store.ts'

/**
 * Claim check for large payloads: a payload over BLOB_BYTES goes to `engine.blob` under its hash, and the row holds
 * `{"$blob":"<sha256>","bytes":n}`. A payload that itself begins like such a reference is wrapped as `{"$json":…}`. Only texts that begin
 * exactly as written here are references, so no parsing is needed.
 */
const blobStart = '{"$blob":"'
const wrapStart = '{"$json":'
const hashLength = 64

export interface Blob {
  readonly org: OrgId
  readonly hash: string
  readonly body: string
}

/** Turns payloads into their stored form and collects the blobs that must be written with them. */
export class PayloadPacker {
  readonly blobs = new Map<string, Blob>()

  pack(org: OrgId, text: JsonText | null): string | null {
    if (text === null) return null
    if (text.length * 3 > BLOB_BYTES && Buffer.byteLength(text) > BLOB_BYTES) {
      const hash = createHash('sha256').update(text).digest('hex')
      this.blobs.set(`${org}:${hash}`, { org, hash, body: text })
      return `${blobStart}${hash}","bytes":${Buffer.byteLength(text)}}`
    }
    return text.startsWith(blobStart) || text.startsWith(wrapStart) ? `${wrapStart}${text}}` : text
  }
}

/**
 * Writes blobs in the same transaction as the rows that refer to them, or before it. Blobs are content-addressed, so an unused one does no
 * harm.
 */
export const insertBlobs = (org: string, hash: string, body: string) => `
  insert into engine.blob as b (org_id, hash, body)
  select * from unnest(${org}::uuid[], ${hash}::text[], ${body}::text[])
  on conflict (org_id, hash) do update set at = now() where b.at < now() - interval '1 hour'`

export async function saveBlobs(client: pg.ClientBase | pg.Pool, packer: PayloadPacker): Promise<void> {
  if (packer.blobs.size === 0) return
  await client.query({ name: 'blob_save', text: insertBlobs('$1', '$2', '$3'), values: blobColumns(packer) })
}

/** In the order of their hashes, so that two writers of the same blobs cannot deadlock. */
export function blobColumns(packer: PayloadPacker): [string[], string[], string[]] {
  const blobs = [...packer.blobs.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1))
  return [blobs.map((blob) => blob.org), blobs.map((blob) => blob.hash), blobs.map((blob) => blob.body)]
}

/** Replaces stored payloads in the named columns by the original text. Reads no blobs if no row refers to one, which is the usual case. */
export async function unpackRows<Row extends { readonly org: OrgId }, Column extends keyof Row & string>(
  client: pg.ClientBase | pg.Pool,
  rows: readonly Row[],
  columns: readonly Column[],
): Promise<readonly Row[]> {
  const wanted = new Map<string, { org: OrgId; hash: string }>()
  let touched = false
  for (const row of rows) {
    for (const column of columns) {
      const text = row[column]
      if (typeof text !== 'string') continue
      if (text.startsWith(blobStart)) {
        const hash = text.slice(blobStart.length, blobStart.length + hashLength)
        wanted.set(`${row.org}:${hash}`, { org: row.org, hash })
      } else if (!text.startsWith(wrapStart)) continue
      touched = true
    }
  }
  if (!touched) return rows
  const bodies = wanted.size > 0 ? await readBlobs(client, [...wanted.values()]) : new Map<string, string>()
  return rows.map((row) => {
    const changed: Record<string, string> = {}
    for (const column of columns) {
      const text = row[column]
      if (typeof text === 'string') changed[column] = unpack(row.org, text, bodies)
    }
    return { ...row, ...changed }
  })
}

function unpack(org: OrgId, text: string, bodies: ReadonlyMap<string, string>): string {
  if (text.startsWith(wrapStart)) return text.slice(wrapStart.length, -1)
  if (!text.startsWith(blobStart)) return text
  const hash = text.slice(blobStart.length, blobStart.length + hashLength)
  const body = bodies.get(`${org}:${hash}`)
  if (body === undefined) throw new Error(`the payload ${hash} is missing from engine.blob`)
  return body
}

async function readBlobs(client: pg.ClientBase | pg.Pool, wanted: readonly { org: OrgId; hash: string }[]): Promise<Map<string, string>> {
  const { rows } = await client.query<{ org: string; hash: string; body: string }>({
    name: 'blob_read',
    text: `select b.org_id as org, b.hash, b.body from unnest($1::uuid[], $2::text[]) u(org_id, hash) join engine.blob b using (org_id, hash)`,
    values: [wanted.map((one) => one.org), wanted.map((one) => one.hash)],
  })
  return new Map(rows.map((row) => [`${row.org}:${row.hash}`, row.body]))
}
