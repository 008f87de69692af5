/** A passkey made of software, which says of itself what a test wants: WebAuthn level 3, sections 6.1 (authenticator data) and 6.5.1 (attestation). */
import { generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto'

/** Flags of authenticator data. */
const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

const base64 = (bytes: Buffer): string => bytes.toString('base64url')
const sha256 = (data: string | Buffer): Buffer => hash('sha256', data, 'buffer')

/** @param origin of the server, on localhost */
export function makeSoftwarePasskey(origin: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const id = randomBytes(16)
  /** A key of COSE: EC2, ES256, P-256. */
  const key = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ])
  const clientData = (type: string, challenge: string) => Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  const data = (flags: number) => Buffer.concat([sha256('localhost'), Buffer.from([flags, 0, 0, 0, 0])])
  const named = (response: object) => ({ id: base64(id), rawId: base64(id), type: 'public-key', clientExtensionResults: {}, response })
  return {
    /** What a browser sends for a new passkey. */
    register(challenge: string, isVerified: boolean): object {
      const flags = PRESENT | ATTESTED | (isVerified ? VERIFIED : 0)
      const authenticatorData = Buffer.concat([data(flags), Buffer.alloc(16), Buffer.from([0, id.length]), id, key])
      // {"fmt": "none", "attStmt": {}, "authData": …} in CBOR.
      const head = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex')
      const attestation = Buffer.concat([head, Buffer.from([authenticatorData.length]), authenticatorData])
      return named({
        clientDataJSON: base64(clientData('webauthn.create', challenge)),
        attestationObject: base64(attestation),
        transports: ['internal'],
      })
    },
    /** What a browser sends to log in. */
    logIn(challenge: string, isVerified: boolean): object {
      const [authenticatorData, client] = [data(PRESENT | (isVerified ? VERIFIED : 0)), clientData('webauthn.get', challenge)]
      const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(client)]), privateKey)
      return named({
        clientDataJSON: base64(client),
        authenticatorData: base64(authenticatorData),
        signature: base64(signature),
      })
    },
  }
}
