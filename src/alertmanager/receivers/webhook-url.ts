import { path, type Report } from '../../base/schema.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { checkStatus } from './delivery.ts'
import { secretUrl } from './fields.ts'
import type { Integration } from './integration.ts'
import { clientOf, deliverJson } from './json-delivery.ts'
import { type ReceiverContext, secretSource } from './receiver-kind.ts'
import { type Notification, templatedIntegration } from './templated-integration.ts'

// Receivers that are one secret URL: Discord, both of Microsoft Teams, Mattermost.

export const webhookUrlFields = { webhook_url: secretUrl(), webhook_url_file: path() }

interface WebhookUrl {
  readonly webhook_url?: string
  readonly webhook_url_file?: string
}

export function checkWebhookUrl({ webhook_url: url, webhook_url_file: file }: WebhookUrl, report: Report): void {
  if (!url && !file) report([], 'one of webhook_url or webhook_url_file must be configured')
  checkOneUrl({ webhook_url: url, webhook_url_file: file }, report)
}

export function checkOneUrl({ webhook_url: url, webhook_url_file: file }: WebhookUrl, report: Report): void {
  if (url && file) report(['webhook_url_file'], 'at most one of webhook_url & webhook_url_file must be configured')
}

/** Reads the URL, each time anew where it stands in a file. */
export function webhookUrl({ webhook_url: url, webhook_url_file: file }: WebhookUrl, context: ReceiverContext): () => Promise<string> {
  const secrets = new SecretReader(context.env)
  const source = secretSource(url, file, context)!
  return () => secrets.read(source)
}

/** An integration that posts one message for each notification, and is done with any 2xx. */
export function webhookIntegration(
  place: Pick<Integration, 'kind' | 'index'>,
  config: WebhookUrl & Parameters<typeof clientOf>[0] & { readonly send_resolved: boolean },
  context: ReceiverContext,
  messageOf: (notification: Notification) => unknown,
  /** What an answer that is not 2xx becomes. */
  around: (post: () => Promise<void>) => Promise<void> = (post) => post(),
): Integration {
  const client = clientOf(config, context)
  const url = webhookUrl(config, context)
  return templatedIntegration({ ...place, sendResolved: config.send_resolved }, context, async (notification) => {
    const message = messageOf(notification)
    await around(async () => checkStatus(await deliverJson({ client, url: await url(), signal: notification.signal }, message)))
  })
}
