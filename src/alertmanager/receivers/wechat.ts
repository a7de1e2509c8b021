import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { path, scalar, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { deliver } from './delivery.ts'
import { receiverUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, deliverJson, filled, parseAnswer } from './json-delivery.ts'
import { NotifyError, reasonOfStatus } from './notify-error.ts'
import { GLOBAL_DEFAULTS } from './receiver-globals.ts'
import { firstSecret, receiverKind } from './receiver-kind.ts'
import { type Notification, templatedIntegration } from './templated-integration.ts'
import { appendPath, encodeValues, withSlash } from './url-parts.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, wechat_config; notify/wechat; WeCom's documentation, "gettoken" and "message/send".

const named = (name: string) => `{{ template "wechat.default.${name}" . }}`

const DEFAULTS = {
  send_resolved: false,
  message: named('message'),
  to_user: named('to_user'),
  to_party: named('to_party'),
  to_tag: named('to_tag'),
  agent_id: named('agent_id'),
  message_type: 'text',
}

const messageType = scalar(
  'text or markdown',
  ({ text }) => {
    if (text === '' || text === 'text' || text === 'markdown') return text || 'text'
    throw new CodedError('bad_data', `weChat message type ${quote(text)} does not match valid options ^(text|markdown)$`)
  },
  String,
)

const schema = section(
  'wechat_config',
  {
    ...receiverFields,
    api_secret: secret(),
    api_secret_file: path(),
    corp_id: text(),
    message: text(),
    api_url: receiverUrl(),
    to_user: text(),
    to_party: text(),
    to_tag: text(),
    agent_id: text(),
    message_type: messageType,
  },
  {
    printed: DEFAULTS,
    check({ api_secret, api_secret_file }, report) {
      if (api_secret && api_secret_file) report(['api_secret_file'], 'at most one of api_secret & api_secret_file must be configured')
    },
  },
)

const TOKEN_MS = 2 * 3_600_000
const TOKEN_EXPIRED = 42_001

export const wechat = receiverKind<Output<typeof schema>>({
  kind: 'wechat',
  schema,
  problem({ api_secret, api_secret_file, corp_id }, global) {
    if (!(api_secret || api_secret_file || global.wechat_api_secret || global.wechat_api_secret_file))
      return 'no global Wechat Api Secret set either inline or in a file'
    return corp_id || global.wechat_api_corp_id ? undefined : 'no global Wechat CorpID set'
  },
  async build(section, index, context) {
    const { global, env } = context
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const secrets = new SecretReader(env)
    const secret = firstSecret(
      context,
      [config.api_secret, config.api_secret_file],
      [global.wechat_api_secret, global.wechat_api_secret_file],
    )!
    const corpId = config.corp_id || global.wechat_api_corp_id!
    const base = withSlash(config.api_url ?? global.wechat_api_url ?? GLOBAL_DEFAULTS.wechat_api_url)
    let token: { readonly text: string; readonly since: number } | undefined

    const callUrl = (path: string, query: string) => {
      const url = new URL(appendPath(base, path))
      url.search = query
      return url.href
    }
    const readToken = async ({ text, signal }: Notification): Promise<string> => {
      if (token !== undefined && env.clock.monotonic() - token.since <= TOKEN_MS) return token.text
      const query = encodeValues([
        ['corpsecret', text(await secrets.read(secret))],
        ['corpid', text(corpId)],
      ])
      const { body } = await deliver({ client, method: 'GET', url: callUrl('gettoken', query), signal })
      const { access_token: access } = parseAnswer(body) ?? {}
      if (typeof access !== 'string' || access === '') throw new NotifyError(`invalid APISecret for CorpID: ${corpId}`, { retry: false })
      token = { text: access, since: env.clock.monotonic() }
      return access
    }

    return templatedIntegration({ kind: 'wechat', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { text, signal } = notification
      const access = await readToken(notification)
      const content = text(config.message)
      const isMarkdown = config.message_type === 'markdown'
      const message = {
        text: { content: isMarkdown ? '' : content },
        touser: filled(text(config.to_user)),
        toparty: filled(text(config.to_party)),
        totag: filled(text(config.to_tag)),
        agentid: filled(text(config.agent_id)),
        safe: '0',
        msgtype: config.message_type,
        markdown: { content: isMarkdown ? content : '' },
      }
      const { status, body } = await deliverJson(
        { client, url: callUrl('message/send', encodeValues([['access_token', access]])), signal },
        message,
      )
      if (status !== 200) throw new NotifyError(`unexpected status code ${status}`, { retry: true, reason: reasonOfStatus(status) })
      const said = parseAnswer(body)
      if (said === undefined) throw new NotifyError(`could not unmarshal JSON response ${quote(body)}`, { retry: true })
      const { errcode = 0, errmsg = '' } = said
      if (errcode === 0) return
      const isExpired = errcode === TOKEN_EXPIRED
      if (isExpired) token = undefined
      throw new NotifyError(String(errmsg), { retry: isExpired })
    })
  },
})
