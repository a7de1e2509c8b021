import type { ReceiverGlobals } from '../alertmanager/receivers/receiver-globals.ts'
import { RECEIVER_FIELDS, type ReceiverSection, receiverProblems } from '../alertmanager/receivers/registry.ts'
import { quote } from '../base/go-quote.ts'
import { map, type Report, section, text } from '../base/schema.ts'

// The list `receivers` of alertmanager.yml and deadman.yml. Source of the rules and their texts: Alertmanager config/config.go.

export const receiverSchema = section(
  'receiver',
  // Its labels choose among receivers in the API, where upstream's newest pages ask by them.
  { name: text(), labels: map(text()), ...RECEIVER_FIELDS },
  {
    shown: (receiver) => ({ ...receiver, labels: { ...(receiver.labels as object), name: receiver.name } }),
    check({ name, labels }, report) {
      if (!name) report([], 'missing name in receiver')
      else if (labels?.name && labels.name !== name)
        report(['labels', 'name'], `receiver label "name" must match receiver name ${quote(name)}, got ${quote(labels.name)}`)
    },
  },
)

export type NamedReceiver = { readonly name?: string | undefined } & ReceiverSection

/** Rules over all of them; `report` takes paths below the list. Their names. */
export function checkReceivers(receivers: readonly NamedReceiver[], global: ReceiverGlobals, report: Report): ReadonlySet<string> {
  const names = new Set<string>()
  receivers.forEach((receiver, index) => {
    const name = receiver.name!
    if (names.has(name)) report([index, 'name'], `notification config name ${quote(name)} is not unique`)
    names.add(name)
    for (const { path, message } of receiverProblems(receiver, global)) report([index, ...path], message)
  })
  return names
}
