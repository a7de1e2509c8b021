import { integer, path, secret, section } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { goJson } from '../../template/go-json.ts'
import { jsonData } from '../notification-data.ts'
import { notificationOf } from '../notification-of.ts'
import { checkStatus, type DeliveryAnswer, deliver, JSON_TYPE, withTimeout } from './delivery.ts'
import { goDuration, receiverUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, parseAnswer } from './json-delivery.ts'
import { receiverKind, secretSource } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'

// Source: Alertmanager docs/configuration.md, incidentio_config; notify/incidentio.

const schema = section(
  'incidentio_config',
  {
    ...receiverFields,
    url: receiverUrl(),
    url_file: path(),
    alert_source_token: secret(),
    alert_source_token_file: path(),
    max_alerts: integer(),
    timeout: goDuration(),
  },
  {
    printed: { send_resolved: true, url_file: '', max_alerts: 0, timeout: '0s' },
    check({ url, url_file, alert_source_token: token, alert_source_token_file: file, http_config }, report) {
      if (!url && !url_file) return report([], 'one of url or url_file must be configured')
      if (url && url_file) return report(['url_file'], 'at most one of url & url_file must be configured')
      if (token && file)
        return report(['alert_source_token_file'], 'at most one of alert_source_token & alert_source_token_file must be configured')
      if ((token || file) && http_config?.authorization)
        report(
          [token ? 'alert_source_token' : 'alert_source_token_file'],
          'cannot specify alert_source_token or alert_source_token_file when using http_config.authorization',
        )
    },
  },
)

const VERSION = '1'
/** A longer message is refused. */
const MESSAGE_BYTES_MAX = 512 * 1024

export const incidentio = receiverKind<Output<typeof schema>>({
  kind: 'incidentio',
  schema,
  async build(config, index, context) {
    const { alert_source_token: token, alert_source_token_file: tokenFile } = config
    const http = config.http_config ?? context.global.http_config ?? {}
    const authorization = token ? { credentials: token } : tokenFile ? { credentials_file: tokenFile } : undefined
    const client = clientOf(
      { http_config: authorization ? { ...http, authorization: { type: 'Bearer', ...authorization } } : http },
      context,
    )
    const secrets = new SecretReader(context.env)
    const source = secretSource(config.url, config.url_file, context)!
    const { send_resolved: sendResolved = true, max_alerts: alertsMax = 0, timeout: timeoutMs = 0 } = config
    return templatedIntegration({ kind: 'incidentio', index, sendResolved }, context, async (notification) => {
      const { request, rest, signal } = notification
      const { alerts } = request
      const kept = alertsMax === 0 ? alerts : alerts.slice(0, alertsMax)
      const data = jsonData(kept === alerts ? notification.data : notificationOf({ ...request, alerts: kept }, context.externalUrl))
      const message = { ...data, version: VERSION, groupKey: request.groupKey, truncatedAlerts: alerts.length - kept.length }
      let body = `${goJson(message)}\n`
      // One alert is made of a group, so that the first tells most of it.
      if (Buffer.byteLength(body) > MESSAGE_BYTES_MAX)
        body = `${goJson({ ...message, alerts: (data.alerts as readonly unknown[]).slice(0, 1) })}\n`
      await rest()
      const url = await secrets.read(source)
      const answer = await withTimeout({ clock: context.env.clock, signal, timeoutMs, what: 'incident.io' }, (signal) =>
        deliver({ client, url, headers: JSON_TYPE, body, signal }),
      )
      checkStatus(answer, { retryCodes: [429], details: refusal })
    })
  },
})

function refusal({ body }: DeliveryAnswer): string {
  const { message, error, errors } = parseAnswer(body) ?? {}
  return [message, error, Array.isArray(errors) ? errors.join(', ') : undefined].filter(Boolean).join(': ')
}
