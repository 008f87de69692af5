import type { Failure } from '../../workflow/protocol.ts'
import type { JsonText, Message } from '../store.ts'
import { messageCode } from './codes.ts'
import type { PayloadPacker } from './payload.ts'

/** A row of `engine.inbox`. */
interface StoredMessage {
  readonly kind: number
  /** A signal's name; or the parent's command, a space and the child's id; or the reason of a cancellation. */
  readonly name: string
  readonly payload: JsonText | null
  readonly error: Failure | null
}

export function toMessageColumns(message: Message, packer: PayloadPacker): StoredMessage {
  const kind = messageCode.code(message.kind)
  switch (message.kind) {
    case 'signal':
      return { kind, name: message.name, payload: packer.pack(message.org, message.payload), error: null }
    case 'child': {
      const { cmd, child, output, error } = message
      return { kind, name: `${cmd} ${child}`, payload: packer.pack(message.org, output), error }
    }
    case 'cancel':
    case 'terminate':
      return { kind, name: message.reason, payload: null, error: null }
  }
}

export function toMessage(address: Pick<Message, 'org' | 'run' | 'id'>, stored: StoredMessage): Message {
  const { name, payload, error } = stored
  const kind = messageCode.word(stored.kind)
  switch (kind) {
    case 'signal':
      return { ...address, kind, name, payload }
    case 'child': {
      const space = name.indexOf(' ')
      return { ...address, kind, cmd: Number(name.slice(0, space)), child: name.slice(space + 1), output: payload, error }
    }
    case 'cancel':
    case 'terminate':
      return { ...address, kind, reason: name }
  }
}
