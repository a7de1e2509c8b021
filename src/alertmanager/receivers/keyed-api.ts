import { path, type Report, secret } from '../../base/schema.ts'
import type { HttpClient } from '../../http-client/client.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { receiverUrl } from './fields.ts'
import { clientOf } from './json-delivery.ts'
import { GLOBAL_DEFAULTS, type ReceiverGlobals } from './receiver-globals.ts'
import { firstSecret, isGiven, type ReceiverContext } from './receiver-kind.ts'
import { appendPath, withSlash } from './url-parts.ts'

// Receivers that are an API with a key: Opsgenie and Splunk On-Call.

export const keyedApiFields = { api_key: secret(), api_key_file: path(), api_url: receiverUrl() }

/** Key and URL of an API, of an entry or of the global section. */
interface KeyedSection {
  readonly api_key?: string | undefined
  readonly api_key_file?: string | undefined
  readonly api_url?: string | undefined
}

export function checkOneKey({ api_key: key, api_key_file: file }: KeyedSection, report: Report): void {
  if (key && file) report(['api_key_file'], 'at most one of api_key & api_key_file must be configured')
}

/** What the global section says of an API. */
function sharedOf(name: 'opsgenie' | 'victorops', global: ReceiverGlobals): KeyedSection & { readonly api_url: string } {
  return {
    api_key: global[`${name}_api_key`],
    api_key_file: global[`${name}_api_key_file`],
    api_url: global[`${name}_api_url`] ?? GLOBAL_DEFAULTS[`${name}_api_url`],
  }
}

const keyOf = ({ api_key: key, api_key_file: file }: KeyedSection) => [key, file] as const

export function hasKey(name: 'opsgenie' | 'victorops', own: KeyedSection, global: ReceiverGlobals): boolean {
  return isGiven(keyOf(own), keyOf(sharedOf(name, global)))
}

export interface KeyedApi {
  readonly client: HttpClient
  readKey(): Promise<string>
  /** Of a path below the API's own; with these parameters beside those that its URL has. */
  url(path: string, parameters?: Readonly<Record<string, string>>): string
}

/** An API of which an entry says what it has of its own; there is a key. */
export function keyedApi(
  name: 'opsgenie' | 'victorops',
  own: KeyedSection & Parameters<typeof clientOf>[0],
  context: ReceiverContext,
): KeyedApi {
  const shared = sharedOf(name, context.global)
  const secrets = new SecretReader(context.env)
  const key = firstSecret(context, keyOf(own), keyOf(shared))!
  const base = withSlash(own.api_url ?? shared.api_url)
  return { client: clientOf(own, context), readKey: () => secrets.read(key), url: (path, parameters) => appendPath(base, path, parameters) }
}
