import { errorMessage } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { boolean, map, path, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { tlsConfigSchema } from '../../http-client/client-schema.ts'
import { canonicalHeader } from '../../http-client/header-name.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { TlsMaterial } from '../../http-client/tls-material.ts'
import type { Mail, MailServer } from './email/send-mail.ts'
import { groupHash } from './group-key.ts'
import { hostPort } from './host-port.ts'
import { NotifyError } from './notify-error.ts'
import { GLOBAL_DEFAULTS } from './receiver-globals.ts'
import { type ReceiverContext, receiverKind, secretSource } from './receiver-kind.ts'
import { type Notification, templatedIntegration } from './templated-integration.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, email_config; notify/email.

const DEFAULTS = { send_resolved: false, html: '{{ template "email.default.html" . }}', text: '' }
const SUBJECT = '{{ template "email.default.subject" . }}'

const schema = section(
  'email_config',
  {
    send_resolved: boolean(),
    to: text(),
    from: text(),
    hello: text(),
    smarthost: hostPort(),
    auth_username: text(),
    auth_password: secret(),
    auth_password_file: path(),
    auth_secret: secret(),
    auth_secret_file: path(),
    auth_identity: text(),
    headers: map(text()),
    html: text(),
    text: text(),
    require_tls: boolean(),
    tls_config: tlsConfigSchema,
    force_implicit_tls: boolean(),
    threading: section('threading', { enabled: boolean(), thread_by_date: text() }),
  },
  {
    printed: { send_resolved: false, html: DEFAULTS.html },
    check({ to, headers = {}, threading }, report) {
      if (!to) return report([], 'missing to address in email config')
      const names = new Set<string>()
      for (const name of Object.keys(headers)) {
        const canonical = canonicalHeader(name)
        if (names.has(canonical)) return report(['headers', name], `duplicate header ${quote(canonical)} in email config`)
        names.add(canonical)
      }
      if (!threading?.enabled) return
      if (threading.thread_by_date !== 'none' && threading.thread_by_date !== 'daily')
        return report(['threading', 'thread_by_date'], "threading.thread_by_date must be either 'none' or 'daily'")
      for (const name of ['References', 'In-Reply-To'])
        if (names.has(name)) return report(['headers'], `conflicting configuration: threading.enabled conflicts with custom ${name} header`)
    },
  },
)

type Section = Output<typeof schema>
type Config = ReturnType<typeof withDefaults<Section, typeof DEFAULTS>>

const IMPLICIT_TLS_PORT = 465

export const email = receiverKind<Section>({
  kind: 'email',
  schema,
  problem({ smarthost, from }, global) {
    if (!smarthost && !global.smtp_smarthost) return 'no global SMTP smarthost set'
    return from || global.smtp_from ? undefined : 'no global SMTP from set'
  },
  async build(section, index, context) {
    const { env, global } = context
    const config = withDefaults(section, DEFAULTS)
    // The dialogue with mail servers is loaded where there is one.
    const [{ sendMail, serverAddress }, { mailMessage }, { parseAddresses }] = await Promise.all([
      import('./email/send-mail.ts'),
      import('./email/message.ts'),
      import('./email/addresses.ts'),
    ])
    const server = mailServer(config, context, serverAddress)
    const from = config.from || global.smtp_from!
    const to = config.to!
    const headers = new Map(Object.entries({ Subject: SUBJECT, To: to, From: from }))
    for (const [name, value] of Object.entries(config.headers ?? {})) headers.set(canonicalHeader(name), value)
    const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : 1))
    const host = URL.parse(context.externalUrl)?.hostname || 'localhost.localdomain'

    return templatedIntegration({ kind: 'email', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { text, html, signal, rest } = notification
      const addresses = (what: string, template: string) => {
        const list = doing(`execute '${what}' template`, () => text(template))
        return doing(`parse '${what}' addresses`, () => parseAddresses(list))
      }
      const senders = addresses('from', from)
      if (senders.length !== 1) throw new NotifyError(`must be exactly one 'from' address (got: ${senders.length})`, { retry: false })
      const random = Buffer.from(env.random.bytes(38)).toString('hex')
      const filled = new Map<string, string>()
      for (const [name, value] of sorted) {
        filled.set(
          name,
          doing(`execute ${quote(name)} header template`, () => text(value)),
        )
        await rest()
      }
      const plain = config.text === '' ? undefined : doing('execute text template', () => text(config.text))
      await rest()
      const page = config.html === '' ? undefined : doing('execute html template', () => html(config.html))
      await rest()
      const message = mailMessage({
        headers: filled,
        messageId: headers.has('Message-Id') ? undefined : `<${Math.floor(env.clock.now())}.${BigInt(`0x${random.slice(0, 16)}`)}@${host}>`,
        thread: threadOf(config, notification),
        time: env.clock.now(),
        boundary: random.slice(16),
        text: plain,
        html: page,
      })
      await rest()
      const mail: Mail = { from: senders[0]!, to: addresses('to', to), text: message }
      await sendMail(env.tcp, server, mail, signal)
    })
  },
})

/** A mail that does not exist: programs put those that refer to it together. */
function threadOf({ threading }: Config, { request }: Notification): string | undefined {
  if (!threading?.enabled) return undefined
  const day = threading.thread_by_date === 'none' ? '' : new Date(request.now).toISOString().slice(0, 10)
  return `<alert-${groupHash(request).slice(0, 16)}-${day}@alertmanager>`
}

function mailServer(
  config: Config,
  context: ReceiverContext,
  serverAddress: (smarthost: string) => { host: string; port: number },
): MailServer {
  const { global, env } = context
  const smarthost = config.smarthost || global.smtp_smarthost!
  const { host, port } = serverAddress(smarthost)
  const secrets = new SecretReader(env)
  const tls = context.httpClient({ tls_config: config.tls_config ?? global.smtp_tls_config }).tls
  const material = tls && new TlsMaterial(secrets, tls)
  const isImplicit = config.force_implicit_tls ?? global.smtp_force_implicit_tls ?? port === IMPLICIT_TLS_PORT
  const requiresTls = config.require_tls ?? global.smtp_require_tls ?? GLOBAL_DEFAULTS.smtp_require_tls
  const read = (own: readonly [string?, string?], shared: readonly [string?, string?]) => {
    const source = secretSource(own[0], own[1], context) ?? secretSource(shared[0], shared[1], context)
    return async () => (source === undefined ? '' : await secrets.read(source))
  }
  return {
    host,
    port,
    shown: smarthost,
    hello: config.hello || global.smtp_hello || GLOBAL_DEFAULTS.smtp_hello,
    tls: isImplicit ? 'implicit' : requiresTls ? 'starttls' : 'none',
    readTls: async () => (await material?.read()) ?? {},
    credentials: {
      username: config.auth_username || global.smtp_auth_username || '',
      identity: config.auth_identity || global.smtp_auth_identity || '',
      password: read([config.auth_password, config.auth_password_file], [global.smtp_auth_password, global.smtp_auth_password_file]),
      secret: read([config.auth_secret, config.auth_secret_file], [global.smtp_auth_secret, global.smtp_auth_secret_file]),
    },
  }
}

/** What is wrong with a template or an address is so at the next attempt, too. */
function doing<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new NotifyError(`${what}: ${errorMessage(error)}`, { retry: false })
  }
}
