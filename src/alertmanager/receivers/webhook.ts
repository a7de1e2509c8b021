import { anything, integer, path, section } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { goJson } from '../../template/go-json.ts'
import { notificationOf } from '../notification-of.ts'
import { webhookMessage } from '../webhook-message.ts'
import { checkStatus, deliver, JSON_TYPE, withTimeout } from './delivery.ts'
import { goDuration, templateUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { NotifyError } from './notify-error.ts'
import { receiverKind, secretSource } from './receiver-kind.ts'
import { expandPayload } from './template-values.ts'
import { templatedIntegration } from './templated-integration.ts'

// A notification as JSON to a URL. Source: Alertmanager docs/configuration.md, webhook_config; notify/webhook.

const schema = section(
  'webhook_config',
  {
    ...receiverFields,
    url: templateUrl(),
    url_file: path(),
    max_alerts: integer(),
    timeout: goDuration(),
    payload: anything(),
  },
  {
    printed: { send_resolved: true, url_file: '', max_alerts: 0, timeout: '0s' },
    check({ url, url_file }, report) {
      if (!url && !url_file) report([], 'one of url or url_file must be configured')
      if (url && url_file) report(['url_file'], 'at most one of url & url_file must be configured')
    },
  },
)

export const webhook = receiverKind<Output<typeof schema>>({
  kind: 'webhook',
  schema,
  async build(config, index, context) {
    const client = context.clients.of(context.httpClient(config.http_config ?? context.global.http_config ?? {}))
    const secrets = new SecretReader(context.env)
    const source = secretSource(config.url, config.url_file, context)!
    const { send_resolved: sendResolved = true, max_alerts: alertsMax = 0, timeout: timeoutMs = 0, payload } = config
    return templatedIntegration({ kind: 'webhook', index, sendResolved }, context, async (notification) => {
      const { request, text, rest, signal } = notification
      const { alerts, idempotencyKey } = request
      const kept = alertsMax === 0 ? alerts : alerts.slice(0, alertsMax)
      const template = await secrets.read(source)
      const url = template.includes('{{') ? text(template) : template
      if (url === '') throw new NotifyError('webhook URL is empty after templating', { retry: false })
      const told = { ...request, alerts: kept }
      const expand = (plain: NonNullable<typeof payload>) => {
        const data = kept === alerts ? notification.data : notificationOf(told, context.externalUrl)
        return `${goJson(expandPayload(plain, (part) => context.templates.text(part, data)))}\n`
      }
      const body =
        payload === undefined || payload === null ? webhookMessage(told, context.externalUrl, alerts.length - kept.length) : expand(payload)
      await rest()
      const headers = { ...JSON_TYPE, 'idempotency-key': idempotencyKey }
      checkStatus(
        await withTimeout({ clock: context.env.clock, signal, timeoutMs, what: 'webhook' }, (signal) =>
          deliver({ client, url, headers, body, signal }),
        ),
      )
    })
  },
})
