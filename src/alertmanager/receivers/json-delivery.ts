import type { HttpClient } from '../../http-client/client.ts'
import type { HttpClientSection } from '../../http-client/client-schema.ts'
import { goJson } from '../../template/go-json.ts'
import { type DeliveryAnswer, type DeliveryRequest, deliver, JSON_TYPE } from './delivery.ts'
import type { ReceiverContext } from './receiver-kind.ts'

/** The client of an entry: by its own `http_config`, or by that of `global`. */
export function clientOf(section: { readonly http_config?: HttpClientSection }, context: ReceiverContext): HttpClient {
  return context.clients.of(context.httpClient(section.http_config ?? context.global.http_config ?? {}))
}

/** Sends a message as JSON, as Go writes it. */
export async function deliverJson(request: Omit<DeliveryRequest, 'body'>, message: unknown): Promise<DeliveryAnswer> {
  return await deliver({ ...request, headers: { ...JSON_TYPE, ...request.headers }, body: `${goJson(message)}\n` })
}

/** A text of a message; nothing where it is empty. */
export function filled(text: string | undefined): string | undefined {
  return text || undefined
}

/** What a JSON answer says; undefined: it is no object. */
export function parseAnswer(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
