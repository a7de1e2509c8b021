import { list } from '../../base/schema.ts'
import type { Integration } from './integration.ts'
import type { ReceiverGlobals } from './receiver-globals.ts'
import type { ReceiverContext, ReceiverKind } from './receiver-kind.ts'
import { webhook } from './webhook.ts'

/** All kinds, in the order in which upstream builds a receiver's integrations. */
export const RECEIVER_KINDS: readonly ReceiverKind[] = [webhook].map(anyKind)

/** A kind is only ever handed what its own schema read. */
function anyKind<S>(kind: ReceiverKind<S>): ReceiverKind {
  return kind as unknown as ReceiverKind
}

/** The fields of a receiver: `webhook_configs` … */
export const RECEIVER_FIELDS = {
  webhook_configs: list(webhook.schema, { empty: 'missing webhook config' }),
}

/** A receiver of the configuration: its entries, by the names of their lists. */
export type ReceiverSection = { readonly [K in keyof typeof RECEIVER_FIELDS]?: readonly unknown[] }

/** What is wrong with a receiver's entries below a section `global`; `path` is where. */
export function receiverProblems(
  receiver: ReceiverSection,
  global: ReceiverGlobals,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return entriesOf(receiver).flatMap(({ kind, field, section, index }) => {
    const message = kind.problem?.(section, global)
    return message === undefined ? [] : [{ path: [field, index], message }]
  })
}

/** The ways out of a receiver without problems. */
export async function buildReceiver(receiver: ReceiverSection, context: ReceiverContext): Promise<readonly Integration[]> {
  return await Promise.all(entriesOf(receiver).map(({ kind, section, index }) => kind.build(section, index, context)))
}

function entriesOf(receiver: ReceiverSection) {
  return RECEIVER_KINDS.flatMap((kind) => {
    const field = `${kind.kind}_configs` as keyof ReceiverSection
    return (receiver[field] ?? []).map((section, index) => ({ kind, field, section, index }))
  })
}
