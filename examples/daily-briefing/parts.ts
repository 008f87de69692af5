/** Runs the services that this example needs besides the server. Keep it running: `npm run parts`. */
import { once } from 'node:events'
import { chooseModel } from './parts/choose-model.ts'
import { type Mail, openMailbox } from './parts/mailbox.ts'
import { httpPort, smtpPort } from './parts/ports.ts'
import { createParts } from './parts/serve.ts'

const mailbox = await openMailbox(smtpPort, show)
const server = createParts({ mails: mailbox.mails, paceMs: Number(process.env.MODEL_PACE_MS ?? 0) })
server.listen(httpPort, '127.0.0.1')
await once(server, 'listening')

const address = `http://127.0.0.1:${httpPort}`
console.log(`metrics   ${address}/metrics?lookback_days=1&include_forecast=true`)
console.log(`mailbox   ${address}/   accepts every mail that is sent to 127.0.0.1:${smtpPort}`)
console.log(`model     ${chooseModel(process.env).description}`)

function show({ from, to, subject, text }: Mail): void {
  console.log(`\n--- mail from ${from} to ${to.join(', ')}\nSubject: ${subject}\n\n${text}\n---`)
}
