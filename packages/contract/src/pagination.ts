/** Lists use keyset pagination: a cursor names the last row seen, so pages neither skip nor repeat rows while others are added. */
import { z } from 'zod'

export const PAGE_LIMIT_MAX = 200

/** Fields of every list's input; spread them into its strict object. */
export const pageInput = {
  limit: z.number().int().min(1).max(PAGE_LIMIT_MAX).default(50).meta({ description: 'Rows per page, 1 to 200.' }),
  cursor: z
    .string()
    .max(512)
    .regex(/^[A-Za-z0-9_-]+$/, 'Expected the `nextCursor` of the previous page')
    .optional()
    .meta({ description: 'The `nextCursor` of the previous page.' }),
}

/** `{ items, nextCursor }`; a null cursor means that this was the last page. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}
