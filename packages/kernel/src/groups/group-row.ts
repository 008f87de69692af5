import { decodeId, encodeId } from '@orrery/contract'

export interface GroupRow {
  readonly org_id: string
  readonly group_id: string
  readonly name: string
  readonly description: string
  readonly created_at: Date
}

export interface CountedGroupRow extends GroupRow {
  readonly members: number
}

/** Who can be in a group, by the prefix of the public id. */
const TYPES = { mbr: 'member' } as const
type Prefix = keyof typeof TYPES

export interface GroupActor {
  readonly type: (typeof TYPES)[Prefix]
  /** A UUID. */
  readonly id: string
}

export interface GroupMemberRow {
  readonly actor_type: GroupActor['type']
  readonly actor_id: string
  readonly name: string
  readonly added_at: Date
}

/** @param publicId its shape was checked by the operation */
export function readGroupActor(publicId: string): GroupActor {
  for (const [prefix, type] of Object.entries(TYPES) as [Prefix, GroupActor['type']][]) {
    const id = decodeId(prefix, publicId)
    if (id !== null) return { type, id }
  }
  throw new TypeError(`Not an id of an actor of a group: ${publicId}`)
}

/** The public form of a group. */
export function toGroup(row: CountedGroupRow) {
  return {
    id: encodeId('grp', row.group_id),
    name: row.name,
    description: row.description,
    members: row.members,
    createdAt: row.created_at.toISOString(),
  }
}

/** The public form of a member of a group. */
export function toGroupMember(row: GroupMemberRow) {
  const prefix = (Object.keys(TYPES) as Prefix[]).find((one) => TYPES[one] === row.actor_type)
  if (prefix === undefined) throw new TypeError(`Not an actor of a group: ${row.actor_type}`)
  return { id: encodeId(prefix, row.actor_id), name: row.name, addedAt: row.added_at.toISOString() }
}
