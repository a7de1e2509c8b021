import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { alertOf, problemsOf, receiverBench, requestOf } from '../../../test/support/receiver-bench.ts'
import { GOOD, GOOD_KEY, SERVER_CA } from '../../../test/support/server-certificates.ts'
import { realEnv } from '../../base/env-real.ts'
import { createLog } from '../../base/log-lines.ts'
import { toHttpClientConfig } from '../../config/http-client.ts'
import { HttpClients } from '../../http-client/clients.ts'
import { loadTemplates } from '../template-library.ts'
import { email } from './email.ts'
import type { ReceiverGlobals } from './receiver-globals.ts'

const ALERT = alertOf({ alertname: 'High', job: 'é' })

interface Mailbox {
  readonly port: number
  /** What clients said, a dialogue each; `(TLS)` where that began. */
  readonly dialogues: string[][]
}

interface MailboxOptions {
  readonly mechanisms?: string
  readonly startTls?: boolean
  readonly implicitTls?: boolean
  /** Instead of the usual answer to a verb. */
  readonly answers?: Readonly<Record<string, string>>
}

/** A mail server that takes everything, unless told otherwise. */
async function mailbox(t: TestContext, { mechanisms, startTls, implicitTls, answers = {} }: MailboxOptions = {}): Promise<Mailbox> {
  const dialogues: string[][] = []
  const serve = (socket: Socket, said: string[], greets: boolean) => {
    let buffer = ''
    let inMessage = false
    const challenges: string[] = []
    const say = (line: string) => socket.write(`${line}\r\n`)
    const take = (line: string) => {
      said.push(line)
      const verb = line.split(' ')[0]!
      const challenge = challenges.shift()
      if (challenge !== undefined) return say(challenge)
      const answer = answers[verb]
      if (answer !== undefined) return say(answer)
      if (verb === 'EHLO')
        return say(['250-here', startTls ? '250-STARTTLS' : [], mechanisms ? `250-AUTH ${mechanisms}` : [], '250 HELP'].flat().join('\r\n'))
      if (verb === 'STARTTLS') {
        say('220 go')
        said.push('(TLS)')
        socket.removeAllListeners('data')
        return serve(new TLSSocket(socket, { isServer: true, cert: GOOD, key: GOOD_KEY }), said, false)
      }
      if (line === 'AUTH LOGIN') {
        challenges.push('334 UGFzc3dvcmQ6', '235 in')
        return say('334 VXNlcm5hbWU6')
      }
      if (line === 'AUTH CRAM-MD5') {
        challenges.push('235 in')
        return say(`334 ${Buffer.from('<123@x>').toString('base64')}`)
      }
      if (verb === 'AUTH') return say('235 in')
      if (verb === 'DATA') {
        inMessage = true
        return say('354 go')
      }
      if (verb === 'QUIT') {
        say('221 bye')
        return socket.end()
      }
      return say('250 fine')
    }
    if (greets) say('220 here')
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => {
      buffer += data.toString('latin1')
      for (;;) {
        const mark = inMessage ? '\r\n.\r\n' : '\r\n'
        const end = buffer.indexOf(mark)
        if (end < 0) return
        const text = buffer.slice(0, end)
        buffer = buffer.slice(end + mark.length)
        if (inMessage) {
          inMessage = false
          said.push(text)
          say('250 taken')
        } else take(text)
      }
    })
  }
  const server = createServer((plain) => {
    const said: string[] = []
    dialogues.push(said)
    serve(implicitTls ? new TLSSocket(plain, { isServer: true, cert: GOOD, key: GOOD_KEY }) : plain, said, true)
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as { port: number }).port, dialogues }
}

async function send(entry: Parameters<typeof email.build>[0], global: ReceiverGlobals = {}) {
  const env = realEnv(createLog({ level: 'error', format: 'logfmt', now: Date.now, write: () => {} }))
  const integration = await email.build({ to: 'to@x', from: 'from@x', html: '<p>{{ .Status }}', ...entry }, 0, {
    env,
    clients: new HttpClients(env),
    templates: await loadTemplates(env, []),
    externalUrl: 'http://am.example',
    global,
    httpClient: (section) => toHttpClientConfig(section, { file: (_, name) => name, variables: {} }),
    path: (name) => name,
    variables: {},
  })
  return await integration.notify(requestOf([ALERT]), new AbortController().signal)
}

const TLS = { tls_config: { ca: SERVER_CA } }

