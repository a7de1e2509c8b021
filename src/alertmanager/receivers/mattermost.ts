import { boolean, list, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { checkStatus } from './delivery.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, deliverJson, filled } from './json-delivery.ts'
import { inChannel, NotifyError } from './notify-error.ts'
import { receiverKind } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { checkOneUrl, webhookUrl, webhookUrlFields } from './webhook-url.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, mattermost_config; notify/mattermost; Mattermost's documentation, "Incoming webhooks".

const named = (name: string) => `{{ template "mattermost.default.${name}" . }}`

const DEFAULTS = {
  send_resolved: true,
  username: named('username'),
  text: named('text'),
  fallback: named('fallback'),
  color: named('color'),
  title: named('title'),
  title_link: named('titlelink'),
}

const fieldSchema = section(
  'mattermost_field',
  { title: text(), value: text(), short: boolean() },
  {
    check({ title, value }, report) {
      if (!title) report([], 'missing title in Mattermost field configuration')
      else if (!value) report([], 'missing value in Mattermost field configuration')
    },
  },
)

const attachmentFields = {
  fallback: text(),
  color: text(),
  pretext: text(),
  author_name: text(),
  author_link: text(),
  author_icon: text(),
  title: text(),
  title_link: text(),
  fields: list(fieldSchema),
  thumb_url: text(),
  footer: text(),
  footer_icon: text(),
  image_url: text(),
}
const attachmentSchema = section('mattermost_attachment', { text: text(), ...attachmentFields })

const schema = section(
  'mattermost_config',
  {
    ...receiverFields,
    ...webhookUrlFields,
    channel: text(),
    username: text(),
    text: text(),
    ...attachmentFields,
    icon_url: text(),
    icon_emoji: text(),
    attachments: list(attachmentSchema),
    type: text(),
    props: section('mattermost_props', { card: text() }),
    priority: section('mattermost_priority', { priority: text(), requested_ack: boolean(), persistent_notifications: boolean() }),
  },
  { printed: DEFAULTS, check: checkOneUrl },
)

/** Source: Mattermost's documentation, "Incoming webhooks", tips and best practices. */
const TEXT_RUNES_MAX = 16_383

type Section = Output<typeof schema>

export const mattermost = receiverKind<Section>({
  kind: 'mattermost',
  schema,
  problem({ webhook_url, webhook_url_file }, global) {
    const url = webhook_url || webhook_url_file || global.mattermost_webhook_url || global.mattermost_webhook_url_file
    return url ? undefined : 'missing webhook_url or webhook_url_file on mattermost_config'
  },
  async build(section, index, context) {
    const { global } = context
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const isOwn = Boolean(config.webhook_url || config.webhook_url_file)
    const shared = { webhook_url: global.mattermost_webhook_url, webhook_url_file: global.mattermost_webhook_url_file }
    const url = webhookUrl(isOwn ? config : shared, context)
    return templatedIntegration({ kind: 'mattermost', index, sendResolved: config.send_resolved }, context, async ({ text, signal }) => {
      const to = await url()
      if (to === '') throw new NotifyError('webhook url missing', { retry: false })
      const optional = (template: string | undefined) => filled(text(template ?? ''))
      const channel = text(config.channel ?? '')
      const own = config.attachments ?? []
      const message = {
        // Without attachments of the user's own, the text is in one that is made of the rest.
        text: own.length > 0 ? filled(truncateRunes(text(config.text), TEXT_RUNES_MAX)) : undefined,
        channel: filled(channel),
        username: optional(config.username),
        icon_url: optional(config.icon_url),
        icon_emoji: optional(config.icon_emoji),
        attachments: (own.length > 0 ? own : [config]).map((attachment) => attachmentOf(attachment, optional)),
        type: optional(config.type),
        props: config.props?.card ? { card: optional(config.props.card) } : undefined,
        priority: priorityOf(config.priority, text),
      }
      const answer = await deliverJson({ client, url: to, signal }, message)
      inChannel(channel, () => checkStatus(answer))
    })
  },
})

function attachmentOf(attachment: Output<typeof attachmentSchema>, optional: (template: string | undefined) => string | undefined): object {
  return {
    fallback: optional(attachment.fallback),
    color: optional(attachment.color),
    pretext: optional(attachment.pretext),
    text: filled(truncateRunes(optional(attachment.text) ?? '', TEXT_RUNES_MAX)),
    author_name: optional(attachment.author_name),
    author_link: optional(attachment.author_link),
    author_icon: optional(attachment.author_icon),
    title: optional(attachment.title),
    title_link: optional(attachment.title_link),
    fields: attachment.fields?.map(({ title, value, short }) => ({ title: optional(title), value: optional(value), short })),
    thumb_url: optional(attachment.thumb_url),
    footer: optional(attachment.footer),
    footer_icon: optional(attachment.footer_icon),
    image_url: optional(attachment.image_url),
  }
}

/** Only what is important may ask for an acknowledgement, and only what is urgent may insist. */
function priorityOf(priority: Section['priority'], text: (template: string) => string): object | undefined {
  if (!priority?.priority) return undefined
  const wanted = text(priority.priority).toLowerCase()
  const level = ['urgent', 'important', 'standard'].includes(wanted) ? wanted : 'standard'
  return {
    priority: level,
    requested_ack: (priority.requested_ack && level !== 'standard') || undefined,
    persistent_notifications: (priority.persistent_notifications && level === 'urgent') || undefined,
  }
}
