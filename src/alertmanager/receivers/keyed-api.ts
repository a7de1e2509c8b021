import type { HttpClient } from '../../http-client/client.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { clientOf } from './json-delivery.ts'
import { type ReceiverContext, secretSource } from './receiver-kind.ts'
import { appendPath, withSlash } from './url-parts.ts'

/** Key and URL of an API, of an entry or of the global section. */
interface KeyedSection {
  readonly api_key?: string | undefined
  readonly api_key_file?: string | undefined
  readonly api_url?: string | undefined
}

export interface KeyedApi {
  readonly client: HttpClient
  readKey(): Promise<string>
  /** Of a path below the API's own; with these parameters beside those that its URL has. */
  url(path: string, parameters?: Readonly<Record<string, string>>): string
}

/** An API that takes a key; what the entry does not say is in `shared`, which has a URL in any case. */
export function keyedApi(
  own: KeyedSection & Parameters<typeof clientOf>[0],
  shared: KeyedSection & { readonly api_url: string },
  context: ReceiverContext,
): KeyedApi {
  const secrets = new SecretReader(context.env)
  const key = secretSource(own.api_key, own.api_key_file, context) ?? secretSource(shared.api_key, shared.api_key_file, context)!
  const base = withSlash(own.api_url ?? shared.api_url)
  return { client: clientOf(own, context), readKey: () => secrets.read(key), url: (path, parameters) => appendPath(base, path, parameters) }
}
