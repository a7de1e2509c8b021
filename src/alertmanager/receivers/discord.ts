import type { z } from 'zod'
import { section, text } from '../../base/schema.ts'
import { checkStatus } from './delivery.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, deliverJson, filled } from './json-delivery.ts'
import { withoutReason } from './notify-error.ts'
import { receiverKind } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { checkWebhookUrl, webhookUrl, webhookUrlFields } from './webhook-url.ts'
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

export const discord = receiverKind<z.output<typeof schema>>({
  kind: 'discord',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const url = webhookUrl(config, context)
    return templatedIntegration({ kind: 'discord', index, sendResolved: config.send_resolved }, context, async ({ data, text, signal }) => {
      const message = {
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
      }
      await withoutReason(async () => checkStatus(await deliverJson({ client, url: await url(), signal }, message)))
    })
  },
})
