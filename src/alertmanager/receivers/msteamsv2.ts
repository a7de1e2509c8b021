import { section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { receiverFields } from './http-config.ts'
import { receiverKind } from './receiver-kind.ts'
import { checkWebhookUrl, webhookIntegration, webhookUrlFields } from './webhook-url.ts'
import { withDefaults } from './with-defaults.ts'

// Microsoft Teams by flows. Source: Alertmanager docs/configuration.md, msteamsv2_config; notify/msteamsv2.

const DEFAULTS = {
  send_resolved: true,
  title: '{{ template "msteamsv2.default.title" . }}',
  text: '{{ template "msteamsv2.default.text" . }}',
}

const schema = section(
  'msteamsv2_config',
  { ...receiverFields, ...webhookUrlFields, title: text(), text: text() },
  { printed: DEFAULTS, check: checkWebhookUrl },
)

export const msteamsv2 = receiverKind<Output<typeof schema>>({
  kind: 'msteamsv2',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    return webhookIntegration({ kind: 'msteamsv2', index }, config, context, ({ data, text }) => {
      const heading = {
        weight: 'Bolder',
        size: 'Medium',
        wrap: true,
        style: 'heading',
        color: data.status === 'firing' ? 'Attention' : 'Good',
      }
      const content = {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.2',
        body: [
          { type: 'TextBlock', text: text(config.title), ...heading },
          { type: 'TextBlock', text: text(config.text), wrap: true },
        ],
        msteams: { width: 'full' },
      }
      const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }]
      return { type: 'message', attachments }
    })
  },
})
