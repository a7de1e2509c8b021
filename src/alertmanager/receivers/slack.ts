import { quote } from '../../base/go-quote.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { checkStatus, type DeliveryAnswer, withTimeout } from './delivery.ts'
import { clientOf, deliverJson, filled, parseAnswer } from './json-delivery.ts'
import { inChannel, NotifyError } from './notify-error.ts'
import { GLOBAL_DEFAULTS } from './receiver-globals.ts'
import { type ReceiverContext, receiverKind, secretSource } from './receiver-kind.ts'
import { SLACK_DEFAULTS, type SlackSection, slackAccess, slackProblem, slackSchema } from './slack-schema.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager notify/slack; Slack's documentation, "Legacy secondary message attachments".

const TITLE_RUNES_MAX = 1024
const MARKDOWN_IN = ['fallback', 'pretext', 'text']

/** What the group's message is known by, kept under upstream's names: it is changed instead of followed by others. */
const THREAD = 'threadTs'
const CHANNEL = 'channelId'

type SlackConfig = ReturnType<typeof withDefaults<SlackSection, typeof SLACK_DEFAULTS>>

export const slack = receiverKind<SlackSection>({
  kind: 'slack',
  schema: slackSchema,
  problem: slackProblem,
  async build(section, index, context) {
    const config = withDefaults(section, SLACK_DEFAULTS)
    const { client, url } = connection(section, context)
    const timeoutMs = config.timeout ?? 0
    return templatedIntegration({ kind: 'slack', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { request, text, signal } = notification
      const message = {
        username: filled(text(config.username)),
        icon_emoji: filled(text(config.icon_emoji)),
        icon_url: filled(text(config.icon_url)),
        link_names: config.link_names || undefined,
        text: filled(text(config.message_text ?? '')),
        attachments: [attachment(config, text)],
      }
      const { memory } = request
      const [thread, known] = config.update_message ? [memory.get(THREAD), memory.get(CHANNEL)] : []
      const isUpdate = Boolean(thread && known)
      const channel = isUpdate ? known! : text(config.channel ?? '')
      const to = await url()
      const target = isUpdate ? to.replace(/chat\.postMessage$/, 'chat.update') : to
      const body = { channel: filled(channel), ts: isUpdate ? thread : undefined, ...message }
      const answer = await withTimeout({ clock: context.env.clock, signal, timeoutMs, what: 'slack' }, (signal) =>
        deliverJson({ client, url: target, signal }, body),
      )
      const told = inChannel(channel, () => read(answer))
      if (!config.update_message || !told.ts || !told.channel) return
      memory.set(THREAD, told.ts)
      memory.set(CHANNEL, told.channel)
    })
  },
})

function connection(section: SlackSection, context: ReceiverContext) {
  const { global } = context
  const access = slackAccess(section, global)!
  const secrets = new SecretReader(context.env)
  if (access.kind === 'url') {
    const source = secretSource(access.url, access.file, context)!
    return { client: clientOf(section, context), url: () => secrets.read(source) }
  }
  const http = section.http_config ?? global.http_config ?? {}
  const credentials = access.token === undefined ? { credentials_file: access.file } : { credentials: access.token }
  const client = clientOf({ http_config: { ...http, authorization: { type: 'Bearer', ...credentials } } }, context)
  const url = section.app_url ?? global.slack_app_url ?? GLOBAL_DEFAULTS.slack_app_url
  return { client, url: async () => url }
}

function attachment(config: SlackConfig, text: (template: string) => string): object {
  const optional = (template: string | undefined) => filled(text(template ?? ''))
  return {
    title: filled(truncateRunes(text(config.title), TITLE_RUNES_MAX)),
    title_link: optional(config.title_link),
    pretext: optional(config.pretext),
    text: text(config.text),
    fallback: text(config.fallback),
    callback_id: text(config.callback_id),
    fields: config.fields?.map(({ title, value, short = config.short_fields }) => ({
      title: optional(title),
      value: optional(value),
      short,
    })),
    actions: config.actions?.map(({ type, text: label, url, style, name, value, confirm }) => ({
      type: optional(type),
      text: optional(label),
      url: optional(url),
      style: optional(style),
      // One that leads somewhere does nothing else.
      name: url ? undefined : optional(name),
      value: url ? undefined : optional(value),
      confirm:
        url || confirm === undefined
          ? undefined
          : {
              text: optional(confirm.text),
              title: optional(confirm.title),
              ok_text: optional(confirm.ok_text),
              dismiss_text: optional(confirm.dismiss_text),
            },
    })),
    image_url: optional(config.image_url),
    thumb_url: optional(config.thumb_url),
    footer: text(config.footer),
    color: optional(config.color),
    mrkdwn_in: config.mrkdwn_in?.length ? config.mrkdwn_in : MARKDOWN_IN,
  }
}

/** What Slack answers with a status of success may still be a refusal. */
function read(answer: DeliveryAnswer): { readonly ts?: string; readonly channel?: string } {
  checkStatus(answer)
  const { headers, body } = answer
  if (!headers['content-type']?.startsWith('application/json')) {
    if (body === 'ok') return {}
    throw new NotifyError(`received an error response from Slack: ${body}`, { retry: false, reason: 'clientError' })
  }
  const said = parseAnswer(body)
  if (said === undefined) throw new NotifyError(`could not unmarshal JSON response ${quote(body)}`, { retry: true, reason: 'clientError' })
  if (said.ok !== true) throw new NotifyError(`error response from Slack: ${said.error ?? ''}`, { retry: false, reason: 'clientError' })
  return said
}
