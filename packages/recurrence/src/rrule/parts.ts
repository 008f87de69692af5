/** One `NAME=VALUE` of a rule, both in upper case. */
export interface Part {
  readonly name: string
  readonly value: string
  /** Offsets of the name and the value in the whole text. */
  readonly namePosition: number
  readonly position: number
}

export type Parts = ReadonlyMap<string, Part>
