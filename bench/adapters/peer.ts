/** The interface of an adapter; harness.mjs documents each part. */
export type Cell = 'load-1' | 'load-5' | 'one' | 'across' | 'drain'

export interface PeerOptions<Prepared, Offer = null> {
  readonly role: 'both' | 'client' | 'worker'
  readonly cell: Cell
  readonly steps: number
  readonly slots: number
  readonly database: string
  readonly prepared: Prepared
  readonly offer: Offer
  readonly done: (run: number) => void
}

export interface OpenedPeer<Offer = null> {
  start(run: number): Promise<unknown>
  startMany?(from: number, count: number): Promise<unknown>
  close(): Promise<unknown>
  readonly offer?: Offer
}

export interface Peer<Prepared = null, Offer = null> {
  readonly name: string
  /** The npm package whose version is shown; null for Orrery. */
  readonly package: string | null
  readonly server: 'postgres' | 'redis' | 'restate'
  readonly cells: Readonly<Partial<Record<Cell, string>>>
  readonly backlog?: number
  /** True if the worker is a process of its own in every cell. */
  readonly split?: boolean
  prepare?(options: { readonly database: string }): Promise<Prepared>
  open(options: PeerOptions<Prepared, Offer>): Promise<OpenedPeer<Offer>>
}
