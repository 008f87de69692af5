/** An ordered log with a part for each organization, as its readers see it. The ids of entries are positions (`event-position.ts`). */
export interface LogSource<Entry extends { readonly id: string }> {
  /** The place behind all that has happened. @param org a UUID */
  end(org: string): Promise<string>
  /** Entries behind a place, in order, `limit` at most. `isHiding`: a transaction in progress may hide entries that are committed already. */
  read(org: string, after: string, limit: number): Promise<{ readonly entries: readonly Entry[]; readonly isHiding: boolean }>
}
