import { blobColumns, insertBlobs } from '../payload.ts'
import type { StatementPart } from './part.ts'

/** Must be the last part: the other parts collect blobs while they pack their payloads. */
export const blobsPart: StatementPart = {
  name: 'blobs',
  used: (_batch, packer) => packer.blobs.size > 0,
  values: (_batch, packer) => blobColumns(packer),
  sql: ({ at }) => `blob_row as (${insertBlobs(at(0), at(1), at(2))})`,
}
