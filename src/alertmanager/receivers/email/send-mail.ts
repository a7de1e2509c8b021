import type { Tcp, TlsOptions } from '../../../base/env.ts'
import { errorMessage } from '../../../base/errors.ts'
import { abortMessage, NotifyError, reasonOfAbort } from '../notify-error.ts'
import { chooseAuth, type SmtpAuth, type SmtpCredentials } from './smtp-auth.ts'
import { SmtpConnection } from './smtp-connection.ts'

// Brings one mail to a server. Source: Alertmanager notify/email; Go net/smtp.

export interface MailServer {
  readonly host: string
  readonly port: number
  /** As in the configuration. */
  readonly shown: string
  readonly hello: string
  /** From the first byte on, or once the server says that it can: `starttls`, and nothing without it. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readTls(): Promise<TlsOptions>
  readonly credentials: SmtpCredentials
}

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** Lines end with CRLF. */
  readonly text: string
}

export async function sendMail(tcp: Tcp, server: MailServer, mail: Mail, signal: AbortSignal): Promise<void> {
  let connection: SmtpConnection | undefined
  const step = async <T>(doing: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      if (error instanceof NotifyError) throw error
      if (signal.aborted) throw new NotifyError(`${doing}: ${abortMessage(signal)}`, { retry: true, reason: reasonOfAbort(signal) })
      throw new NotifyError(`${doing}: ${errorMessage(error)}`, { retry: true })
    }
  }
  try {
    const { host, port } = server
    const readTls = async () => {
      try {
        const tls = await server.readTls()
        return { servername: host, ...tls }
      } catch (error) {
        throw new NotifyError(`parse TLS configuration: ${errorMessage(error)}`, { retry: false })
      }
    }
    const isImplicit = server.tls === 'implicit'
    const what = isImplicit ? 'TLS connection' : 'connection'
    connection = await step(`establish ${what} to server`, async () => {
      const options = isImplicit ? { host, port, tls: await readTls() } : { host, port }
      return await SmtpConnection.open(tcp, options, signal)
    })
    const smtp = connection
    await step('create SMTP client', () => smtp.expect(220))
    let extensions = await step('send EHLO command', () => greet(smtp, server.hello || 'localhost'))
    if (server.tls === 'starttls') {
      if (!extensions.has('STARTTLS'))
        throw new NotifyError(
          `'require_tls' is true (default) but ${JSON.stringify(server.shown)} does not advertise the STARTTLS extension`,
          {
            retry: true,
          },
        )
      const tls = await readTls()
      extensions = await step('send STARTTLS command', async () => {
        await smtp.command('STARTTLS', 220)
        await smtp.secure(host, tls)
        return await greet(smtp, server.hello || 'localhost')
      })
    }
    const mechanisms = extensions.get('AUTH')
    const auth = mechanisms === undefined ? undefined : await step('find auth mechanism', () => chooseAuth(mechanisms, server.credentials))
    if (auth !== undefined) await step(`${auth.type} auth`, () => authenticate(smtp, auth, { isTls: server.tls !== 'none', name: host }))
    await step('send MAIL command', () => {
      const body = extensions.has('8BITMIME') ? ' BODY=8BITMIME' : ''
      return smtp.command(`MAIL FROM:<${mail.from}>${body}${extensions.has('SMTPUTF8') ? ' SMTPUTF8' : ''}`, 250)
    })
    for (const to of mail.to) await step('send RCPT command', () => smtp.command(`RCPT TO:<${to}>`, 25))
    await step('send DATA command', () => smtp.command('DATA', 354))
    await step('delivery failure', async () => {
      smtp.write(`${dotStuffed(mail.text)}.\r\n`)
      await smtp.expect(250)
    })
    // It has arrived: how the dialogue ends is of no interest.
    await smtp.command('QUIT', 221).catch(() => {})
  } catch (error) {
    connection?.write('QUIT\r\n')
    throw error
  } finally {
    connection?.close()
  }
}

/** What the server can, by name. */
async function greet(smtp: SmtpConnection, name: string): Promise<ReadonlyMap<string, string>> {
  const extensions = new Map<string, string>()
  let text: string
  try {
    text = (await smtp.command(`EHLO ${name}`, 250)).text
  } catch {
    await smtp.command(`HELO ${name}`, 250)
    return extensions
  }
  for (const line of text.split('\n').slice(1)) {
    const [, extension = '', parameters = ''] = /^(\S+)(?: (.*))?$/.exec(line) ?? []
    extensions.set(extension, parameters)
  }
  return extensions
}

async function authenticate(
  smtp: SmtpConnection,
  auth: SmtpAuth,
  server: { readonly isTls: boolean; readonly name: string },
): Promise<void> {
  try {
    let { code, text } = await smtp.ask(`AUTH ${auth.start(server)}`)
    while (code === 334) {
      const answer = auth.next(Buffer.from(text, 'base64').toString())
      ;({ code, text } = await smtp.ask(Buffer.from(answer).toString('base64')))
    }
    if (code !== 235) throw new Error(`${code} ${JSON.stringify(text)}`)
  } catch (error) {
    smtp.write('*\r\n')
    throw error
  }
}

/** A line that is one dot would end it. */
function dotStuffed(text: string): string {
  const lines = text.replace(/\r\n|\n/g, '\r\n').replace(/^\./gm, '..')
  return lines.endsWith('\r\n') ? lines : `${lines}\r\n`
}

export function serverAddress(smarthost: string): { readonly host: string; readonly port: number } {
  const colon = smarthost.lastIndexOf(':')
  const host = smarthost.slice(0, colon).replace(/^\[(.*)\]$/, '$1') || 'localhost'
  const named: Readonly<Record<string, number>> = { smtp: 25, smtps: 465, submission: 587 }
  const port = smarthost.slice(colon + 1)
  return { host, port: named[port] ?? Number(port) }
}
