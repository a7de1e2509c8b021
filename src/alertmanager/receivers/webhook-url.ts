import { path, type Report } from '../../base/schema.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { secretUrl } from './fields.ts'
import { type ReceiverContext, secretSource } from './receiver-kind.ts'

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
