import type { Schema } from '../../base/schema-type.ts'
import type { HttpClientConfig, SecretSource } from '../../http-client/client-config.ts'
import type { HttpClientSection } from '../../http-client/client-schema.ts'
import type { Integration, IntegrationDeps } from './integration.ts'
import type { ReceiverGlobals } from './receiver-globals.ts'

/** What the entries of a configuration's receivers are built with. */
export interface ReceiverContext extends IntegrationDeps {
  readonly global: ReceiverGlobals
  /** How to reach a server as a section says. */
  httpClient(section: HttpClientSection): HttpClientConfig
  /** The complete path of a file of the configuration. */
  path(name: string): string
  /** Of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** A kind of entry of receivers: `webhook`, with its list `webhook_configs`. */
export interface ReceiverKind<S = unknown> {
  /** As in the label `integration` of upstream's metrics. */
  readonly kind: string
  /** Of one entry. */
  readonly schema: Schema<S>
  /** What is wrong with an entry, fine by itself, below a section `global`: upstream's message. */
  problem?(section: S, global: ReceiverGlobals): string | undefined
  /** Of an entry without problems; `index` is its place in the list. */
  build(section: S, index: number, context: ReceiverContext): Promise<Integration>
}

/** For its types alone. */
export function receiverKind<S>(kind: ReceiverKind<S>): ReceiverKind<S> {
  return kind
}

/** A secret given as text or as a file; undefined: neither. The text goes first. */
export function secretSource(
  text: string | undefined,
  file: string | undefined,
  { path }: Pick<ReceiverContext, 'path'>,
): SecretSource | undefined {
  if (text) return { text }
  return file ? { file: path(file) } : undefined
}

/** Text and file of a secret. */
type GivenSecret = readonly [text: string | undefined, file: string | undefined]

/** The first of several that is given: of an entry, then of what all share. */
export function firstSecret(context: Pick<ReceiverContext, 'path'>, ...secrets: readonly GivenSecret[]): SecretSource | undefined {
  for (const [text, file] of secrets) {
    const source = secretSource(text, file, context)
    if (source !== undefined) return source
  }
  return undefined
}

export function isGiven(...secrets: readonly GivenSecret[]): boolean {
  return secrets.some(([text, file]) => Boolean(text || file))
}
