import { quote } from '../../base/go-quote.ts'
import { boolean, list, path, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { checkStatus } from './delivery.ts'
import { receiverUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, deliverJson, filled, parseAnswer } from './json-delivery.ts'
import { inChannel, NotifyError } from './notify-error.ts'
import { GLOBAL_DEFAULTS, type ReceiverGlobals } from './receiver-globals.ts'
import { firstSecret, isGiven, receiverKind } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { joinPath } from './url-parts.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, rocketchat_config; notify/rocketchat; Rocket.Chat's documentation, chat.postMessage.

const DEFAULTS = {
  send_resolved: false,
  color: '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}',
  title: '{{ template "rocketchat.default.title" . }}',
  title_link: '{{ template "rocketchat.default.titlelink" . }}',
  text: '{{ template "rocketchat.default.text" . }}',
  short_fields: false,
  emoji: '{{ template "rocketchat.default.emoji" . }}',
  icon_url: '{{ template "rocketchat.default.iconurl" . }}',
  link_names: false,
}

const schema = section(
  'rocketchat_config',
  {
    ...receiverFields,
    api_url: receiverUrl(),
    token_id: secret(),
    token_id_file: path(),
    token: secret(),
    token_file: path(),
    channel: text(),
    color: text(),
    title: text(),
    title_link: text(),
    text: text(),
    fields: list(section('rocketchat_field', { title: text(), value: text(), short: boolean() })),
    short_fields: boolean(),
    emoji: text(),
    icon_url: text(),
    image_url: text(),
    thumb_url: text(),
    link_names: boolean(),
    actions: list(section('rocketchat_action', { type: text(), text: text(), url: text(), msg: text() })),
  },
  {
    printed: DEFAULTS,
    check({ token, token_file, token_id, token_id_file }, report) {
      if (token && token_file) report(['token_file'], 'at most one of token & token_file must be configured')
      if (token_id && token_id_file) report(['token_id_file'], 'at most one of token_id & token_id_file must be configured')
    },
  },
)

const TITLE_RUNES_MAX = 1024

type Section = Output<typeof schema>

/** Of an entry, then of the global section. */
function credentials(section: Section, global: ReceiverGlobals) {
  return {
    token: [
      [section.token, section.token_file],
      [global.rocketchat_token, global.rocketchat_token_file],
    ],
    user: [
      [section.token_id, section.token_id_file],
      [global.rocketchat_token_id, global.rocketchat_token_id_file],
    ],
  } as const
}

export const rocketchat = receiverKind<Section>({
  kind: 'rocketchat',
  schema,
  problem(section, global) {
    const { token, user } = credentials(section, global)
    if (!isGiven(...user)) return 'no global Rocketchat TokenID set either inline or in a file'
    return isGiven(...token) ? undefined : 'no global Rocketchat Token set either inline or in a file'
  },
  async build(section, index, context) {
    const { global } = context
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const secrets = new SecretReader(context.env)
    const given = credentials(section, global)
    const [token, user] = [firstSecret(context, ...given.token)!, firstSecret(context, ...given.user)!]
    const url = joinPath(config.api_url ?? global.rocketchat_api_url ?? GLOBAL_DEFAULTS.rocketchat_api_url, 'api/v1/chat.postMessage')
    return templatedIntegration({ kind: 'rocketchat', index, sendResolved: config.send_resolved }, context, async ({ text, signal }) => {
      const optional = (template: string | undefined) => filled(text(template ?? ''))
      const attachment = {
        title: filled(truncateRunes(text(config.title), TITLE_RUNES_MAX)),
        title_link: optional(config.title_link),
        text: optional(config.text),
        image_url: optional(config.image_url),
        thumb_url: optional(config.thumb_url),
        color: optional(config.color),
        fields: config.fields?.map(({ short = config.short_fields, title, value }) => ({
          short,
          title: optional(title),
          value: optional(value),
        })),
        // There are no others than buttons.
        actions: config.actions?.map(({ text: label, url, msg }) => ({
          type: 'button',
          text: optional(label),
          url: optional(url),
          is_webview: false,
          msg: optional(msg),
          msg_in_chat_window: false,
        })),
      }
      const channel = text(config.channel ?? '')
      const message = {
        channel: filled(channel),
        emoji: optional(config.emoji),
        avatar: optional(config.icon_url),
        attachments: [attachment],
      }
      const secretHeaders = { 'x-auth-token': await secrets.read(token), 'x-user-id': await secrets.read(user) }
      const answer = await deliverJson({ client, url, secretHeaders, signal }, message)
      inChannel(channel, () => {
        checkStatus(answer)
        const said = parseAnswer(answer.body)
        if (said === undefined)
          throw new NotifyError(`could not unmarshal JSON response ${quote(answer.body)}`, { retry: true, reason: 'clientError' })
        if (said.success !== true)
          throw new NotifyError(`error response from Rocketchat: ${said.error ?? ''}`, { retry: false, reason: 'clientError' })
      })
    })
  },
})