test('TLS begins where the server says that it can, or at once', async (t) => {
  const starts = await mailbox(t, { startTls: true, mechanisms: 'PLAIN' })
  const login = { auth_username: 'u', auth_password: 'p' }
  assert.equal(await send({ smarthost: `127.0.0.1:${starts.port}`, ...TLS, ...login }), undefined)
  const [said] = starts.dialogues
  assert.deepEqual(
    [...said!.slice(0, 7), said!.at(-1)],
    ['EHLO localhost', 'STARTTLS', '(TLS)', 'EHLO localhost', 'AUTH PLAIN AHUAcA==', 'MAIL FROM:<from@x>', 'RCPT TO:<to@x>', 'QUIT'],
  )
  const implicit = await mailbox(t, { implicitTls: true })
  assert.equal(await send({ smarthost: `localhost:${implicit.port}`, force_implicit_tls: true, hello: 'me', ...TLS }), undefined)
  assert.equal(implicit.dialogues[0]![0], 'EHLO me')
})

test('nothing is said in the open that must not be', async (t) => {
  const plain = await mailbox(t, { mechanisms: 'PLAIN' })
  const smarthost = `127.0.0.1:${plain.port}`
  assert.deepEqual(await send({ smarthost }), {
    message: `'require_tls' is true (default) but "${smarthost}" does not advertise the STARTTLS extension`,
    retry: true,
    reason: 'other',
  })
  const starts = await mailbox(t, { startTls: true, mechanisms: 'PLAIN' })
  const untrusted = await send({ smarthost: `127.0.0.1:${starts.port}`, auth_username: 'u', auth_password: 'p' })
  assert.match(untrusted?.message ?? '', /^send STARTTLS command: .*certificate/)
  assert.equal(untrusted?.retry, true)
  assert.deepEqual(
    [...plain.dialogues, ...starts.dialogues].flat().filter((line) => line.startsWith('AUTH')),
    [],
  )
  const missing = await send({ smarthost, tls_config: { ca_file: '/none' }, require_tls: false, force_implicit_tls: true })
  assert.deepEqual([missing?.retry, missing?.message.startsWith('parse TLS configuration: unable to read CA cert')], [false, true])
})

test('who sends is said in the first way that both know', async (t) => {
  const check = async (mechanisms: string, entry: object, want: string | readonly string[]) => {
    const box = await mailbox(t, { mechanisms })
    const failure = await send({ smarthost: `localhost:${box.port}`, require_tls: false, auth_username: 'us', ...entry })
    if (typeof want === 'string') assert.equal(failure?.message, want, mechanisms)
    else assert.deepEqual(box.dialogues[0]!.slice(1, 1 + want.length), want, mechanisms)
  }
  const both = { auth_password: 'pw', auth_secret: 'se', auth_identity: 'id' }
  await check('PLAIN LOGIN', both, ['AUTH PLAIN aWQAdXMAcHc=', 'MAIL FROM:<from@x>'])
  await check('LOGIN PLAIN', both, ['AUTH LOGIN', 'dXM=', 'cHc=', 'MAIL FROM:<from@x>'])
  await check('CRAM-MD5 PLAIN', both, ['AUTH CRAM-MD5', 'dXMgYzZlMzIwZDc5NjNkMjkzNGRkNjQ5MzdlMTYwMjZiNTg='])
  await check('GSSAPI PLAIN', both, ['AUTH PLAIN aWQAdXMAcHc='])
  await check('PLAIN', { auth_username: '' }, ['MAIL FROM:<from@x>'])
  await check('GSSAPI', both, 'find auth mechanism: unknown auth mechanism: GSSAPI')
  await check('PLAIN XOAUTH2', {}, 'find auth mechanism: missing password for PLAIN auth mechanism\nunknown auth mechanism: XOAUTH2')
})

test('what a server refuses is told in upstream’s words and tried again', async (t) => {
  const check = async (answers: Readonly<Record<string, string>>, want: string) => {
    const box = await mailbox(t, { answers })
    assert.deepEqual(await send({ smarthost: `127.0.0.1:${box.port}`, require_tls: false }), {
      message: want,
      retry: true,
      reason: 'other',
    })
  }
  await check({ MAIL: '550-no\r\n550 way' }, 'send MAIL command: 550 "no\\nway"')
  await check({ RCPT: '550 unknown' }, 'send RCPT command: 550 "unknown"')
  await check({ DATA: '451 later' }, 'send DATA command: 451 "later"')
  await check({ EHLO: '500 what', HELO: '500 what' }, 'send EHLO command: 500 "what"')
  const absent = await send({ smarthost: '127.0.0.1:1', require_tls: false })
  assert.equal(absent?.message, 'establish connection to server: dial tcp 127.0.0.1:1: connect: connection refused')
})

