import { blobColumns, insertBlobs } from '../payload.ts'
import type { StatementPart } from './part.ts'

/** Must come last: the other parts find the blobs while they pack their payloads. */
export const blobsPart: StatementPart = {
  name: 'blobs',
  used: (_batch, packer) => packer.blobs.size > 0,
  values: (_batch, packer) => blobColumns(packer),
  sql: ({ at }) => `blob_row as (${insertBlobs(at(0), at(1), at(2))})`,
}
