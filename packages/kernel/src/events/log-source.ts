/** The reader's interface of an ordered log with a part for each organization. The ids of entries are positions (`event-position.ts`). */
export interface LogSource<Entry extends { readonly id: string }> {
  /** The current end of the log. @param org a UUID */
  end(org: string): Promise<string>
  /** Up to `limit` entries after a position, in order. `isHiding`: a transaction in progress may hide entries that have been committed. */
  read(org: string, after: string, limit: number): Promise<{ readonly entries: readonly Entry[]; readonly isHiding: boolean }>
}