test('what is wrong with addresses and templates is not tried again', async (t) => {
  const box = await mailbox(t)
  const check = async (entry: object, want: string) => {
    const failure = await send({ smarthost: `127.0.0.1:${box.port}`, require_tls: false, ...entry })
    assert.deepEqual(failure, { message: want, retry: false, reason: 'other' })
  }
  await check({ to: 'a b' }, "parse 'to' addresses: mail: missing '@' or angle-addr")
  await check({ from: 'a@b, c@d' }, "must be exactly one 'from' address (got: 2)")
  await check(
    { text: '{{ .X }}' },
    'execute text template: template: :1:3: executing "" at <.X>: can\'t evaluate field X in type template.Data',
  )
  assert.deepEqual(box.dialogues, [])
})

test('what a server says may come in pieces, and without end', async () => {
  const check = async (says: (peer: { write(text: string | Uint8Array): void }) => void, want: RegExp) => {
    const bench = await receiverBench('email_configs: [{to: a@b, from: c@d, smarthost: "mail:25", require_tls: false}]')
    bench.env.network.listenRaw('mail:25', (peer) => {
      says(peer)
      return { data() {} }
    })
    const { failure } = await bench.send(requestOf([ALERT]))
    assert.match(failure?.message ?? '', want)
    assert.equal(failure?.retry, true)
  }
  const bytes = Buffer.from('554-nicht für\r\n554 Sie\r\n')
  await check((peer) => {
    for (const byte of bytes) peer.write(Uint8Array.of(byte))
  }, /^create SMTP client: 554 "nicht für\\nSie"$/)
  await check((peer) => peer.write('x'.repeat(70_000)), /: textproto: line too long$/)
  await check((peer) => peer.write('220-and\r\n'.repeat(100_000)), /: textproto: line too long$/)
  await check((peer) => {
    for (let i = 0; i < 100_000; i++) peer.write('220-and\r\n')
  }, /: textproto: (line|reply) too long$/)
  await check((peer) => peer.write('HTTP/1.1 400 Bad Request\r\n'), /^create SMTP client: malformed response: "HTTP\/1.1 400 Bad Request"$/)
  await check(() => {}, /^create SMTP client: context deadline exceeded$/)
})

test('a header is one line, whatever a label says', async () => {
  const bench = await receiverBench(
    'email_configs: [{to: a@b, from: c@d, smarthost: "mail:25", require_tls: false, html: "", headers: {subject: "{{ .CommonLabels.job }}"}}]',
  )
  const said: string[] = []
  bench.env.network.listenRaw('mail:25', (peer) => {
    peer.write('220 hi\r\n')
    let inMessage = false
    return {
      data(bytes) {
        const text = Buffer.from(bytes).toString()
        said.push(text)
        if (inMessage) inMessage = !text.endsWith('\r\n.\r\n')
        else inMessage = text.startsWith('DATA')
        peer.write(inMessage ? '354 go\r\n' : text.startsWith('QUIT') ? '221 bye\r\n' : '250 ok\r\n')
      },
    }
  })
  const { failure } = await bench.send(requestOf([alertOf({ alertname: 'x', job: 'a\r\nBcc: victim@x' })]))
  assert.equal(failure, undefined)
  const message = said.find((text) => text.includes('Subject'))!
  assert.match(message, /^Subject: =\?utf-8\?q\?a=0D=0ABcc:_victim@x\?=\r$/m)
  assert.doesNotMatch(message, /^Bcc/m)
})

test('an entry that cannot work is refused in upstream’s words', () => {
  const check = (entry: string, want?: string, global: ReceiverGlobals = {}) =>
    assert.deepEqual(
      problemsOf(`email_configs: [${entry}]`, global).map((problem) => problem.replace(/^[\w.]*: /, '')),
      want === undefined ? [] : [want],
      entry,
    )
  check('{}', 'missing to address in email config')
  check('{to: x}', 'no global SMTP smarthost set')
  check('{to: x, smarthost: "a:25"}', 'no global SMTP from set')
  check('{to: x}', undefined, { smtp_smarthost: 'a:25', smtp_from: 'y' })
  check('{to: x, smarthost: a}', 'address a: missing port in address')
  check('{to: x, smarthost: "a:"}', 'address "a:": port cannot be empty')
  check('{to: x, smarthost: "a:25", from: y, headers: {subject: a, Subject: b}}', 'duplicate header "Subject" in email config')
  const threading = '{to: x, smarthost: "a:25", from: y, threading: {enabled: true'
  check(`${threading}}}`, "threading.thread_by_date must be either 'none' or 'daily'")
  check(
    `${threading}, thread_by_date: daily}, headers: {References: x}}`,
    'conflicting configuration: threading.enabled conflicts with custom References header',
  )
  check(
    `${threading}, thread_by_date: none}, headers: {in-reply-to: x}}`,
    'conflicting configuration: threading.enabled conflicts with custom In-Reply-To header',
  )
})
