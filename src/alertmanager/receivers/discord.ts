import { section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { receiverFields } from './http-config.ts'
import { filled } from './json-delivery.ts'
import { withoutReason } from './notify-error.ts'
import { receiverKind } from './receiver-kind.ts'
import type { Notification } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { checkWebhookUrl, webhookIntegration, webhookUrlFields } from './webhook-url.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, discord_config; notify/discord.

const DEFAULTS = {
  send_resolved: true,
  title: '{{ template "discord.default.title" . }}',
  message: '{{ template "discord.default.message" . }}',
}

const schema = section(
  'discord_config',
  {
    ...receiverFields,
    ...webhookUrlFields,
    content: text(),
    title: text(),
    message: text(),
    username: text(),
    avatar_url: text(),
  },
  { printed: DEFAULTS, check: checkWebhookUrl },
)

// Source of the limits: Discord's documentation, resources/channel, embed limits.
const TITLE_RUNES_MAX = 256
const DESCRIPTION_RUNES_MAX = 4096
const CONTENT_RUNES_MAX = 2000

const RED = 0x992d22
const GREEN = 0x2ecc71

export const discord = receiverKind<Output<typeof schema>>({
  kind: 'discord',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const messageOf = ({ data, text }: Notification) => ({
      content: truncateRunes(text(config.content ?? ''), CONTENT_RUNES_MAX),
      embeds: [
        {
          title: truncateRunes(text(config.title), TITLE_RUNES_MAX),
          description: truncateRunes(text(config.message), DESCRIPTION_RUNES_MAX),
          color: data.status === 'firing' ? RED : GREEN,
        },
      ],
      username: filled(config.username),
      avatar_url: filled(config.avatar_url),
    })
    return webhookIntegration({ kind: 'discord', index }, config, context, messageOf, withoutReason)
  },
})
