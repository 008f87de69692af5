import type { IncomingMessage } from 'node:http'
import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { OutsideError, toOutsideError } from './outside-error.ts'

/** The supported encodings. An answer may have only one: a second encoding is only useful to build a nested compression bomb. */
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

interface BodyPlan {
  readonly host: string
  readonly bytesMax: number
  readonly hasBody: boolean
  /** Its reason explains why the connection broke if this process broke it. */
  readonly signal: AbortSignal
}

/**
 * The decoded body. It is read no faster than the consumer takes it. It fails with an OutsideError as soon as it is larger than allowed.
 * The limit applies to the body as sent, because an endless stream of empty blocks decodes to nothing, and to the decoded body, because of
 * compression bombs.
 */
export function readBody(answer: IncomingMessage, plan: BodyPlan): Readable {
  const { host, bytesMax, hasBody } = plan
  const announced = Number(answer.headers['content-length'] ?? 0)
  if (hasBody && announced > bytesMax) throw tooLarge(plan)
  const coding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined
  if (hasBody && !decoder && coding !== 'identity')
    throw new OutsideError('answer', host, `The answer of ${host} has an encoding that was not requested`)
  const decoded = hasBody && decoder ? pipeline(measure(answer, plan), decoder(), () => undefined) : answer
  return Readable.from(guard(decoded, plan), { objectMode: false })
}

/** Converts every failure of a body to an OutsideError. */
async function* guard(source: AsyncIterable<Uint8Array>, plan: BodyPlan): AsyncGenerator<Uint8Array> {
  try {
    yield* measure(source, plan)
  } catch (error) {
    if (plan.signal.aborted) throw plan.signal.reason
    const isCoding = error instanceof Error && 'code' in error && /^(Z_|ERR_BROTLI|ERR__ERROR|ERR_PADDING)/.test(String(error.code))
    const what = isCoding ? `The answer of ${plan.host} cannot be decoded` : `The connection to ${plan.host} was lost during its answer`
    throw toOutsideError(error, isCoding ? 'answer' : 'connection', plan.host, what)
  }
}

async function* measure(source: AsyncIterable<Uint8Array>, plan: BodyPlan): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > plan.bytesMax) throw tooLarge(plan)
    yield chunk
  }
}

function tooLarge({ host, bytesMax }: BodyPlan): OutsideError {
  return new OutsideError('size', host, `The answer of ${host} is larger than ${bytesMax} bytes`)
}
